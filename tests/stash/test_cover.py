"""Covers, told through a Stash on loopback."""

import pytest

from domain.errors import StashUnavailable
from domain.job import SceneId
from stash.client import StashClient
from stash.images import LARGEST, NoPicture, NotModified, Picture
from tests.servers.stash import LoopbackStash

JPEG = b"\xff\xd8\xff\xe0" + b"j" * 200_000
PNG = b"\x89PNG\r\n\x1a\n" + b"p" * 100
WEBP = b"RIFF\x24\x00\x00\x00WEBPVP8 " + b"w" * 100
AVIF = b"\x00\x00\x00\x1cftypavif" + b"\x00a" * 100


def add(stash: LoopbackStash, cover: bytes | None) -> SceneId:
    return SceneId(stash.add_scene(cover=cover))


@pytest.mark.parametrize("image", [JPEG, PNG, WEBP, AVIF], ids=["jpeg", "png", "webp", "avif"])
def test_a_cover_arrives_byte_for_byte(
    stash: LoopbackStash, client: StashClient, image: bytes
) -> None:
    found = client.cover(add(stash, image))

    assert isinstance(found, Picture)
    assert found.data == image
    assert found.etag


def test_a_cover_that_is_known_is_not_sent_again(stash: LoopbackStash, client: StashClient) -> None:
    scene = add(stash, JPEG)
    first = client.cover(scene)
    assert isinstance(first, Picture)

    assert client.cover(scene, first.etag) == NotModified()
    assert [request.status for request in stash.requests] == [200, 304]


def test_a_cover_that_changed_is_sent(stash: LoopbackStash, client: StashClient) -> None:
    scene = add(stash, JPEG)
    first = client.cover(scene)
    assert isinstance(first, Picture)
    stash.set_cover(scene, PNG)

    second = client.cover(scene, first.etag)

    assert isinstance(second, Picture)
    assert second.data == PNG


def test_the_default_picture_is_none_and_need_not_be_sent_again(
    stash: LoopbackStash, client: StashClient
) -> None:
    scene = add(stash, None)

    found = client.cover(scene)

    assert isinstance(found, NoPicture)
    assert client.cover(scene, found.etag) == NotModified()


def test_what_is_no_image_is_none(stash: LoopbackStash, client: StashClient) -> None:
    assert isinstance(client.cover(add(stash, b"\x00\x01\x02" * 100)), NoPicture)
    stash.weather("garbage")
    assert isinstance(client.cover(SceneId(1)), NoPicture)


def test_a_cover_that_no_server_would_take_is_not_read_to_the_end(
    stash: LoopbackStash, client: StashClient
) -> None:
    found = client.cover(add(stash, b"\xff\xd8\xff" + bytes(LARGEST)))

    assert isinstance(found, NoPicture)
    assert "20 MB" in found.why


def test_a_scene_that_is_not_found_is_no_proof_that_it_has_no_cover(
    stash: LoopbackStash, client: StashClient
) -> None:
    with pytest.raises(StashUnavailable, match="404"):
        client.cover(SceneId(99))


def test_covers_come_from_where_we_reach_stash(stash: LoopbackStash, client: StashClient) -> None:
    stash.external_host = "https://stash.example"

    assert isinstance(client.cover(add(stash, JPEG)), Picture)

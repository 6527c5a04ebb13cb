"""Pictures: types, ETags, default pictures, and paths that lead nowhere."""

import hashlib
from collections.abc import Iterator

import pytest
import requests

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import data, get

JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        yield server
        assert server.crashes == []


@pytest.mark.parametrize(
    ("image", "content_type"),
    [
        (JPEG, "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"GIF89a....", "image/gif"),
        (b'<?xml version="1.0"?><svg/>', "image/svg+xml"),
        (b"\x00\x00\x00 ftypavif", "application/octet-stream"),
    ],
)
def test_the_type_is_sniffed(stash: LoopbackStash, image: bytes, content_type: str) -> None:
    stash.add_scene(cover=image)

    answer = get(stash, "/scene/1/screenshot")

    assert (answer.status_code, answer.content) == (200, image)
    assert answer.headers["Content-Type"] == content_type


def test_the_etag_is_the_md5_and_an_unchanged_picture_is_304(stash: LoopbackStash) -> None:
    stash.add_scene(cover=JPEG)
    etag = f'"{hashlib.md5(JPEG).hexdigest()}"'

    first = get(stash, "/scene/1/screenshot")
    again = get(stash, "/scene/1/screenshot", If_None_Match=etag)
    stash.set_cover(1, JPEG + b"!")
    changed = get(stash, "/scene/1/screenshot", If_None_Match=etag)

    assert first.headers["ETag"] == etag
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
    assert changed.status_code == 200


def test_a_picture_has_a_length_and_caching_depends_on_t(stash: LoopbackStash) -> None:
    stash.add_scene(cover=JPEG * 1000)

    plain = get(stash, "/scene/1/screenshot")
    stamped = get(stash, "/scene/1/screenshot?t=1")

    assert plain.headers["Content-Length"] == str(len(JPEG) * 1000)
    assert plain.headers["Cache-Control"] == "no-cache"
    assert stamped.headers["Cache-Control"] == "private, max-age=31536000, immutable"


def test_a_missing_cover_is_200_with_a_default_picture(stash: LoopbackStash) -> None:
    stash.add_scene()

    answer = get(stash, "/scene/1/screenshot")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/svg+xml")
    assert answer.content.startswith(b"<svg")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/scene/abc/screenshot", 400),
        ("/scene/99/screenshot", 404),
        ("/performer/99/image", 404),
        ("/performer/abc/image", 404),
        ("/group/99/frontimage", 404),
        ("/scene/1/nonsense", 404),
    ],
)
def test_wrong_paths_are_refused_in_plain_text(
    stash: LoopbackStash, path: str, status: int
) -> None:
    stash.add_scene()

    answer = get(stash, path)

    assert (answer.status_code, answer.headers["Content-Type"]) == (
        status,
        "text/plain; charset=utf-8",
    )


def test_head_is_405(stash: LoopbackStash) -> None:
    stash.add_scene(cover=JPEG)

    assert requests.head(f"{stash.url}/scene/1/screenshot", timeout=10).status_code == 405


@pytest.mark.parametrize("kind", ["performer", "studio", "tag"])
def test_image_paths_say_when_there_is_only_a_default(stash: LoopbackStash, kind: str) -> None:
    stash.add_scene(performers=["x"], studio="x", tags=["x"])
    field = {"performer": "performers", "studio": "studio", "tag": "tags"}[kind]
    shelf = getattr(stash.library, f"{kind}s")

    def image_path() -> str:
        found = data(stash, f"{{findScene(id: 1) {{{field} {{image_path}}}}}}")["findScene"][field]
        return str((found[0] if isinstance(found, list) else found)["image_path"])

    without = image_path()
    shelf.set_image("x", JPEG)
    with_image = image_path()

    assert without.endswith("&default=true")
    assert "default" not in with_image
    assert requests.get(with_image, timeout=10).content == JPEG
    assert requests.get(f"{with_image}&default=true", timeout=10).content.startswith(b"<svg")


def test_a_group_without_a_back_has_no_path_to_one(stash: LoopbackStash) -> None:
    stash.add_scene(groups=["G"])
    text = "{findGroup(id: 1) {front_image_path back_image_path}}"

    without = data(stash, text)["findGroup"]
    stash.library.groups.named("G").back_image = JPEG
    with_back = data(stash, text)["findGroup"]

    assert without["back_image_path"] is None
    assert without["front_image_path"].endswith("&default=true")
    assert requests.get(with_back["back_image_path"], timeout=10).content == JPEG

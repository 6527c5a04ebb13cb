"""When a poster is uploaded, when selected, and when nothing is sent."""

import hashlib
import time
from collections.abc import Callable

import pytest

from domain.errors import PlexTemporaryError
from domain.ledger import ImageMemory
from domain.plex_item import RatingKey
from plex.client import PlexClient
from plex.images import MAX_BYTES, is_picture, sync_poster
from tests.servers.plex import LoopbackPlex

JPEG = b"\xff\xd8\xff\xe0 a picture"
OTHER = b"\xff\xd8\xff\xe0 another picture"


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


@pytest.fixture
def key(plex: LoopbackPlex) -> RatingKey:
    return RatingKey(plex.add_item("/plex/a.mp4"))


def sync(
    client: PlexClient, key: RatingKey, picture: bytes, memory: ImageMemory | None = None
) -> tuple[ImageMemory, bool]:
    return sync_poster(client, client.items([key])[key], picture, memory, "etag")


def shown(plex: LoopbackPlex, key: RatingKey) -> bytes | None:
    item = plex.item(key)
    return item.posters[item.poster] if item.poster else None


def test_a_first_poster_costs_one_upload(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    assert sync(client, key, JPEG) == (ImageMemory(sha1(JPEG), "etag"), True)
    assert shown(plex, key) == JPEG
    assert plex.count("POST") == 1
    assert plex.count("GET", f"/library/metadata/{key}/") == 0


def test_the_same_bytes_are_not_sent_again(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    memory, _ = sync(client, key, JPEG)
    plex.clear_requests()

    assert sync(client, key, JPEG, memory) == (memory, False)
    assert [request.method for request in plex.requests] == ["GET"]  # the item itself


def test_an_etag_that_changed_is_remembered_though_the_bytes_did_not(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    memory = ImageMemory(sha1(JPEG), "old etag")

    assert sync(client, key, JPEG, memory) == (ImageMemory(sha1(JPEG), "etag"), False)


def test_new_bytes_replace_the_poster(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    memory, _ = sync(client, key, JPEG)

    assert sync(client, key, OTHER, memory) == (
        ImageMemory(sha1(OTHER), "etag", earlier=(sha1(JPEG),)),
        True,
    )
    assert shown(plex, key) == OTHER
    assert plex.count("POST") == 2
    assert plex.count("GET", f"/library/metadata/{key}/") == 0


def test_bytes_that_plex_had_before_are_selected_not_uploaded(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    memory, _ = sync(client, key, JPEG)
    memory, _ = sync(client, key, OTHER, memory)

    after, sent = sync(client, key, JPEG, memory)

    assert sent
    assert after == ImageMemory(sha1(JPEG), "etag", earlier=(sha1(OTHER),))
    assert shown(plex, key) == JPEG
    assert plex.count("POST") == 2


def test_before_anything_is_sent_it_is_said_that_nobody_knows_what_plex_shows(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    memory, _ = sync(client, key, JPEG)
    said: list[tuple[ImageMemory, int]] = []
    item = client.items([key])[key]

    sync_poster(
        client, item, OTHER, memory, "etag",
        announce=lambda doubt: said.append((doubt, plex.count("POST"))),
    )  # fmt: skip

    assert said == [(ImageMemory("", "", earlier=(sha1(JPEG), sha1(OTHER))), 1)]


def test_after_an_upload_that_nobody_remembers_the_old_picture_can_be_shown_again(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    sync(client, key, JPEG)
    sync(client, key, OTHER, ImageMemory(sha1(JPEG)))
    doubt = ImageMemory("", "", earlier=(sha1(JPEG),))

    sync(client, key, JPEG, doubt)

    assert shown(plex, key) == JPEG


def test_without_memory_a_poster_that_is_in_place_is_left(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    sync(client, key, JPEG)

    assert sync(client, key, JPEG, None) == (ImageMemory(sha1(JPEG), "etag"), False)
    assert plex.count("POST") == 1


def test_without_memory_a_poster_that_was_deselected_is_selected_again(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    sync(client, key, JPEG)
    plex.user_edits(key, poster=OTHER)

    assert sync(client, key, JPEG, None)[1]
    assert shown(plex, key) == JPEG
    assert plex.count("POST") == 1


def test_without_memory_a_users_poster_gives_way_to_stash(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plex.user_edits(key, poster=OTHER)

    assert sync(client, key, JPEG, None)[1]
    assert shown(plex, key) == JPEG


def test_an_upload_that_timed_out_but_arrived_is_not_repeated(
    plex: LoopbackPlex, connect: Callable[..., PlexClient], key: RatingKey
) -> None:
    client = connect(connect_timeout=0.1, read_timeout=0.1)
    plex.slow_uploads = True

    assert sync(client, key, JPEG) == (ImageMemory(sha1(JPEG), "etag"), True)
    assert shown(plex, key) == JPEG
    assert plex.count("POST") == 1


def test_an_upload_may_take_longer_than_other_requests(
    plex: LoopbackPlex, connect: Callable[..., PlexClient], key: RatingKey
) -> None:
    client = connect(connect_timeout=0.2, read_timeout=0.2)
    plex.on_request = lambda request: time.sleep(0.4 if request.method == "POST" else 0)

    assert sync(client, key, JPEG)[1]
    assert plex.count("GET", f"/library/metadata/{key}/posters") == 0


def test_an_upload_that_failed_is_told(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plex.weather(500, "POST")

    with pytest.raises(PlexTemporaryError):
        sync(client, key, JPEG)

    assert shown(plex, key) is None


def test_a_retry_after_an_upload_that_arrived_late_uploads_nothing(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    client.items([key])
    client.upload_poster(key, JPEG)

    assert not sync(client, key, JPEG, None)[1]


@pytest.mark.parametrize(
    "unfit", [b"", b"<svg/>", b"\x00\x00\x00\x18ftypmp42", JPEG + b"x" * MAX_BYTES]
)
def test_what_plex_cannot_show_is_not_uploaded_but_said(
    plex: LoopbackPlex,
    client: PlexClient,
    key: RatingKey,
    unfit: bytes,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert sync(client, key, unfit, None) == (ImageMemory("", "etag"), False)
    assert plex.count("POST") == 0
    assert "poster left as it is" in caplog.text


def test_what_cannot_be_shown_does_not_make_us_forget_what_is(
    client: PlexClient, key: RatingKey
) -> None:
    memory = ImageMemory(sha1(JPEG), "old", earlier=(sha1(OTHER),))

    kept, sent = sync(client, key, b"<svg/>", memory)

    assert (kept, sent) == (ImageMemory(sha1(JPEG), "etag", earlier=(sha1(OTHER),)), False)


def test_doubt_is_announced_before_anything_is_sent(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    item = client.items([key])[key]
    doubts: list[tuple[ImageMemory, int]] = []

    sync_poster(
        client,
        item,
        OTHER,
        ImageMemory(sha1(JPEG), "old"),
        "etag",
        announce=lambda doubt: doubts.append((doubt, plex.count("POST"))),
    )

    assert doubts == [(ImageMemory("", "", earlier=(sha1(JPEG), sha1(OTHER))), 0)]


def test_nothing_is_announced_if_nothing_is_to_be_sent(client: PlexClient, key: RatingKey) -> None:
    item = client.items([key])[key]
    doubts: list[ImageMemory] = []

    sync_poster(client, item, JPEG, ImageMemory(sha1(JPEG), "old"), "etag", announce=doubts.append)

    assert doubts == []


@pytest.mark.parametrize("arrived", [True, False])
def test_after_a_death_in_an_upload_the_poster_is_right_and_sent_once(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey, arrived: bool
) -> None:
    memory, _ = sync(client, key, JPEG)
    if arrived:
        client.upload_poster(key, OTHER)

    sync(client, key, OTHER, ImageMemory("", "", earlier=(memory.sha1,)))

    assert shown(plex, key) == OTHER
    assert plex.count("POST") == 2


def test_after_a_picture_that_was_not_worth_it_the_next_is_uploaded(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    assert sync(client, key, JPEG, ImageMemory("", "old"))[1]
    assert shown(plex, key) == JPEG


@pytest.mark.parametrize(
    ("data", "picture"),
    [
        (b"\xff\xd8\xff\xe0", True),
        (b"\x89PNG\r\n\x1a\n", True),
        (b"GIF89a", True),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", True),
        (b"RIFF\x00\x00\x00\x00AVI LIST", False),
        (b"<?xml version='1.0'?><svg/>", False),
        (b"", False),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(data: bytes, picture: bool) -> None:
    assert is_picture(data) is picture

"""Posters and backgrounds on the loopback Plex."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex
from tests.servers.plex.client import BareClient

RED = b"\xff\xd8\xff red"
BLUE = b"\x89PNG\r\n\x1a\n blue"


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes",))
        yield server


@pytest.fixture
def api(plex: LoopbackPlex) -> Iterator[PlexServer]:
    with requests.Session() as session:
        yield PlexServer(plex.url, "secret", session=session)
    assert plex.violations == []


@pytest.fixture
def bare(plex: LoopbackPlex) -> Iterator[BareClient]:
    with BareClient(plex) as client:
        yield client


@pytest.fixture
def key(plex: LoopbackPlex, bare: BareClient) -> int:
    """An item whose files have been read."""
    added = plex.add_item("/plex/scenes/a.mp4")
    bare.read(f"/library/metadata/{added}")
    return added


def post(bare: BareClient, key: int, body: bytes, kind: str = "posters") -> int:
    return bare.status("POST", f"/library/metadata/{key}/{kind}", body=body)


def test_a_new_picture_is_stored_by_its_sha1_selected_and_locked(
    plex: LoopbackPlex, api: PlexServer, key: int, tmp_path: Path
) -> None:
    file = tmp_path / "poster.jpg"
    file.write_bytes(RED)

    api.fetchItem(key).uploadPoster(filepath=str(file))

    assert plex.shown(key)["poster"] == sha1(RED)
    assert plex.item(key).posters == {sha1(RED): RED}
    assert plex.item(key).locks == {"thumb"}


def test_the_list_shows_the_still_and_every_upload(
    plex: LoopbackPlex, api: PlexServer, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    post(bare, key, BLUE)

    still, red, blue = api.fetchItem(key).posters()

    assert still.ratingKey.startswith("media://")
    assert red.ratingKey == f"upload://posters/{sha1(RED)}"
    assert blue.ratingKey == f"upload://posters/{sha1(BLUE)}"
    assert [bool(photo.selected) for photo in (still, red, blue)] == [False, False, True]


def test_without_an_upload_the_still_is_selected(api: PlexServer, key: int) -> None:
    assert [photo.selected for photo in api.fetchItem(key).posters()] == [True]


def test_known_bytes_that_are_not_selected_are_not_selected_by_an_upload(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    post(bare, key, BLUE)

    assert post(bare, key, RED) == 200

    assert plex.shown(key)["poster"] == sha1(BLUE)


def test_plexapi_selects_a_picture_from_the_list(
    plex: LoopbackPlex, api: PlexServer, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    post(bare, key, BLUE)

    api.fetchItem(key).posters()[1].select()

    assert plex.shown(key)["poster"] == sha1(RED)


def test_a_picture_that_is_not_in_the_list_cannot_be_selected(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    target = f"/library/metadata/{key}/poster?url=upload%3A%2F%2Fposters%2F{sha1(RED)}"

    assert bare.status("PUT", target) == 404


def test_the_bytes_of_an_upload_can_be_fetched(
    plex: LoopbackPlex, api: PlexServer, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    item = api.fetchItem(key)

    assert bare.ask("GET", item.thumb).content == RED
    assert bare.ask("GET", item.posters()[1].key).content == RED


def test_backgrounds_are_kept_apart(plex: LoopbackPlex, api: PlexServer, key: int) -> None:
    item = api.fetchItem(key)

    item.uploadArt(filepath=RED)

    assert (plex.item(key).art, plex.item(key).poster) == (sha1(RED), None)
    assert plex.item(key).locks == {"art"}
    assert [art.selected for art in item.arts()] == [None, True]


def test_deleting_a_poster_unsets_and_locks_it_and_keeps_the_upload(
    plex: LoopbackPlex, api: PlexServer, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    plex.item(key).locks.clear()

    api.fetchItem(key).deletePoster()

    assert plex.shown(key)["poster"] is None
    assert plex.item(key).locks == {"thumb"}
    assert list(plex.item(key).posters) == [sha1(RED)]


def test_an_unlocked_poster_is_lost_to_the_agent_and_a_locked_one_is_not(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    plex.refresh_agent(key)
    assert plex.shown(key)["poster"] == sha1(RED)

    plex.item(key).locks.discard("thumb")
    plex.refresh_agent(key)

    assert plex.shown(key)["poster"] is None


def test_a_person_chooses_a_poster(plex: LoopbackPlex, key: int) -> None:
    plex.user_edits(key, poster=BLUE)

    assert plex.shown(key)["poster"] == sha1(BLUE)
    assert plex.item(key).locks == {"thumb"}


def test_more_than_10_mb_is_500_and_10_mb_is_not(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    size = 10 * 1024 * 1024

    assert post(bare, key, RED.ljust(size + 1)) == 500
    assert post(bare, key, RED.ljust(size)) == 200
    assert len(plex.item(key).posters) == 1


def test_an_upload_of_nothing_is_400(bare: BareClient, key: int) -> None:
    assert post(bare, key, b"") == 400


@pytest.mark.parametrize("content", [b"<html>sign in</html>", b"<svg/>", b"\x00\x00"])
def test_bytes_that_are_no_picture_are_taken_but_are_a_violation(
    plex: LoopbackPlex, bare: BareClient, key: int, content: bytes
) -> None:
    assert post(bare, key, content) == 200

    assert plex.shown(key)["poster"] == sha1(content)
    assert "no picture" in plex.violations[0]


@pytest.mark.parametrize(
    "content", [RED, BLUE, b"GIF89a..", b"RIFF....WEBPVP8 ", b"\x00\x00\x00 ftypavif"]
)
def test_pictures_are_recognised(
    plex: LoopbackPlex, bare: BareClient, key: int, content: bytes
) -> None:
    post(bare, key, content)

    assert plex.violations == []


def test_an_upload_may_succeed_although_the_client_gave_up(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.slow_uploads = True

    with pytest.raises(requests.exceptions.ReadTimeout):
        bare.ask("POST", f"/library/metadata/{key}/posters", body=RED, timeout=0.2)

    assert plex.shown(key)["poster"] == sha1(RED)


def test_plex_downloads_a_picture_by_itself(plex: LoopbackPlex, api: PlexServer, key: int) -> None:
    class Picture(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(RED)))
            self.end_headers()
            self.wfile.write(RED)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Picture) as site:
        thread = threading.Thread(target=site.handle_request)
        thread.start()
        api.fetchItem(key).uploadPoster(url=f"http://127.0.0.1:{site.server_port}/a.jpg")
        thread.join()

    assert plex.shown(key)["poster"] == sha1(RED)


def test_a_picture_that_plex_cannot_download_is_500(bare: BareClient, key: int) -> None:
    target = f"/library/metadata/{key}/posters?url=http%3A%2F%2F127.0.0.1%3A9%2Fa.jpg"

    assert bare.status("POST", target) == 500


def test_an_upload_that_changes_nothing_leaves_the_time_if_told_so(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    post(bare, key, RED)
    plex.bump_updated_at = "on_change"
    plex.clock = lambda: 5_000_000_000.0

    post(bare, key, RED)
    unchanged = plex.item(key).updated_at
    post(bare, key, BLUE)

    assert unchanged < 5_000_000_000
    assert plex.item(key).updated_at == 5_000_000_000

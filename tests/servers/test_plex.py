"""What the loopback Plex shows of itself, its libraries and single items."""

from collections.abc import Iterator

import pytest
import requests
from plexapi.exceptions import BadRequest, NotFound, Unauthorized
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex
from tests.servers.plex.client import BareClient


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes",))
        yield server
    assert server.violations == []


@pytest.fixture
def api(plex: LoopbackPlex) -> Iterator[PlexServer]:
    with requests.Session() as session:
        yield PlexServer(plex.url, "secret", session=session)


@pytest.fixture
def bare(plex: LoopbackPlex) -> Iterator[BareClient]:
    with BareClient(plex) as client:
        yield client


def files_on(plex: LoopbackPlex, count: int) -> list[int]:
    return [plex.add_item(f"/plex/scenes/{n:03d}.mp4", size=1000 + n) for n in range(count)]


def test_the_server_says_who_it_is(plex: LoopbackPlex, api: PlexServer) -> None:
    assert api.machineIdentifier == plex.machine_identifier


def test_the_identity_needs_no_token(plex: LoopbackPlex) -> None:
    plex.machine_identifier = "another-machine"

    with BareClient(plex, token="") as nobody:
        root = nobody.read("/identity")

    assert root.attrib["machineIdentifier"] == "another-machine"


def test_a_wrong_token_gets_the_401_page_of_plex(plex: LoopbackPlex) -> None:
    with BareClient(plex, token="stale") as stranger:
        response = stranger.ask("GET", "/library/sections")

    assert response.status_code == 401
    assert "<h1>401 Unauthorized</h1>" in response.text


def test_plexapi_calls_a_wrong_token_unauthorized(plex: LoopbackPlex) -> None:
    with requests.Session() as session, pytest.raises(Unauthorized):
        PlexServer(plex.url, "stale", session=session)


def test_a_read_only_token_reads_and_may_not_write(plex: LoopbackPlex) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.read_only_token = "guest"

    with BareClient(plex, token="guest") as guest:
        assert guest.status("GET", f"/library/metadata/{key}") == 200
        edit = f"/library/sections/1/all?type=1&id={key}&title.value=Mine"
        assert guest.status("PUT", edit) == 403

    assert plex.item(key).title == "a"


def test_a_section_tells_its_folders_and_its_agent(plex: LoopbackPlex, api: PlexServer) -> None:
    plex.add_section("Films", locations=("/a", "/b"), agent="tv.plex.agents.movie")

    section = api.library.section("Films")

    assert section.key == 2
    assert section.locations == ["/a", "/b"]
    assert section.agent == "tv.plex.agents.movie"


@pytest.mark.parametrize(
    "path", ["/library/sections", "/library/sections/", "/library/sections/all"]
)
def test_the_sections_have_three_addresses(bare: BareClient, path: str) -> None:
    assert [row.attrib["title"] for row in bare.read(path)] == ["Scenes"]


def test_an_unknown_section_is_404(bare: BareClient) -> None:
    assert bare.status("GET", "/library/sections/9/all?type=1") == 404


def test_a_new_file_is_titled_by_its_stem(plex: LoopbackPlex, api: PlexServer) -> None:
    plex.add_item("/plex/scenes/Beach Day.2024.mp4", size=1)

    assert [item.title for item in api.library.section("Scenes").all()] == ["Beach Day.2024"]


def test_the_detail_shows_every_tag_and_every_lock(plex: LoopbackPlex, api: PlexServer) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(key, genre=["a", "b", "c", "d"], actor=["e", "f", "g", "h"], title="Mine")

    item = api.fetchItem(key)

    assert [genre.tag for genre in item.genres] == ["a", "b", "c", "d"]
    assert [role.tag for role in item.roles] == ["e", "f", "g", "h"]
    assert [field.name for field in item.fields] == ["actor", "genre", "title"]
    assert item.isLocked("title")


@pytest.mark.parametrize("file", ["M:\\Filme\\Ä b.mp4", "\\\\nas\\x\\a.mkv", "/v/Zoe\u0308.mp4"])
def test_paths_come_back_as_they_are(plex: LoopbackPlex, api: PlexServer, file: str) -> None:
    key = plex.add_item(file)

    assert api.fetchItem(key).locations == [file]


def test_several_items_come_in_one_answer_without_those_that_are_gone(
    plex: LoopbackPlex, api: PlexServer
) -> None:
    one, gone, three = files_on(plex, 3)
    plex.remove_item(gone)

    items = api.fetchItems([one, gone, three])

    assert [item.ratingKey for item in items] == [one, three]
    assert [item.librarySectionID for item in items] == [1, 1]


def test_a_single_item_that_is_gone_is_404(plex: LoopbackPlex, api: PlexServer) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.remove_item(key)

    with pytest.raises(NotFound):
        api.fetchItem(key)


def test_the_number_behind_a_thumb_is_only_the_time_of_change(
    plex: LoopbackPlex, api: PlexServer
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")

    assert api.fetchItem(key).thumb == f"/library/metadata/{key}/thumb/{plex.item(key).updated_at}"


@pytest.mark.parametrize("text", ['<b> & "q"', "line\nline\r\n\ttab", "😀 e\u0301 \u2028"])
def test_any_text_comes_back_as_it_was(plex: LoopbackPlex, api: PlexServer, text: str) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(key, summary=text)

    assert api.fetchItem(key).summary == text


def test_what_xml_forbids_is_dropped_or_sent_as_real_servers_did(
    plex: LoopbackPlex, api: PlexServer, bare: BareClient
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(key, title="a\x01b\x0cc")
    assert bare.read(f"/library/metadata/{key}")[0].attrib["title"] == "abc"

    plex.sends_illegal_characters = True

    assert b"a\x01b\x0cc" in bare.ask("GET", f"/library/metadata/{key}").content
    assert api.fetchItem(key).title == "abc"


@pytest.mark.parametrize("status", [414, 400])
def test_a_url_longer_than_the_limit_is_refused(
    plex: LoopbackPlex, bare: BareClient, status: int
) -> None:
    plex.max_url, plex.long_url_status = 200, status

    assert bare.status("GET", "/library/sections?x=".ljust(200, "x")) == 200
    assert bare.status("GET", "/library/sections?x=".ljust(201, "x")) == status


def test_plexapi_calls_a_long_url_a_bad_request(plex: LoopbackPlex, api: PlexServer) -> None:
    with pytest.raises(BadRequest, match="414"):
        api.query("/library/sections?x=" + "x" * 9000)


def test_requests_are_kept_with_query_headers_and_status(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    bare.ask("GET", "/library/sections?a=1&b=%C3%A4&a=2", headers={"X-Plex-Product": "test"})
    bare.ask("GET", "/nowhere")

    first, second = plex.requests
    assert first.query == [("a", "1"), ("b", "ä"), ("a", "2")]
    assert first.headers["x-plex-product"] == "test"
    assert first.at <= second.at
    assert (first.status, second.status) == (200, 404)
    assert (plex.count("GET"), plex.count("GET", "/library"), plex.count("PUT")) == (2, 1, 0)


def test_forgotten_requests_are_gone(plex: LoopbackPlex, bare: BareClient) -> None:
    bare.ask("GET", "/library/sections")

    plex.clear_requests()

    assert plex.requests == []

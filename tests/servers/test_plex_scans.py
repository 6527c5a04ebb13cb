"""Files that appear, move and vanish on the loopback Plex."""

from collections.abc import Iterator

import pytest
import requests
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex
from tests.servers.plex.client import BareClient

PAGE = {"X_Plex_Container_Start": 0, "X_Plex_Container_Size": 100}


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes", "D:\\Scenes"))
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


def files(plex: LoopbackPlex) -> list[str]:
    return [part.file for item in plex.items() for part in item.parts]


def test_a_file_that_was_not_scanned_is_not_in_plex(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.scan_later("/plex/scenes/new/b.mp4", size=5)

    assert len(bare.read("/library/sections/1/all?type=1")) == 0


@pytest.mark.parametrize("folder", ["/plex/scenes/new", "/plex/scenes/new/", "/plex/scenes", None])
def test_a_scan_of_its_folder_finds_a_file(
    plex: LoopbackPlex, api: PlexServer, folder: str | None
) -> None:
    plex.scan_later("/plex/scenes/new/b.mp4", size=5)

    api.library.section("Scenes").update(folder)

    found = plex.item(plex.key_of("/plex/scenes/new/b.mp4"))
    assert (found.title, found.parts[0].size) == ("b", 5)


@pytest.mark.parametrize("folder", ["/plex/scenes/ne", "/plex/scenes/old", "/plex", "/scenes"])
def test_a_scan_of_another_folder_does_not(
    plex: LoopbackPlex, api: PlexServer, folder: str
) -> None:
    plex.scan_later("/plex/scenes/new/b.mp4")

    api.library.section("Scenes").update(folder)

    assert files(plex) == []


def test_a_scan_knows_windows_paths_and_the_verb_post(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.scan_later("D:\\Scenes\\ä b\\c.mp4")

    bare.ask("POST", "/library/sections/1/refresh?path=d%3A%5Cscenes%5C%C3%A4+b")

    assert files(plex) == ["D:\\Scenes\\ä b\\c.mp4"]


def test_a_file_outside_the_folders_of_its_library_is_never_found(plex: LoopbackPlex) -> None:
    plex.scan_later("/elsewhere/b.mp4")

    plex.finish_scan()

    assert files(plex) == []


def test_finishing_the_scan_finds_all_files(plex: LoopbackPlex) -> None:
    plex.scan_later("/plex/scenes/b.mp4")
    plex.scan_later("/plex/scenes/c/d.mp4")

    plex.finish_scan()

    assert files(plex) == ["/plex/scenes/b.mp4", "/plex/scenes/c/d.mp4"]


def test_a_slow_scan_is_running_until_it_is_finished(plex: LoopbackPlex, api: PlexServer) -> None:
    plex.slow_scan = True
    plex.scan_later("/plex/scenes/b.mp4")

    api.library.section("Scenes").update("/plex/scenes")

    assert api.library.section("Scenes").reload().refreshing
    assert files(plex) == []

    plex.finish_scan()

    assert not api.library.section("Scenes").reload().refreshing
    assert files(plex) == ["/plex/scenes/b.mp4"]


def test_a_scan_can_be_cancelled(plex: LoopbackPlex, api: PlexServer) -> None:
    plex.slow_scan = True
    section = api.library.section("Scenes")
    section.update("/plex/scenes")

    section.cancelUpdate()

    assert not section.reload().refreshing


def test_a_forced_refresh_lets_the_agent_rewrite_what_is_not_locked(
    plex: LoopbackPlex, api: PlexServer
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(key, title="Mine", lock=False)
    plex.user_edits(key, studio="Mine")

    api.library.section("Scenes").refresh()

    assert (plex.item(key).title, plex.item(key).studio) == ("a", "Mine")


def test_one_item_can_be_refreshed(plex: LoopbackPlex, api: PlexServer) -> None:
    key = plex.add_item("/plex/scenes/a.mp4", title="Other")
    item = api.fetchItem(key)

    item.refresh()

    assert plex.item(key).title == "a"


def test_a_recreated_item_has_the_files_another_key_and_none_of_the_edits(
    plex: LoopbackPlex,
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4", size=7)
    plex.user_edits(key, title="Mine", genre=["g"], poster=b"\xff\xd8\xff")

    new = plex.recreate_item(key)

    item = plex.item(new)
    assert new != key
    assert key not in [item.key for item in plex.items()]
    assert (item.title, item.tags["genre"]) == ("a", [])
    assert (item.locks, item.poster, item.parts[0].size) == (set(), None, 7)


def test_a_moved_file_keeps_the_key_and_the_edits(plex: LoopbackPlex) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(key, title="Mine")
    before = plex.item(key).updated_at

    plex.move_file(key, "/plex/scenes/b/a.mp4")

    assert plex.key_of("/plex/scenes/b/a.mp4") == key
    assert plex.item(key).title == "Mine"
    assert plex.item(key).updated_at > before


def test_emptying_the_trash_removes_what_is_in_it(plex: LoopbackPlex, api: PlexServer) -> None:
    gone, kept, back = (plex.add_item(f"/plex/scenes/{n}.mp4") for n in "abc")
    plex.trash_item(gone)
    plex.trash_item(back)
    plex.trash_item(back, trashed=False)

    api.library.section("Scenes").emptyTrash()

    assert [item.key for item in plex.items()] == [kept, back]


def test_the_same_file_may_be_in_two_libraries(plex: LoopbackPlex) -> None:
    other = plex.add_section("Copies", locations=("/plex/scenes",))
    one = plex.add_item("/plex/scenes/a.mp4")
    two = plex.add_item("/plex/scenes/a.mp4", section=other)

    assert one != two
    assert plex.key_of("/plex/scenes/a.mp4") == two


def test_the_change_counter_of_a_library_moves_with_its_items_only(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    other = plex.add_section("Other")

    def counters() -> list[int]:
        rows = bare.read("/library/sections")
        return [int(row.attrib["contentChangedAt"]) for row in rows]

    before = counters()
    plex.user_edits(plex.add_item("/plex/scenes/a.mp4", section=other), title="x")
    after = counters()

    assert [now - then for now, then in zip(after, before, strict=True)] == [0, 2]


def test_deleting_media_is_not_allowed(plex: LoopbackPlex, bare: BareClient) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")

    assert bare.status("DELETE", f"/library/metadata/{key}") == 403
    assert plex.item(key)


def test_a_trashed_item_stays_listed_with_the_time(plex: LoopbackPlex, bare: BareClient) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.trash_item(key)

    (row,) = bare.read("/library/sections/1/all?type=1", **PAGE)

    assert row.attrib["deletedAt"] == str(plex.item(key).deleted_at)

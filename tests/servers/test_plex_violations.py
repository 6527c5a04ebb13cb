"""What nobody may send to a Plex, and how the loopback Plex remembers it."""

from collections.abc import Iterator

import pytest
import requests
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex
from tests.servers.plex.client import BareClient

EDIT = "/library/sections/1/all?type=1"


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes",))
        yield server


@pytest.fixture
def bare(plex: LoopbackPlex) -> Iterator[BareClient]:
    with BareClient(plex) as client:
        yield client


@pytest.fixture
def key(plex: LoopbackPlex, bare: BareClient) -> int:
    """An item whose files have been read."""
    added = plex.add_item("/plex/scenes/a.mp4")
    bare.read(f"/library/metadata/{added}")
    plex.clear_requests()
    return added


def put(bare: BareClient, key: int | str, query: str) -> int:
    return bare.status("PUT", f"{EDIT}&id={key}&{query}")


def test_an_edit_without_ids_changes_the_whole_library_and_is_a_violation(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    other = plex.add_item("/plex/scenes/b.mp4")
    bare.read(f"/library/metadata/{other}")

    bare.ask("PUT", f"{EDIT}&title.value=Oops")

    assert [plex.shown(each)["title"] for each in (key, other)] == ["Oops", "Oops"]
    assert plex.violations == [
        "PUT /library/sections/1/all: edit without ids changes the whole section"
    ]


@pytest.mark.parametrize("ids", ["", ",", "&type=1"])
def test_an_edit_with_empty_ids_is_the_same(
    plex: LoopbackPlex, bare: BareClient, key: int, ids: str
) -> None:
    put(bare, ids, "title.value=Oops")

    assert plex.shown(key)["title"] == "Oops"
    assert len(plex.violations) == 1


def test_an_edit_without_ids_is_a_violation_even_while_plex_is_down(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.weather(503)

    bare.ask("PUT", f"{EDIT}&title.value=Oops")

    assert plex.shown(key)["title"] == "a"
    assert len(plex.violations) == 1


def test_plexapi_locking_a_field_for_all_is_such_an_edit(plex: LoopbackPlex, key: int) -> None:
    with requests.Session() as session:
        PlexServer(plex.url, "secret", session=session).library.section("Scenes").lockAllField(
            "title"
        )

    assert plex.item(key).locks == {"title"}
    assert len(plex.violations) == 1


@pytest.mark.parametrize("target", ["/library/metadata/", "/library/metadata/,"])
def test_the_other_address_without_ids_changes_nothing_but_is_a_violation(
    plex: LoopbackPlex, bare: BareClient, key: int, target: str
) -> None:
    assert bare.status("PUT", f"{target}?title.value=Oops") in (400, 404)

    assert len(plex.violations) == 1


@pytest.mark.parametrize("kind", ["type=2&", "type=18&", ""])
def test_a_write_of_another_type_is_a_violation(
    plex: LoopbackPlex, bare: BareClient, key: int, kind: str
) -> None:
    bare.ask("PUT", f"/library/sections/1/all?{kind}id={key}&title.value=x")

    assert [said.partition(": ")[2].split()[0:3] for said in plex.violations] == [
        ["write", "with", "type"]
    ]


def test_a_token_in_the_url_is_a_violation(plex: LoopbackPlex) -> None:
    with BareClient(plex, token="") as careless:
        status = careless.status("GET", "/library/sections?X-Plex-Token=secret")

    assert status == 200
    assert plex.violations == ["GET /library/sections: token in the URL, where logs keep it"]


def test_a_write_to_an_item_whose_files_nobody_has_read_is_a_violation(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")

    put(bare, key, "title.value=x")
    bare.ask("POST", f"/library/metadata/{key}/posters", body=b"\xff\xd8\xff")

    assert plex.shown(key)["title"] == "x"
    assert len(plex.violations) == 2


@pytest.mark.parametrize(
    "look",
    [
        "/library/sections/1/all?type=1",
        "/library/metadata/{key}",
        "/library/metadata/{key},999?skipRefresh=1",
    ],
)
def test_files_are_read_in_a_listing_or_in_a_detail(
    plex: LoopbackPlex, bare: BareClient, look: str
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    bare.read(look.format(key=key))

    put(bare, key, "title.value=x")

    assert plex.violations == []


@pytest.mark.parametrize(
    "look",
    [
        "/library/sections/1/all?type=1&excludeElements=Media,Genre",
        "/library/sections/1/all?type=1&X-Plex-Container-Size=0",
        "/library/metadata/{key}?excludeElements=Media",
        "/library/metadata/{key}/posters",
    ],
)
def test_an_answer_without_the_files_does_not_count(
    plex: LoopbackPlex, bare: BareClient, look: str
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    bare.read(look.format(key=key))

    put(bare, key, "title.value=x")

    assert len(plex.violations) == 1


def test_an_answer_that_breaks_off_does_not_count(plex: LoopbackPlex, bare: BareClient) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.next_answers(["truncate"])
    bare.ask("GET", f"/library/metadata/{key}")

    put(bare, key, "title.value=x")

    assert len(plex.violations) == 1


@pytest.mark.parametrize("change", ["move", "part"])
def test_files_that_changed_must_be_read_again(
    plex: LoopbackPlex, bare: BareClient, key: int, change: str
) -> None:
    if change == "move":
        plex.move_file(key, "/plex/scenes/elsewhere.mp4")
    else:
        plex.add_part(key, "/plex/scenes/a-cd2.mp4", size=1)

    put(bare, key, "title.value=x")
    assert len(plex.violations) == 1

    bare.read(f"/library/metadata/{key}")
    put(bare, key, "title.value=y")
    assert len(plex.violations) == 1

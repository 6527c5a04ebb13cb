"""Who else changes items of the loopback Plex, and how it behaves on the way."""

from collections.abc import Iterator

import pytest

from tests.servers.plex import LoopbackPlex, Request
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


def test_an_agent_refresh_rewrites_all_but_the_locked_fields(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    put(
        bare,
        key,
        "title.value=Mine&title.locked=1&summary.value=Mine&genre[0].tag.tag=Mine"
        "&actor[0].tag.tag=Me&actor.locked=1&studio.value=S&userRating.value=5",
    )

    plex.refresh_agent(key)

    shown = plex.shown(key)
    assert (shown["title"], shown["cast"], shown["user_rating"]) == ("Mine", ["Me"], 5.0)
    assert (shown["summary"], shown["studio"]) == ("From the agent.", "")
    assert shown["genres"] == ["Agent Genre"]


def test_an_unlocked_title_falls_back_to_the_file_name(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    put(bare, key, "title.value=Mine")

    plex.refresh_agent(key)

    assert plex.shown(key)["title"] == "a"


def test_a_locked_empty_field_stays_empty(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    put(bare, key, "summary.value=&summary.locked=1")

    plex.refresh_agent(key)

    assert plex.shown(key)["summary"] == ""


def test_a_person_sets_and_locks(plex: LoopbackPlex, key: int) -> None:
    before = plex.item(key).updated_at

    plex.user_edits(key, summary="mine", genre=["g"], user_rating=4.0)

    assert plex.item(key).locks == {"summary", "genre", "userRating"}
    assert plex.item(key).updated_at > before


def test_every_edit_moves_the_time_of_change(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.clock = lambda: 5_000_000_000.9

    put(bare, key, "title.value=a")

    assert plex.item(key).updated_at == 5_000_000_000


@pytest.mark.parametrize(
    ("query", "moves"),
    [("title.value=a", False), ("title.value=b", True), ("title.locked=1", True)],
)
def test_or_only_an_edit_that_changes_something(
    plex: LoopbackPlex, bare: BareClient, key: int, query: str, moves: bool
) -> None:
    plex.bump_updated_at = "on_change"
    plex.clock = lambda: 5_000_000_000.0

    put(bare, key, query)

    assert (plex.item(key).updated_at == 5_000_000_000) is moves


def test_plex_chokes_on_one_item_and_on_every_edit_that_includes_it(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    other = plex.add_item("/plex/scenes/b.mp4")
    plex.chokes_on(key)

    assert put(bare, f"{other},{key}", "title.value=x") == 500
    assert bare.status("POST", f"/library/metadata/{key}/posters", body=b"\xff\xd8\xff") == 500
    assert bare.status("GET", f"/library/metadata/{other},{key}") == 200
    assert put(bare, other, "title.value=x") == 200

    plex.chokes_on(key, None)

    assert put(bare, key, "title.value=x") == 200


def test_a_hook_runs_between_the_change_and_its_answer(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    seen = []

    def look(request: Request) -> None:
        seen.append((request.method, request.status, plex.shown(key)["title"]))

    plex.before_answer = look
    put(bare, key, "title.value=New")
    put(bare, key, "colour.value=New")
    bare.ask("GET", "/library/sections")

    assert seen == [("PUT", 200, "New")]


def test_reads_may_lag_behind_an_edit(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    plex.read_lag = 60
    put(bare, key, "title.value=New&genre[0].tag.tag=g&title.locked=1")

    (lagging,) = bare.read(f"/library/metadata/{key}")
    plex.item(key).former_until = 0
    (present,) = bare.read(f"/library/metadata/{key}")

    assert (lagging.attrib["title"], lagging.find("Genre"), lagging.find("Field")) == (
        "a",
        None,
        None,
    )
    assert present.attrib["title"] == "New"


def test_plex_may_change_values_as_it_stores_them(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.normalise = {"summary": str.strip, "genre": str.title, "rating": round}

    put(bare, key, "summary.value=%20x%20&genre[0].tag.tag=big%20sky&rating.value=7.6")

    shown = plex.shown(key)
    assert (shown["summary"], shown["genres"], shown["rating"]) == ("x", ["Big Sky"], 8)

"""What an edit does to genres, actors and other lists of the loopback Plex."""

from collections.abc import Iterator
from urllib.parse import quote

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
    plex.clear_requests()
    return added


def put(bare: BareClient, key: int | str, query: str) -> int:
    return bare.status("PUT", f"{EDIT}&id={key}&{query}")


def test_a_new_tag_leaves_the_others_where_they_are(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.user_edits(key, genre=["b", "a"])

    put(bare, key, "genre[1].tag.tag=a&genre[0].tag.tag=c")

    assert plex.shown(key)["genres"] == ["b", "a", "c"]


def test_a_replacing_server_keeps_only_the_new_list(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.tag_mode = "replace"
    plex.user_edits(key, genre=["b", "a"], actor=["x"])

    put(bare, key, "genre[0].tag.tag=c&genre[1].tag.tag=a&actor[].tag.tag-=y")

    assert plex.shown(key)["genres"] == ["c", "a"]
    assert plex.shown(key)["cast"] == ["x"]


def test_a_list_that_is_only_left_out_loses_nothing_in_either_mode(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.user_edits(key, genre=["a"])

    put(bare, key, "genre.locked=1")
    plex.tag_mode = "replace"
    put(bare, key, "genre.locked=1")

    assert plex.shown(key)["genres"] == ["a"]


def test_tags_with_commas_and_quotes_are_removed_by_their_exact_names(
    plex: LoopbackPlex, api: PlexServer, key: int
) -> None:
    plex.user_edits(key, genre=["a,b", 'c "d" [e] é%20', "f", "F", "g "])
    item = api.fetchItem(key)

    item.removeGenre(["a,b", 'c "d" [e] é%20', "f", "g"])

    assert plex.shown(key)["genres"] == ["F", "g "]


def test_a_removal_that_is_encoded_only_once_is_parted_at_its_commas(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.user_edits(key, genre=["a,b", "a"])

    put(bare, key, "genre[].tag.tag-=" + quote("a,b", safe=""))

    assert plex.shown(key)["genres"] == ["a,b"]


def test_a_tag_both_added_and_removed_stays(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    plex.user_edits(key, genre=["a", "b"])

    put(bare, key, "genre[0].tag.tag=a&genre[].tag.tag-=a,b")

    assert plex.shown(key)["genres"] == ["a"]


def test_clearing_a_kind_of_tags_leaves_only_what_is_added(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.user_edits(key, genre=["a", "b"], actor=["x"])

    put(bare, key, "genre[].tag=&genre[0].tag.tag=c&actor[].tag")

    assert (plex.shown(key)["genres"], plex.shown(key)["cast"]) == (["c"], [])


def test_an_actor_has_a_role_in_the_item_and_one_picture_on_the_server(
    plex: LoopbackPlex, bare: BareClient, api: PlexServer, key: int
) -> None:
    other = plex.add_item("/plex/scenes/b.mp4")
    plex.user_edits(other, actor=["Ann"])

    put(
        bare,
        key,
        "actor[0].tag.tag=Ann&actor[0].tagging.text=Lead&actor[0].tag.thumb=http%3A%2F%2Fx%2Fy",
    )

    (here,), (there,) = api.fetchItem(key).roles, api.fetchItem(other).roles
    assert (here.role, here.thumb) == ("Lead", "http://x/y")
    assert (there.role, there.thumb) == (None, "http://x/y")
    assert here.id == there.id


def test_labels_are_capitalised(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    put(bare, key, "label[0].tag.tag=stash")

    assert plex.item(key).tags["label"] == ["Stash"]

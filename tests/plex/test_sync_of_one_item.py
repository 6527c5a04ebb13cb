"""Read, plan, edit, read again: a scene's way into a Plex of either kind."""

from typing import Any, Literal

import pytest

from domain.ledger import FieldMemory
from domain.plex_item import RatingKey
from domain.scene import Scene
from plex.client import PlexClient
from plex.edit import edit_queries
from plex.fields import wish
from plex.plan import Plan, make_plan
from tests.plex.conftest import SCENES
from tests.plex.samples import entry, scene, settings
from tests.servers.plex import LoopbackPlex

TRICKY = (
    "a;b",
    "c,d",
    'say "hi"',
    "it's",
    "50% [x] & y=z+1/2",
    "🏳️‍🌈",
    "שלום",
    "Ame\u0301lie",
    "%2C",
)

FULL = scene(
    title="🎬 A title; with, everything & שלום",
    details='First line\nsecond line\n\n"quoted" <b>&amp; 100%',
    date="2020-05",
    rating100=77,
    studio="Studio, Inc.",
    performers=("Jane", "Joe, Jr."),
    tags=TRICKY,
)


def sync(
    client: PlexClient, key: RatingKey, wanted: Scene, fields: dict[str, FieldMemory] | None = None
) -> Plan:
    """Do what the worker does with one scene; return the plan."""
    item = client.items([key])[key]
    known = None if fields is None else entry(fields)
    plan = make_plan(item, wish(wanted, settings()), known, preserve_edits=False)
    for query in edit_queries(plan):
        client.edit(SCENES, (key,), query)
    return plan


@pytest.fixture(params=["additive", "replace"])
def key(plex: LoopbackPlex, request: pytest.FixtureRequest) -> RatingKey:
    mode: Literal["additive", "replace"] = request.param
    plex.tag_mode = mode
    found = RatingKey(plex.add_item("/plex/a.mp4"))
    plex.user_edits(found, genre=["mine"], lock=False)
    return found


def test_a_scene_arrives_by_one_edit_and_the_next_plan_is_empty(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plan = sync(client, key, FULL)

    expected: dict[str, Any] = {
        "title": FULL.title,
        "title_sort": FULL.title,
        "studio": FULL.studio,
        "summary": FULL.details,
        "date": "2020-05-01",
        "rating": None,
        "user_rating": 7.7,
        "cast": list(FULL.performers),
        "genres": sorted([*TRICKY, "mine"]),
        "collections": [FULL.studio],
        "poster": None,
    }
    shown = plex.shown(key)
    assert shown | {"genres": sorted(shown["genres"])} == expected
    assert plex.count("PUT") == 1
    assert sync(client, key, FULL, dict(plan.fields)).is_empty
    assert plex.count("PUT") == 1


def test_what_arrived_survives_plexs_agent(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    sync(client, key, FULL)
    before = plex.shown(key)

    plex.refresh_agent(key)

    assert plex.shown(key) == before


def test_what_stash_takes_back_goes_and_the_users_own_stays(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plan = sync(client, key, FULL)

    sync(client, key, scene(title="T", tags=TRICKY[:1]), dict(plan.fields))

    shown = plex.shown(key)
    assert sorted(shown["genres"]) == [TRICKY[0], "mine"]
    assert shown["cast"] == shown["collections"] == []
    assert (shown["summary"], shown["studio"]) == ("", "")
    assert (shown["date"], shown["user_rating"]) == (None, None)
    assert shown["title"] == "T"


def test_300_tags_and_a_summary_of_10000_characters_arrive(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    key = RatingKey(plex.add_item("/plex/a.mp4"))
    many = tuple(f"a tag called {n}" for n in range(300))
    huge = scene(title="T", details="lorem ipsum\n" * 834, tags=many)
    config = settings(max_tags=1000)
    item = client.items([key])[key]
    plan = make_plan(item, wish(huge, config), None, preserve_edits=False)

    for query in edit_queries(plan):
        client.edit(SCENES, (key,), query)

    assert tuple(plex.shown(key)["genres"]) == many
    assert plex.shown(key)["summary"].endswith("…")
    again = client.items([key])[key]
    known = entry(dict(plan.fields))
    assert make_plan(again, wish(huge, config), known, preserve_edits=False).is_empty


def test_a_plex_that_normalises_is_written_to_twice_at_most(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plex.normalise = {"title": str.upper, "genre": lambda name: name.replace(";", ":")}
    fields: dict[str, FieldMemory] | None = None

    for _ in range(5):
        fields = dict(sync(client, key, FULL, fields).fields)

    assert plex.count("PUT") == 2
    sync(client, key, scene(title="new"), fields)
    assert plex.shown(key)["title"] == "NEW"


def test_a_read_that_lags_behind_costs_one_edit_more_and_no_harm(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plex.read_lag = 60.0
    plan = sync(client, key, FULL)
    plan = sync(client, key, FULL, dict(plan.fields))
    plan = sync(client, key, FULL, dict(plan.fields))
    plex.item(key).former = None

    assert plex.count("PUT") == 2
    assert sync(client, key, FULL, dict(plan.fields)).is_empty
    assert plex.shown(key)["title"] == FULL.title


def test_a_tag_respelled_in_stash_is_respelled_in_plex(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plan = sync(client, key, scene(title="T", tags=("blue sky",)))

    sync(client, key, scene(title="T", tags=("Blue Sky",)), dict(plan.fields))

    assert sorted(plex.shown(key)["genres"]) == ["Blue Sky", "mine"]

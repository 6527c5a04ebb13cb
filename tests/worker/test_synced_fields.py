"""What Plex shows after an edit in Stash: the edit, the rest of the scene, and what users added."""

from typing import Any

import pytest

from tests.worker.stage import Stage
from tests.world import World

FULL: dict[str, Any] = {
    "title": "A title",
    "details": "A summary.",
    "date": "2020-05-17",
    "rating100": 60,
    "studio": "One",
    "performers": ["Ann", "Bob"],
    "tags": ["red", "blue"],
}


@pytest.fixture(params=["additive", "replace"])
def scene(request: pytest.FixtureRequest, stage: Stage) -> int:
    """A scene that is synced with all its fields, in a Plex that adds to lists or replaces them."""
    stage.world.plex.tag_mode = request.param
    scene = stage.world.add("a", **FULL)
    stage.clock.move(10)
    stage.sync(scene)
    return scene


def test_every_field_arrives(world: World, scene: int) -> None:
    assert world.shown(scene) == {
        "title": "A title",
        "title_sort": "A title",
        "studio": "One",
        "summary": "A summary.",
        "date": "2020-05-17",
        "rating": None,
        "user_rating": 6.0,
        "cast": ["Ann", "Bob"],
        "genres": ["red", "blue"],
        "collections": ["One"],
        "poster": None,
    }


def test_every_field_is_locked_against_plexs_agents(world: World, scene: int) -> None:
    before = world.shown(scene)

    world.plex.refresh_agent(world.key(scene))

    assert world.shown(scene) == before


def test_an_edit_of_the_rating_leaves_everything_else_as_it_is(stage: Stage, scene: int) -> None:
    before = stage.world.shown(scene)

    stage.edit(scene, rating100=85)
    stage.drain()

    assert stage.world.shown(scene) == {**before, "user_rating": 8.5}


def test_an_edit_of_the_rating_sends_the_rating_alone(stage: Stage, scene: int) -> None:
    stage.forget_requests()

    stage.edit(scene, rating100=85)
    stage.drain()

    (put,) = stage.puts(scene)
    assert {name for name, _ in put.query} - {"type", "id"} <= {
        "userRating.value",
        "userRating.locked",
        *(f"{field}.locked" for field in ("title", "titleSort")),
    }


def test_a_tag_removed_in_stash_is_gone_in_plex_and_the_users_own_genre_is_not(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    world.plex.user_edits(world.key(scene), genre=["red", "blue", "mine"])

    stage.edit(scene, tags=["blue"])
    stage.drain()

    assert world.shown(scene)["genres"] == ["blue", "mine"]


def test_the_last_tag_removed_in_stash_is_gone_in_plex(stage: Stage, scene: int) -> None:
    stage.edit(scene, tags=[])
    stage.drain()

    assert stage.world.shown(scene)["genres"] == []


def test_a_tag_added_in_stash_joins_those_that_are_there(stage: Stage, scene: int) -> None:
    stage.edit(scene, tags=["red", "blue", "green"])
    stage.drain()

    assert sorted(stage.world.shown(scene)["genres"]) == ["blue", "green", "red"]


def test_a_genre_that_the_user_had_first_stays_when_stash_drops_the_tag_it_never_wrote(
    stage: Stage,
) -> None:
    scene = stage.world.add("b", tags=["red"])
    stage.world.plex.user_edits(stage.world.key(scene), genre=["mine"])
    stage.sync(scene)

    stage.edit(scene, tags=[])
    stage.drain()

    assert stage.world.shown(scene)["genres"] == ["mine"]


def test_a_performer_removed_in_stash_leaves_the_cast(stage: Stage, scene: int) -> None:
    stage.edit(scene, performers=["Bob"])
    stage.drain()

    assert stage.world.shown(scene)["cast"] == ["Bob"]


def test_a_new_studio_takes_the_old_ones_collection_away_but_not_the_users_own(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    world.plex.user_edits(world.key(scene), collection=["One", "Favourites"])

    stage.edit(scene, studio="Two")
    stage.drain()

    shown = world.shown(scene)
    assert shown["studio"] == "Two"
    assert sorted(shown["collections"]) == ["Favourites", "Two"]


def test_a_studio_removed_in_stash_is_gone_in_plex_with_its_collection(
    stage: Stage, scene: int
) -> None:
    stage.edit(scene, studio=None)
    stage.drain()

    shown = stage.world.shown(scene)
    assert (shown["studio"], shown["collections"]) == ("", [])


def test_a_renamed_tag_is_renamed_in_plex(stage: Stage, scene: int) -> None:
    stage.world.stash.rename_tag("red", "crimson")
    stage.sync(scene)

    assert sorted(stage.world.shown(scene)["genres"]) == ["blue", "crimson"]


def test_a_title_emptied_in_stash_stays_in_plex(stage: Stage, scene: int) -> None:
    stage.edit(scene, title="")
    stage.drain()

    shown = stage.world.shown(scene)
    assert (shown["title"], shown["title_sort"]) == ("A title", "A title")


@pytest.mark.parametrize(
    ("emptied", "shown_as", "empty"),
    [
        ({"details": ""}, "summary", ""),
        ({"date": None}, "date", None),
        ({"rating100": None}, "user_rating", None),
    ],
)
def test_what_is_emptied_in_stash_is_emptied_in_plex_and_nothing_else(
    stage: Stage, scene: int, emptied: dict[str, object], shown_as: str, empty: object
) -> None:
    before = stage.world.shown(scene)

    stage.edit(scene, **emptied)
    stage.drain()

    assert stage.world.shown(scene) == {**before, shown_as: empty}


def test_a_scene_of_which_only_the_studio_is_left_loses_what_we_wrote_and_nothing_of_the_users(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    world.plex.user_edits(world.key(scene), genre=["red", "blue", "mine"], tagline="My own")

    stage.edit(scene, details="", date=None, rating100=None, performers=[], tags=[])
    stage.drain()

    shown = world.shown(scene)
    assert shown["summary"] == ""
    assert shown["date"] is None
    assert shown["cast"] == []
    assert shown["genres"] == ["mine"]
    assert (shown["title"], shown["studio"]) == ("A title", "One")
    assert world.plex.item(world.key(scene)).tagline == "My own"


def test_what_stash_never_had_is_not_taken_from_plex(stage: Stage) -> None:
    scene = stage.world.add("b", title="B")
    stage.world.plex.user_edits(
        stage.world.key(scene), summary="Mine.", originallyAvailableAt="1999-01-01", userRating=3.0
    )

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert (shown["summary"], shown["date"], shown["user_rating"]) == ("Mine.", "1999-01-01", 3.0)


def test_a_date_without_day_or_month_begins_with_january(stage: Stage) -> None:
    scene = stage.world.add("b", date="2019")

    stage.sync(scene)

    assert stage.world.shown(scene)["date"] == "2019-01-01"


def test_a_rating_of_nought_is_shown_as_one(stage: Stage) -> None:
    scene = stage.world.add("b", rating100=0)

    stage.sync(scene)

    assert stage.world.shown(scene)["user_rating"] == 0.0

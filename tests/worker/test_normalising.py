"""Plex makes something else of a value: it is not written again and again."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.worker.stage import Stage
from tests.world import World, picture

CHANGES: dict[str, Callable[[Any], Any]] = {
    "title": lambda text: text.title(),
    "titleSort": lambda text: text.lower().removeprefix("the "),
    "studio": lambda text: text.upper(),
    "summary": lambda text: text.replace("\n", " ") + " [sic]",
    "originallyAvailableAt": lambda _: "2000-01-01",
    "userRating": lambda value: round(value),
    "actor": lambda name: name.title(),
    "genre": lambda name: name[:4],
    "collection": lambda name: name.upper(),
}

FACTS: dict[str, Any] = {
    "title": "the title",
    "details": "one\ntwo",
    "date": "2020-05-17",
    "rating100": 74,
    "studio": "the studio",
    "performers": ["ann lee", "bob"],
    "tags": ["outdoor", "blue"],
}


@pytest.fixture(params=["additive", "replace"])
def normalising(request: pytest.FixtureRequest, world: World) -> World:
    world.plex.tag_mode = request.param
    world.plex.normalise.update(CHANGES)
    return world


def test_values_that_plex_normalises_are_written_twice_at_most(
    stage: Stage, normalising: World
) -> None:
    scene = normalising.add("a", **FACTS)

    for _ in range(6):
        stage.sync(scene)
        stage.clock.move(60)

    assert len(stage.puts(scene)) <= 2


def test_a_new_process_does_not_begin_again(stage: Stage, normalising: World) -> None:
    scene = normalising.add("a", **FACTS)
    for _ in range(3):
        stage.sync(scene)
    stage.forget_requests()

    for _ in range(3):
        stage.reopen()
        stage.sync(scene)

    assert stage.plex_saw("PUT") == 0


def test_an_edit_of_another_field_does_not_send_them_again(
    stage: Stage, normalising: World
) -> None:
    scene = normalising.add("a", **{**FACTS, "rating100": 60})
    for _ in range(3):
        stage.sync(scene)
        stage.clock.move(60)
    stage.forget_requests()

    stage.edit(scene, rating100=80)
    stage.drain()

    (put,) = stage.puts(scene)
    assert [name for name, _ in put.query if name.endswith(".value")] == ["userRating.value"]


def test_a_new_wish_is_written_although_the_old_one_was_given_up(
    stage: Stage, normalising: World
) -> None:
    scene = normalising.add("a", **FACTS)
    for _ in range(4):
        stage.sync(scene)

    stage.edit(scene, details="new", tags=["green"])
    stage.drain()

    shown = normalising.shown(scene)
    assert shown["summary"] == "new [sic]"
    assert "gree" in shown["genres"]


def test_what_plex_made_of_our_tags_goes_when_stash_drops_them(stage: Stage, world: World) -> None:
    world.plex.normalise["genre"] = lambda name: name.upper()
    scene = world.add("a", tags=["red", "blue"])
    for _ in range(3):
        stage.sync(scene)
    stage.clock.move(10)

    stage.edit(scene, tags=["blue"])
    stage.drain()

    assert world.shown(scene)["genres"] == ["BLUE"]


def test_values_that_plex_normalises_are_written_twice_at_most_although_the_poster_fails(
    stage: Stage, normalising: World
) -> None:
    scene = normalising.add("a", **FACTS, cover=picture("cover"))
    normalising.plex.weather(500, only="POST")

    stage.enqueue(scene)
    stage.drain_until_idle()

    assert normalising.plex.count("POST") == 5
    assert len(stage.puts(scene)) <= 2


def test_values_that_plex_normalises_are_written_twice_at_most_although_another_item_fails(
    stage: Stage, normalising: World
) -> None:
    scene = normalising.add("a", **FACTS)
    first = normalising.key(scene)
    second = normalising.plex.add_section("Copies", locations=("/data",))
    normalising.plex.chokes_on(normalising.plex.add_item("/data/a.mp4", 1000, second))

    stage.enqueue(scene)
    stage.drain_until_idle()

    edits = [r.args["id"] for r in normalising.plex.requests if r.method == "PUT"]
    assert len(edits) >= 6
    assert edits.count(str(first)) <= 2


def test_values_that_plex_normalises_are_written_twice_at_most_although_the_cover_is_unreadable(
    stage: Stage, normalising: World
) -> None:
    scene = normalising.add("a", **FACTS)
    normalising.stash.weather(500, only="image")
    stage.enqueue(scene)

    for _ in range(5):
        stage.drain()
        stage.clock.move(300)

    assert normalising.stash.count("image") == 5
    assert len(stage.puts(scene)) <= 2


def test_a_value_that_somebody_changes_in_plex_is_what_stash_says_again(stage: Stage) -> None:
    scene = stage.world.add("a", title="Stash's", details="Stash's.")
    stage.sync(scene)
    stage.world.plex.user_edits(stage.world.key(scene), title="Plex's", summary="Plex's.")

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert (shown["title"], shown["summary"]) == ("Stash's", "Stash's.")


def test_a_plex_that_shows_an_edit_only_later_is_told_no_more_than_twice(stage: Stage) -> None:
    scene = stage.world.add("a", **FACTS)
    stage.world.plex.read_lag = 30.0

    for _ in range(5):
        stage.sync(scene)

    assert len(stage.puts(scene)) <= 2

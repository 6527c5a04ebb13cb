"""Retry Dead Letters: all of them by the button, some of them by their scenes' ids."""

import pytest

from tests.invocation.queues import answer_to, give_up_on, press
from tests.invocation.witness import error_of, rows, titles_shown
from tests.world import World


def given_up(world: World, names: str) -> list[int]:
    scenes = [world.add(name, title=name.upper()) for name in names]
    give_up_on(world, *scenes)
    return scenes


def dead(world: World) -> list[int]:
    return rows(world, "dead_letter", "id")


def test_all_dead_letters_are_tried_again_by_the_button(world: World) -> None:
    scenes = given_up(world, "abc")

    answer = answer_to(world, "retry_dlq")

    assert answer == "3 dead letters are in the queue again, as if new"
    world.until(lambda: titles_shown(world, scenes) == ["A", "B", "C"])
    assert dead(world) == []


@pytest.mark.parametrize(
    "ids",
    [
        pytest.param("{0}", id="one as text"),
        pytest.param("{0}, {1}", id="text with commas"),
        pytest.param([0], id="list"),
        pytest.param(["{0}", 1], id="list of texts and numbers"),
        pytest.param(0, id="number"),
    ],
)
def test_only_the_dead_letters_that_were_asked_for_are_tried_again(
    world: World, ids: object
) -> None:
    scenes = given_up(world, "abc")
    wanted = _named(ids, scenes)
    count = 2 if ids in ("{0}, {1}", ["{0}", 1]) else 1

    answer_to(world, "retry_dlq", ids=wanted)

    expected = ["A", "B", "C"][:count] + ["a", "b", "c"][count:]
    world.until(lambda: titles_shown(world, scenes) == expected)
    assert dead(world) == scenes[count:]


def _named(ids: object, scenes: list[int]) -> object:
    """The ids of scenes instead of their places."""
    match ids:
        case str():
            return ids.format(*scenes)
        case list():
            return [_named(one, scenes) for one in ids]
        case int():
            return scenes[ids]
    raise AssertionError(ids)


NO_IDS = ["abc", "", "1; 2", {"1": 2}, True, "9" * 5000]


@pytest.mark.parametrize("ids", NO_IDS, ids=lambda value: f"{value!r:.9}")
def test_ids_that_are_none_are_refused_in_one_sentence_and_nothing_changes(
    world: World, ids: object
) -> None:
    give_up_on(world, 1)

    error = error_of(press(world, "retry_dlq", ids=ids))

    assert error.startswith("ids must be scene ids with commas between them, not ")
    assert len(error) < 120
    assert dead(world) == [1]
    assert rows(world, "ack_queue_bulk") == []


@pytest.mark.parametrize("ids", ["2, 77", [], "-1"])
def test_scenes_that_were_not_given_up_are_not_enqueued(world: World, ids: object) -> None:
    give_up_on(world, 1)

    assert answer_to(world, "retry_dlq", ids=ids) == "No dead letter to retry"

    assert dead(world) == [1]
    assert rows(world, "ack_queue_bulk") == []

"""The buttons that look after the queue: what they take, what they say, and how it comes back."""

import re
from typing import Any

import pytest

from tests.invocation.circumstances import record
from tests.invocation.queues import (
    answer_to,
    enqueue_in_bulk,
    give_up_on,
    park,
    press,
    put_off,
)
from tests.invocation.witness import backgrounds, error_of, rows, titles_shown
from tests.world import World

HOW_BACK = "; Undo Clear restores what was removed, for 7 days"

ARGUMENTS: dict[str, dict[str, object]] = {
    "queue_status": {},
    "clear_queue": {},
    "clear_dlq": {},
    "purge_dlq": {"days": 30},
    "retry_dlq": {},
    "undo_clear": {},
    "clear_match_cache": {},
}


def add_some(world: World, names: str) -> list[int]:
    return [world.add(name, title=name.upper()) for name in names]


def dead(world: World) -> list[Any]:
    return rows(world, "dead_letter", "id")


def waiting(world: World) -> list[Any]:
    """Whatever waits for its turn or for its next attempt."""
    queued = [*rows(world), *rows(world, "ack_queue_bulk")]
    return queued + rows(world, "retry", "id")


def test_clearing_the_queue_takes_what_waits_and_nothing_else(world: World) -> None:
    given_up, parked, late, one, two, three = add_some(world, "abcdef")
    give_up_on(world, given_up)
    park(world, parked)
    put_off(world, late)
    record(world, one, two)
    enqueue_in_bulk(world, three)

    answer = answer_to(world, "clear_queue")

    assert answer == (
        "Clear Pending Queue: 3 waiting jobs, 1 job that waited for a retry removed" + HOW_BACK
    )
    assert waiting(world) == []
    assert dead(world) == [given_up]
    assert rows(world, "parked", "id") == [parked]
    assert world.plex.count("PUT") == 0


def test_clearing_the_dead_letters_takes_all_of_them_and_nothing_else(world: World) -> None:
    old, new, late = add_some(world, "abc")
    give_up_on(world, old, days_ago=40)
    give_up_on(world, new)
    put_off(world, late)

    answer = answer_to(world, "clear_dlq")

    assert answer == "Clear Dead Letter Queue: 2 dead letters removed" + HOW_BACK
    assert dead(world) == []
    assert rows(world, "retry", "id") == [late]


@pytest.mark.parametrize(
    ("days", "left"),
    [
        pytest.param({}, ["b", "c"], id="by the button"),
        pytest.param({"days": 10}, ["c"], id="number"),
        pytest.param({"days": "10"}, ["c"], id="text"),
        pytest.param({"days": 12.5}, ["b", "c"], id="fraction"),
        pytest.param({"days": 0}, [], id="nought"),
        pytest.param({"days": "0"}, [], id="nought as text"),
    ],
)
def test_purging_takes_the_dead_letters_that_are_old_enough(
    world: World, days: dict[str, object], left: list[str]
) -> None:
    scenes = dict(zip("abc", add_some(world, "abc"), strict=True))
    for name, age in (("a", 40), ("b", 12), ("c", 1)):
        give_up_on(world, scenes[name], days_ago=age)

    answer = answer_to(world, "purge_dlq", **days)

    gone = 3 - len(left)
    letters = "1 dead letter" if gone == 1 else f"{gone} dead letters"
    assert answer == f"Purge Old DLQ Entries: {letters} removed{HOW_BACK}"
    assert dead(world) == [scenes[name] for name in left]


def test_where_nothing_is_old_enough_purging_says_so(world: World) -> None:
    (scene,) = add_some(world, "a")
    give_up_on(world, scene, days_ago=29)

    assert answer_to(world, "purge_dlq") == (
        "Nothing removed: no dead letter is older than 30 days"
    )
    assert dead(world) == [scene]


NO_DAYS = [-1, "a week", None, True, "nan", "9" * 5000]


@pytest.mark.parametrize("days", NO_DAYS, ids=lambda value: f"{value!r:.9}")
def test_days_that_are_none_are_refused_in_one_sentence_and_nothing_is_removed(
    world: World, days: object
) -> None:
    give_up_on(world, 1, days_ago=40)

    error = error_of(press(world, "purge_dlq", days=days))

    assert error.startswith("days must be a number that is not negative, not '")
    assert len(error) < 120
    assert dead(world) == [1]


def test_what_is_cleared_by_mistake_reaches_plex_after_an_undo(world: World) -> None:
    late, one, two = scenes = add_some(world, "abc")
    put_off(world, late, days_ago=1)
    record(world, one)
    enqueue_in_bulk(world, two)
    answer_to(world, "clear_queue")

    answer = answer_to(world, "undo_clear")

    assert re.fullmatch(
        r"Undone: Clear Pending Queue of \d{4}-\d\d-\d\d \d\d:\d\d: "
        r"2 waiting jobs, 1 job that waited for a retry restored",
        answer,
    )
    world.until(lambda: titles_shown(world, scenes) == ["A", "B", "C"])
    assert answer_to(world, "undo_clear") == (
        "Nothing to undo: nothing was cleared in the last 7 days"
    )


@pytest.mark.parametrize("mode", ["clear_dlq", "purge_dlq"])
def test_dead_letters_that_were_cleared_come_back_and_can_be_tried_again(
    world: World, mode: str
) -> None:
    scenes = add_some(world, "ab")
    give_up_on(world, *scenes, days_ago=40)
    answer_to(world, mode)
    assert dead(world) == []

    assert "2 dead letters restored" in answer_to(world, "undo_clear")

    assert dead(world) == scenes
    answer_to(world, "retry_dlq")
    world.until(lambda: titles_shown(world, scenes) == ["A", "B"])
    assert dead(world) == []


def test_clearings_are_undone_one_after_the_other_the_latest_first(world: World) -> None:
    give_up_on(world, 1)
    put_off(world, 2)
    answer_to(world, "clear_dlq")
    answer_to(world, "clear_queue")

    first, second = answer_to(world, "undo_clear"), answer_to(world, "undo_clear")

    assert first.startswith("Undone: Clear Pending Queue of ")
    assert first.endswith("; 1 earlier clearing can be undone too")
    assert second.startswith("Undone: Clear Dead Letter Queue of ")
    assert (dead(world), rows(world, "retry", "id")) == ([1], [2])


def test_an_edit_after_a_clearing_reaches_plex_without_any_undo(world: World) -> None:
    (scene,) = add_some(world, "a")
    give_up_on(world, scene)
    answer_to(world, "clear_dlq")

    world.save(scene, title="Edited")

    world.until(lambda: world.shown(scene)["title"] == "Edited")
    world.until_drained()
    answer_to(world, "undo_clear")
    assert dead(world) == []  # it is no longer true


def test_after_the_match_cache_is_cleared_plex_is_listed_again(world: World) -> None:
    (scene,) = add_some(world, "a")
    record(world, scene)
    world.task("process_queue")
    world.until_drained()
    world.plex.clear_requests()

    answer = answer_to(world, "clear_match_cache")
    world.save(scene, title="Anew")

    assert answer == "Match cache cleared: Plex's libraries are listed again with the next scene"
    world.until(lambda: world.shown(scene)["title"] == "Anew")
    assert world.plex.count("GET", f"/library/sections/{world.section}/all") > 0


@pytest.mark.parametrize("mode", ["clear_everything", "handle_clear_queue", ""])
def test_a_mode_that_does_not_exist_is_an_error_and_removes_nothing(
    world: World, mode: str
) -> None:
    put_off(world, 1)

    error = error_of(press(world, mode))

    assert error == f"there is no task {mode!r}: reload the plugins in Stash"
    assert rows(world, "retry", "id") == [1]


def test_arguments_that_no_task_knows_are_passed_over(world: World) -> None:
    give_up_on(world, 1, 2)

    answer = answer_to(world, "clear_dlq", ids=[1], days=99, manager="x", colour={"red": None})

    assert answer.startswith("Clear Dead Letter Queue: 2 dead letters removed")


@pytest.mark.parametrize("mode", ARGUMENTS)
def test_every_task_that_looks_after_the_queue_wakes_a_background(world: World, mode: str) -> None:
    put_off(world, 1)

    press(world, mode, **ARGUMENTS[mode])

    assert len(backgrounds(world)) == 1

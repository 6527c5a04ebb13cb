"""Process Queue: what its user sees, and that it goes on until nothing is due."""

import itertools
import re
import time

import pytest

from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.queues import (
    at_the_write,
    breaker_says,
    cancelled_at_the_write,
    give_up_on,
    held_at_a_write,
    put_into_queue,
    put_off,
)
from tests.invocation.witness import answer_of, rows, titles_shown
from tests.servers.stash import PluginResult
from tests.world import World

FOLLOWING = "Another process drains; showing its progress"


def add_some(world: World, count: int) -> list[int]:
    return [world.add(f"n{n}", title=f"T{n}") for n in range(count)]


def titles(count: int) -> list[str]:
    return [f"T{n}" for n in range(count)]


def told(result: PluginResult, beginning: str) -> list[str]:
    """The lines of the log that begin so."""
    return [text for _, text in result.logs if text.startswith(beginning)]


def test_every_five_items_it_says_how_far_it_is(world: World) -> None:
    record(world, *add_some(world, 12))

    result = world.task("process_queue")

    assert told(result, "Starting batch") == ["Starting batch processing of 12 items..."]
    five, ten = told(result, "Progress: ")
    rate = r"\d+\.\d items/sec"
    assert re.fullmatch(rf"Progress: 5/12 \(42%\), 7 remaining, {rate}", five)
    assert re.fullmatch(rf"Progress: 10/12 \(83%\), 2 remaining, {rate}", ten)
    assert result.progress == [0.0, 0.4167, 0.8333, 1.0]


def test_the_total_follows_a_queue_that_grows_meanwhile(world: World) -> None:
    scenes = add_some(world, 20)
    at_the_write(world, 3, lambda: record(world, *scenes[12:]))
    record(world, *scenes[:12])

    result = world.task("process_queue")

    assert told(result, "Progress: ")[0].startswith("Progress: 5/20 (25%), 15 remaining")
    assert result.progress[0] == 0
    assert result.progress[-1] == 1
    assert all(one <= later for one, later in itertools.pairwise(result.progress))
    assert titles_shown(world, scenes) == titles(20)
    assert "20 succeeded" in answer_of(result)["output"]


def test_retries_that_are_due_are_counted_from_the_start(world: World) -> None:
    scenes = add_some(world, 3)
    put_off(world, *scenes, days_ago=1)

    result = world.task("process_queue")

    assert told(result, "Starting batch") == ["Starting batch processing of 3 items..."]
    assert "3 succeeded" in answer_of(result)["output"]


def test_an_empty_queue_is_said_at_once_and_plex_is_not_asked(world: World) -> None:
    result = world.task("process_queue")

    assert answer_of(result) == {"output": "Queue is empty - nothing to process"}
    assert result.logs == [("info", "Queue is empty - nothing to process")]
    assert world.plex.requests == []


def test_what_was_given_up_is_counted_with_what_was_given_up_before(world: World) -> None:
    give_up_on(world, world.add("before"))
    one, two, three = add_some(world, 3)
    for scene in (one, two):
        world.plex.chokes_on(world.key(scene), 400)
    record(world, one, two, three)

    result = world.task("process_queue")

    assert "1 succeeded, 2 failed" in answer_of(result)["output"]
    assert ("warning", "DLQ contains 3 items requiring review") in result.logs


def test_where_nothing_failed_the_dead_letters_are_not_mentioned(world: World) -> None:
    give_up_on(world, world.add("before"))
    record(world, *add_some(world, 1))

    result = world.task("process_queue")

    assert told(result, "DLQ") == []


def test_with_an_open_breaker_it_says_so_asks_plex_nothing_and_loses_nothing(
    world: World,
) -> None:
    scenes = add_some(world, 3)
    record(world, *scenes)
    breaker_says(world, state="open", failure_count=5, opened_at=time.time())

    result = world.task("process_queue")

    assert ("warning", "Circuit breaker OPEN - Plex may be unavailable") in result.logs
    assert ("info", "Processed 0 items before circuit break") in result.logs
    summary = answer_of(result)["output"]
    assert "0 succeeded, 0 failed" in summary
    assert "; 3 remain and are left to the background" in summary
    assert 1.0 not in result.progress
    assert world.plex.requests == []
    assert len(rows(world)) == 3
    assert [rows(world, table, "id") for table in ("retry", "dead_letter")] == [[], []]


def test_the_failure_that_opens_the_breaker_ends_it_and_everything_waits(world: World) -> None:
    breaker_says(world, failure_count=4)
    world.plex.weather(503)
    record(world, *add_some(world, 3))

    result = world.task("process_queue")

    assert ("warning", "Circuit breaker OPEN - Plex may be unavailable") in result.logs
    assert ("info", "Processed 0 items before circuit break") in result.logs
    assert 1.0 not in result.progress
    assert len(rows(world)) == 3
    assert [rows(world, table, "id") for table in ("retry", "dead_letter")] == [[], []]


def test_beside_a_running_drain_it_shows_that_ones_progress_and_ends_with_it(
    world: World,
) -> None:
    scenes = add_some(world, 25)
    record(world, *scenes[1:])

    with held_at_a_write(world) as hold:
        world.hook(scenes[0])
        world.until(hold.came.is_set)
        world.plex.latency = 0.1
        world.stash.before_answer = lambda _: hold.may_go.set()  # the task asks for the settings
        result = world.task("process_queue")

    assert ("info", FOLLOWING) in result.logs
    assert told(result, "Progress: ") == []
    assert answer_of(result)["output"] == (
        "Nothing is due; the background process has drained the queue"
    )
    assert titles_shown(world, scenes) == titles(25)
    assert [value for value in result.progress if 0 < value < 1]
    assert result.progress == sorted(result.progress)
    assert result.progress[-1] == 1


def test_beside_a_drain_that_waits_for_plex_it_says_so_and_ends(world: World) -> None:
    record(world, *add_some(world, 3))
    breaker_says(world, state="open", failure_count=5, opened_at=time.time())

    with somebody_holds(world.data_dir / "drain.lock"):
        result = world.task("process_queue")

    assert answer_of(result)["output"] == (
        "3 items wait until Plex answers again; nothing is counted meanwhile"
    )
    assert world.plex.requests == []
    assert len(rows(world)) == 3


def test_cancelling_it_loses_nothing_and_the_next_one_goes_on(world: World) -> None:
    scenes = add_some(world, 12)
    record(world, *scenes)
    cancelled_at_the_write(world, 5)

    result = world.task("process_queue")

    assert "Starting batch processing of " in told(result, "Starting")[0]
    assert titles_shown(world, scenes) == titles(12)
    assert [rows(world, table, "id") for table in ("at_work", "retry", "dead_letter")] == [[]] * 3


def test_it_ends_although_a_retry_waits_and_says_when_that_is_due(world: World) -> None:
    put_off(world, world.add("late"), seconds=500)
    record(world, *add_some(world, 2))

    result = world.task("process_queue")

    found = re.search(
        r"2 succeeded.*; the next retry is due in (\d+) s$", answer_of(result)["output"]
    )
    assert found is not None
    assert 400 < int(found[1]) <= 500
    assert result.progress[-1] == 1


@pytest.mark.parametrize(
    "count", [1_200, pytest.param(10_000, marks=[pytest.mark.proof, pytest.mark.timeout(900)])]
)
def test_one_scene_that_is_not_in_plex_delays_none_of_the_others(
    world: World, count: int, capfd: pytest.CaptureFixture[str]
) -> None:
    missing = count // 4
    scenes = [world.add(f"n{n}", title=f"T{n}", in_plex=n != missing) for n in range(count)]
    put_into_queue(world, *scenes)

    result = world.task("process_queue", timeout=800)

    summary = answer_of(result)["output"]
    assert f"{count - 1} succeeded, 0 failed" in summary
    assert re.search(r"\d put off; the next retry is due in \d+ s$", summary)
    shown = [scene for scene in scenes if scene != scenes[missing]]
    written = [request.args["id"] for request in world.plex.requests if request.method == "PUT"]
    assert written == [str(world.key(scene)) for scene in shown]  # once each, and in their turn
    assert rows(world, "retry", "id") == [scenes[missing]]
    assert result.progress[-1] == 1
    with capfd.disabled():
        if count > 1_200:
            print(f"\n{count} jobs, one not in Plex: {result.seconds:.1f} s; {summary}")

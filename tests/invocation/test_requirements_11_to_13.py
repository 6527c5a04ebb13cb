"""Each requirement of queue management, Process Queue and time estimates, by its number.

What stands behind each is shown in depth elsewhere; here is the core, in the plugin as it is.
"""

import json
import re
from typing import Any

import pytest

from tests.invocation.circumstances import record
from tests.invocation.queues import (
    answer_to,
    button,
    cancelled_at_the_write,
    enqueue_in_bulk,
    give_up_on,
    in_this_process,
    measured,
    put_into_queue,
    put_off,
)
from tests.invocation.terminal import terminal
from tests.invocation.witness import answer_of, rows, titles_shown
from tests.servers.stash import PluginResult
from tests.world import FrozenClock, World
from worker import foreground

HOW_BACK = "Undo Clear restores what was removed, for 7 days"


def add_some(world: World, count: int) -> list[int]:
    return [world.add(f"n{n}", title=f"T{n}") for n in range(count)]


def titles(count: int) -> list[str]:
    return [f"T{n}" for n in range(count)]


def told(result: PluginResult) -> list[str]:
    return [text for _, text in result.logs]


def test_queue_01_the_status_of_the_queue_is_seen_in_stash(world: World) -> None:
    give_up_on(world, world.add("a", title="A"))
    put_off(world, world.add("b"))
    record(world, world.add("c"))

    result = button(world, "View Queue Status")

    lines = told(result)
    for line in ("Pending: 1", "Due now: 1", "In progress: 0", "Dead letters: 1"):
        assert line in lines
    assert [line for line in lines if line.startswith('scene 1 "A": it fails')]
    status = answer_of(result)["output"]
    assert [status[key] for key in ("pending", "waiting", "failed")] == [1, 1, 1]


def test_queue_02_all_items_of_the_queue_are_deleted(world: World) -> None:
    put_off(world, 1)
    record(world, 2, 3)
    enqueue_in_bulk(world, 4, 5)

    button(world, "Clear Pending Queue")

    left = [
        rows(world, "ack_queue_default"),
        rows(world, "ack_queue_bulk"),
        rows(world, "retry", "id"),
    ]
    assert left == [[], [], []]


def test_queue_03_the_dead_letters_are_purged(world: World) -> None:
    give_up_on(world, 1, days_ago=31)
    give_up_on(world, 2, days_ago=29)

    button(world, "Purge Old DLQ Entries")
    assert rows(world, "dead_letter", "id") == [2]

    button(world, "Clear Dead Letter Queue")
    assert rows(world, "dead_letter", "id") == []


def test_queue_04_nothing_is_destroyed_that_was_not_confirmed(world: World) -> None:
    """Stash cannot ask whether one is sure, so one can change one's mind for a week."""
    scenes = add_some(world, 3)
    give_up_on(world, scenes[0], days_ago=31)
    record(world, *scenes[1:])
    before = (rows(world), rows(world, "dead_letter", "id"))
    world.stash.settings["disabled"] = True  # so that what comes back stays to be looked at

    for name in ("Clear Pending Queue", "Clear Dead Letter Queue"):
        button(world, name)
    assert (rows(world), rows(world, "dead_letter", "id")) == ([], [])
    button(world, "Undo Clear")
    button(world, "Undo Clear")

    assert (rows(world), rows(world, "dead_letter", "id")) == before


def test_queue_05_every_task_says_afterwards_what_it_has_done(world: World) -> None:
    give_up_on(world, 1, days_ago=31)
    put_off(world, 2)

    assert answer_to(world, "purge_dlq") == (
        f"Purge Old DLQ Entries: 1 dead letter removed; {HOW_BACK}"
    )
    assert answer_to(world, "clear_queue") == (
        f"Clear Pending Queue: 1 job that waited for a retry removed; {HOW_BACK}"
    )
    assert answer_to(world, "clear_dlq") == "Nothing removed: there were no dead letters"
    assert answer_to(world, "undo_clear").endswith(
        ": 1 job that waited for a retry restored; 1 earlier clearing can be undone too"
    )


def test_proc_01_the_user_starts_processing_by_hand(world: World) -> None:
    scenes = add_some(world, 2)
    record(world, *scenes)

    result = button(world, "Process Queue")

    assert "2 succeeded, 0 failed" in answer_of(result)["output"]
    assert titles_shown(world, scenes) == titles(2)


def test_proc_02_a_backlog_is_resumed_where_it_was_left(world: World) -> None:
    scenes = add_some(world, 10)
    record(world, *scenes)
    cancelled_at_the_write(world, 4)
    written = world.plex.count("PUT")

    result = button(world, "Process Queue")

    assert titles_shown(world, scenes) == titles(10)
    assert world.plex.count("PUT") - written <= 7  # the one at work, and those behind it
    assert "0 failed" in answer_of(result)["output"]


def test_proc_03_progress_is_visible_while_it_runs(world: World) -> None:
    record(world, *add_some(world, 8))

    result = button(world, "Process Queue")

    assert result.progress == [0.0, 0.625, 1.0]
    assert [line for line in told(result) if line.startswith("Progress: 5/8 (62%), 3 remaining, ")]


def test_proc_03_also_where_five_items_take_long(
    world: World, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    put_into_queue(world, *add_some(world, 3))

    in_this_process(world, clock, foreground.process_queue, seconds_per_write=10)

    lines = [line for line in caplog.messages if line.startswith("Progress: ")]
    assert [line.split(",")[0] for line in lines] == [
        "Progress: 1/3 (33%)", "Progress: 2/3 (67%)", "Progress: 3/3 (100%)",
    ]  # fmt: skip


def test_proc_04_what_a_stopped_process_left_behind_is_no_longer_stuck(world: World) -> None:
    scenes = add_some(world, 6)
    record(world, *scenes)
    cancelled_at_the_write(world, 2)
    assert rows(world, column="status").count(2) > 0  # in flight, and nobody is at it

    button(world, "Process Queue")

    assert titles_shown(world, scenes) == titles(6)
    assert not any(world.queue_stats().values())


def test_proc_05_it_goes_on_until_nothing_is_due_however_long_that_takes(
    world: World, clock: FrozenClock
) -> None:
    scenes = add_some(world, 60)
    put_into_queue(world, *scenes)

    summary = in_this_process(world, clock, foreground.process_queue, seconds_per_write=30)

    assert re.fullmatch(
        r"Batch processing complete: 60 succeeded, 0 failed in 18\d\d\.\ds", summary
    )
    assert titles_shown(world, scenes) == titles(60)


def test_proc_06_big_queues_are_read_in_batches_of_a_hundred(world: World) -> None:
    scenes = add_some(world, 250)
    put_into_queue(world, *scenes)

    result = button(world, "Process Queue")

    assert "250 succeeded, 0 failed" in answer_of(result)["output"]
    asked = [r.variables for r in world.stash.requests if r.operation == "findScene"]
    assert [len(variables) for variables in asked] == [100, 100, 50]
    assert titles_shown(world, scenes) == titles(250)


def test_time_01_the_average_time_per_job_is_measured_and_kept_over_processes(
    world: World,
) -> None:
    scenes = add_some(world, 6)
    record(world, *scenes[:2])
    button(world, "Process Queue")
    first = _stats(world)
    world.until_drained()
    world.kill_background()
    record(world, *scenes[2:])

    button(world, "Process Queue")

    assert (first["jobs_processed"], _stats(world)["jobs_processed"]) == (2, 6)
    assert _stats(world)["total_processing_time"] > first["total_processing_time"] > 0
    status = answer_of(world.task("queue_status"))["output"]
    assert status["seconds_per_item_is_measured"]
    average = _stats(world)["total_processing_time"] / 6
    assert status["seconds_per_item"] == pytest.approx(average)


def _stats(world: World) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((world.data_dir / "stats.json").read_text())
    return document


@pytest.mark.parametrize(
    ("jobs", "told_as"),
    [(10, "measured: 3 s per item"), (0, "default: 2 s per item")],
)
def test_time_02_the_time_needed_is_items_times_average(
    world: World, jobs: int, told_as: str
) -> None:
    measured(world, jobs=jobs, seconds=3.0 * jobs)
    put_into_queue(world, *range(1, 8))
    average = 3 if jobs else 2

    result = button(world, "View Queue Status")

    assert f"Estimated time left: {7 * average} s for 7 items ({told_as})" in told(result)
    assert answer_of(result)["output"]["seconds_left"] == 7 * average


def test_time_03_stash_is_never_asked_for_a_timeout(world: World) -> None:
    """It has none: what is asked are settings, scenes and covers, by whichever task."""
    record(world, *add_some(world, 3))
    for mode in ("queue_status", "process_queue", "all", "recent"):
        assert "output" in answer_of(world.task(mode))
    assert terminal(world).code == 0

    for request in world.stash.requests:
        if request.path == "/graphql":
            assert request.operation in ("version", "findScene", "findScenes")
            assert request.text.lstrip().startswith("query ")
        else:
            assert re.fullmatch(r"/scene/\d+/screenshot", request.path)
        assert "timeout" not in request.text.lower()


@pytest.mark.parametrize(
    ("seconds_per_job", "limit"),
    [
        pytest.param(0.01, 30, id="not less than half a minute"),
        pytest.param(4.0, 60, id="half as much again as is needed"),
        pytest.param(1000.0, 600, id="not more than ten minutes"),
    ],
)
def test_time_04_the_time_a_task_takes_is_capped(
    world: World, seconds_per_job: float, limit: int
) -> None:
    measured(world, jobs=100, seconds=100 * seconds_per_job)
    add_some(world, 10)

    result = button(world, "Sync All Scenes to Plex")

    line = f"This task takes {limit} s at most and leaves the rest to the background"
    assert line in told(result)


def test_time_05_where_the_time_is_not_enough_the_user_is_told_how_to_go_on(
    world: World, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    add_some(world, 20)  # reckoned with 2 s each, and half as much again

    summary = in_this_process(world, clock, foreground.sync_all, seconds_per_write=10)

    assert "This task takes 60 s at most" in caplog.text
    assert "6 succeeded" in summary
    assert "14 remain and are left to the background" in summary
    (hint,) = [line for line in caplog.messages if line.startswith("14 items remain: ")]
    assert re.fullmatch(
        r"14 items remain: \d+ s for 14 items \(measured: [\d.]+ s per item\); "
        "Process Queue goes on without a limit",
        hint,
    )

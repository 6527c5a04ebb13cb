"""Watching another process's drain: its progress is shown, and nothing is processed twice."""

from collections.abc import Iterator
from functools import partial

import pytest

from sync_queue import host
from tests.worker.conftest import Run
from tests.worker.stage import EventfulClock, Stage
from tests.world import World
from worker import foreground


def given_scenes(stage: Stage, count: int) -> list[int]:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(count)]
    stage.clock.move(10)
    return scenes


class Another:
    """A process that drains, as far as its lock shows."""

    def __init__(self, world: World) -> None:
        world.data_dir.mkdir(parents=True)
        self._lock = host.try_lock(str(world.data_dir / "drain.lock"))
        assert self._lock is not None

    def end(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            host.unlock(self._lock)
            self._lock = None


@pytest.fixture(autouse=True)
def another(world: World) -> Iterator[Another]:
    another = Another(world)
    yield another
    another.end()


def test_its_progress_is_shown_until_nothing_is_due(
    stage: Stage, run: Run, bar: list[float], clock: EventfulClock
) -> None:
    stage.enqueue(*given_scenes(stage, 4))
    process = partial(
        stage.queue.db.execute,
        "DELETE FROM ack_queue_default WHERE _id = (SELECT MIN(_id) FROM ack_queue_default)",
    )
    clock.events = [process] * 4

    summary = run(foreground.process_queue)

    assert summary == "Nothing is due; the background process has drained the queue"
    assert bar == [0.0, 0.25, 0.5, 0.75, 1.0]


def test_nothing_is_written_meanwhile(stage: Stage, run: Run) -> None:
    stage.enqueue(*given_scenes(stage, 3))

    run(foreground.process_queue)

    assert stage.world.plex.requests == []
    assert stage.stats["pending"] == 3


def test_a_drain_that_does_not_move_for_a_minute_is_left_alone(
    stage: Stage, run: Run, clock: EventfulClock
) -> None:
    stage.enqueue(*given_scenes(stage, 3))

    summary = run(foreground.process_queue)

    assert summary == "3 items wait; the process that drains has not moved for 60 s"
    assert sum(clock.slept) == 60


def test_an_open_breaker_ends_the_watching_at_once(
    stage: Stage, run: Run, clock: EventfulClock
) -> None:
    stage.enqueue(*given_scenes(stage, 3))
    for _ in range(5):
        stage.worker.circuit_breaker.record_failure()

    summary = run(foreground.process_queue)

    assert summary == "3 items wait until Plex answers again; nothing is counted meanwhile"
    assert clock.slept == []


def test_a_queue_that_grows_moves_the_bar_within_its_bounds(
    stage: Stage, run: Run, bar: list[float], clock: EventfulClock
) -> None:
    scenes = given_scenes(stage, 6)
    stage.enqueue(*scenes[:2])
    clock.events = [
        lambda: stage.enqueue(*scenes[2:]),
        lambda: stage.queue.db.execute("DELETE FROM ack_queue_default WHERE _id > 3"),
        lambda: stage.queue.db.execute("DELETE FROM ack_queue_default"),
    ]

    run(foreground.process_queue)

    assert all(0 <= place <= 1 for place in bar)
    assert bar == sorted(bar)
    assert bar[-1] == 1.0


def test_sync_all_enqueues_and_shows_the_others_progress(stage: Stage, run: Run) -> None:
    given_scenes(stage, 3)

    summary = run(foreground.sync_all)

    assert summary == "3 scenes enqueued. 3 items remain and are left to the background"


def test_what_a_process_leaves_behind_when_it_ends_is_drained_here(
    stage: Stage, run: Run, clock: EventfulClock, another: Another
) -> None:
    scenes = given_scenes(stage, 3)
    stage.enqueue(*scenes)
    clock.events = [lambda: None, another.end]

    summary = run(foreground.process_queue)

    assert summary == "Batch processing complete: 3 succeeded, 0 failed in 0.0s"
    assert [stage.world.shown(s)["title"] for s in scenes] == ["Scene 0", "Scene 1", "Scene 2"]


def test_the_watching_ends_with_its_budget(stage: Stage, run: Run, clock: EventfulClock) -> None:
    scenes = given_scenes(stage, 4)
    stage.enqueue(*scenes[:2])
    clock.events = [partial(stage.enqueue, scenes[n]) for n in (2, 3)]

    summary = run(partial(foreground.process_queue, budget=10))

    assert summary == "4 items remain and are left to the background"
    assert sum(clock.slept) == 10


def test_an_empty_queue_is_no_reason_to_watch(run: Run, clock: EventfulClock) -> None:
    assert run(foreground.process_queue) == "Queue is empty - nothing to process"
    assert clock.slept == []

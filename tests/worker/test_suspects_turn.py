"""Whose turn it is: a scene suspected of killing workers is alone, and last of its queue."""

import threading
from collections.abc import Callable

import pytest

from domain.job import QueueName
from sync_queue.operations import get_pending
from sync_queue.orphans import mark_at_work, resume_orphans
from tests.worker.stage import Stage, hook
from tests.world import FrozenClock, World
from worker.batch import BATCH, next_batch, size_of_batch


def suspect(stage: Stage, scene: int, queue: QueueName = "default") -> None:
    """Let the scene be at work when a worker dies."""
    stage.enqueue(scene, queue=queue)
    job = get_pending(stage.queue)
    assert job is not None
    with stage.queue.db.transaction():
        mark_at_work(stage.queue, job)
    resume_orphans(stage.queue)


def turns(stage: Stage) -> list[list[int]]:
    """The scenes of each batch, until nothing is due."""
    found = []
    while batch := next_batch(stage.queue):
        found.append([int(job.scene_id) for job in batch])
    return found


def test_a_suspect_comes_after_the_saves_and_before_bulk_runs(stage: Stage) -> None:
    suspect(stage, 1)
    stage.enqueue(2, 3)
    stage.enqueue(4, 5, queue="bulk")

    assert turns(stage) == [[2, 3], [1], [4, 5]]


def test_a_suspect_of_a_bulk_run_comes_last_of_all(stage: Stage) -> None:
    suspect(stage, 1, "bulk")
    stage.enqueue(2, 3, queue="bulk")
    stage.enqueue(4)

    assert turns(stage) == [[4], [2, 3], [1]]


def test_every_suspect_runs_alone(stage: Stage) -> None:
    for scene, queue in enumerate(("default", "bulk", "default", "bulk"), 1):
        suspect(stage, scene, queue)  # type: ignore[arg-type]
    stage.enqueue(5, queue="bulk")

    assert turns(stage) == [[1], [3], [5], [2], [4]]


def test_a_save_that_comes_while_a_suspect_is_at_work_is_next(stage: Stage) -> None:
    suspect(stage, 1)
    suspect(stage, 2)
    assert [job.scene_id for job in next_batch(stage.queue)] == [1]

    stage.enqueue(3)

    assert turns(stage) == [[3], [2]]


def test_a_suspect_of_a_bulk_run_that_somebody_saves_is_a_saves_suspect(stage: Stage) -> None:
    """Else that save would wait behind the whole bulk run."""
    suspect(stage, 1, "bulk")
    stage.enqueue(2, queue="bulk")
    stage.enqueue(1)

    assert turns(stage) == [[1], [2]]


def test_a_suspect_that_a_bulk_run_queues_too_keeps_its_turn_and_runs_once(stage: Stage) -> None:
    suspect(stage, 1)
    stage.enqueue(1, 2, queue="bulk")

    assert turns(stage) == [[1], [2]]


def test_batches_are_halved_with_each_suspect(stage: Stage) -> None:
    sizes = []
    for scene in range(1, 9):
        sizes.append(size_of_batch(stage.queue, BATCH))
        suspect(stage, scene)

    assert sizes == [100, 50, 25, 12, 6, 3, 1, 1]


def test_a_batch_is_of_one_queue_and_no_bigger_than_one_question_to_stash(stage: Stage) -> None:
    stage.enqueue(*range(1, 131))
    stage.enqueue(*range(1001, 1003), queue="bulk")

    assert [len(batch) for batch in turns(stage)] == [100, 30, 2]


class BusyClock(FrozenClock):
    """While the drain looks at it for the so-and-so-many-th time, something happens.

    Attributes:
        event: what happens, once; None when it has happened.
        looks: how many until then.
    """

    def __init__(self) -> None:
        super().__init__()
        self.event: Callable[[], object] | None = None
        self.looks = 0

    def now(self) -> float:
        # The servers live by this clock too, in threads of their own.
        if self.event is not None and threading.current_thread() is threading.main_thread():
            self.looks -= 1
            if not self.looks:
                event, self.event = self.event, None
                event()
        return super().now()


@pytest.mark.parametrize("looks", [1, 2, 3, 4])
def test_a_scene_that_is_edited_while_its_batch_is_claimed_is_in_it_once_and_synced_once(
    world: World, looks: int
) -> None:
    """The drain looks at the clock before each of its claims, and before it finds no more."""
    clock = BusyClock()
    stage = Stage(world, clock)
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(3)]

    def edit() -> None:
        world.stash.edit(scenes[0], title="Edited")
        hook(world, scenes[0])

    stage.enqueue(*scenes)
    clock.event, clock.looks = edit, looks
    batch = next_batch(stage.queue)

    assert clock.looks == 0
    assert [job.scene_id for job in batch] == scenes
    assert stage.stats["pending"] == 0
    stage.reopen()
    assert stage.drain().processed == 3
    assert world.shown(scenes[0])["title"] == "Edited"
    assert len(stage.puts(scenes[0])) == 1
    assert stage.is_idle()

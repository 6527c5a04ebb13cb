"""What a drain gets when it asks for a job, and what becomes of events that arrive meanwhile."""

from dataclasses import dataclass, field

import pytest

from domain.job import SyncJob
from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending, has_waiting, is_due, release
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock


def test_1000_events_of_one_scene_are_one_job(store: Store, queue: SyncQueue) -> None:
    store.event(1)
    store.events(1, times=999)

    job = store.take()

    assert get_pending(queue) is None
    store.finish(job)
    assert store.stats == dict.fromkeys(store.stats, 0)


def test_events_of_one_scene_in_both_queues_are_one_job(store: Store) -> None:
    store.put(1, queue="bulk")
    store.event(1)

    assert store.take_all() == [1]


def test_jobs_are_fetched_in_the_order_in_which_they_came(store: Store) -> None:
    store.event(3, 1, 2, 1, 3)

    assert store.take_all() == [3, 1, 2]


def test_a_save_is_fetched_before_everything_in_bulk(store: Store) -> None:
    store.put(1, 2, 3, queue="bulk")
    store.event(9)

    assert store.take_all() == [9, 1, 2, 3]


def test_a_drain_may_look_into_one_queue_only(store: Store, queue: SyncQueue) -> None:
    store.event(9)
    store.put(1, queue="bulk")

    job = get_pending(queue, names=("bulk",))

    assert job is not None
    assert (job.key, job.queue) == (scene(1), "bulk")


def test_a_fresh_job_has_no_history_but_the_time_of_its_event(
    store: Store, clock: FrozenClock
) -> None:
    store.put(1)
    recorded_at = clock.now()
    clock.move(60)

    assert store.take() == SyncJob(scene(1), "default", enqueued_at=recorded_at)


def test_an_event_for_a_scene_in_flight_is_fetched_after_it_is_settled(store: Store) -> None:
    store.event(1)
    job = store.take()
    store.event(1)

    store.finish(job)

    assert store.take_all() == [1]


def test_an_event_for_a_scene_in_flight_survives_its_failure(store: Store) -> None:
    store.event(1)
    job = store.take()
    store.event(1)

    store.postpone(job, 60)

    assert store.take_all() == [1]


def test_nothing_is_fetched_from_an_empty_queue(queue: SyncQueue) -> None:
    assert get_pending(queue) is None


def test_a_claimed_job_that_is_put_back_keeps_its_place(store: Store, queue: SyncQueue) -> None:
    store.event(1, 2)
    job = store.take()

    with store.settling():
        release(queue, [job])

    assert store.take_all() == [1, 2]


def test_the_queue_tells_whether_a_save_waits(store: Store, queue: SyncQueue) -> None:
    store.put(1, queue="bulk")
    store.event(2)
    assert has_waiting(queue, "default")

    store.take()

    assert not has_waiting(queue, "default")
    assert has_waiting(queue, "bulk")


def test_something_is_due_while_a_job_waits_and_not_when_it_is_in_flight(
    store: Store, queue: SyncQueue
) -> None:
    assert not is_due(queue)

    store.put(1, queue="bulk")
    assert is_due(queue)

    store.take()
    assert not is_due(queue)


@dataclass
class ClockWithAnEvent(FrozenClock):
    """Something happens whenever somebody waits."""

    store: Store | None = None
    time: float = 1_800_000_000.0
    elapsed: float = 0.0
    locked: list[bool] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        assert self.store is not None
        self.locked.append(self.store.is_locked())
        self.store.event(1)
        self.move(seconds)


@pytest.fixture
def patient(store: Store) -> ClockWithAnEvent:
    """The store's clock; an event arrives while the drain waits for one."""
    clock = ClockWithAnEvent(store)
    store.manager.clock = clock
    return clock


def test_a_drain_may_wait_for_a_job(store: Store, patient: ClockWithAnEvent) -> None:
    job = get_pending(store.queue, timeout=1.0)

    assert job is not None
    assert job.key == scene(1)
    assert patient.elapsed < 1.0


def test_waiting_for_a_job_keeps_nobody_from_recording_one(
    store: Store, patient: ClockWithAnEvent
) -> None:
    get_pending(store.queue, timeout=1.0)

    assert patient.locked == [False]


def test_a_drain_waits_no_longer_than_it_wanted(store: Store, clock: FrozenClock) -> None:
    assert get_pending(store.queue, timeout=0.12) is None
    assert clock.elapsed == pytest.approx(0.12)

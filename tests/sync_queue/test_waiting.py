"""A job that waits is not fetched before it is due, and is never forgotten."""

from dataclasses import replace

import pytest

from domain.outcome import Waiting
from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending, is_due, send_to_back
from sync_queue.retry import LONGEST_WAIT, load_job, next_due, promote_due, put_off
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock

DAY = 86_400.0


@pytest.fixture
def waiting(store: Store) -> Store:
    """Scene 1 has failed twice, was missed once, and waits for 60 seconds."""
    store.event(1)
    store.postpone(replace(store.take(), attempts=2, misses=1), 60)
    return store


def test_a_job_that_is_not_due_is_never_fetched(waiting: Store, clock: FrozenClock) -> None:
    clock.move(59.9)

    assert waiting.take_all() == []
    assert waiting.stats["waiting"] == 1


def test_a_job_is_fetched_when_it_is_due_with_what_it_went_through(
    waiting: Store, clock: FrozenClock
) -> None:
    clock.move(60)

    job = waiting.take()

    assert (job.key, job.attempts, job.misses) == (scene(1), 2, 1)


def test_a_job_that_waits_does_not_hold_up_those_behind_it(waiting: Store) -> None:
    waiting.event(2, 3)

    assert waiting.take_all() == [2, 3]


def test_a_due_job_goes_behind_those_that_wait_already(waiting: Store, clock: FrozenClock) -> None:
    waiting.event(2, 3)

    clock.move(60)

    assert waiting.take_all() == [2, 3, 1]


def test_a_job_of_a_bulk_run_stays_one(store: Store, clock: FrozenClock) -> None:
    store.put(1, queue="bulk")
    store.postpone(store.take(), 60)
    clock.move(60)
    store.event(2)

    assert store.take().key == scene(2)
    assert store.take().queue == "bulk"


def test_due_jobs_are_fetched_longest_overdue_first(store: Store, clock: FrozenClock) -> None:
    store.event(1, 2, 3)
    for seconds in (30, 10, 20):
        store.postpone(store.take(), seconds)

    clock.move(60)

    assert store.take_all() == [2, 3, 1]


def test_2500_jobs_that_are_due_at_once_are_promoted_1000_at_a_time(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    """So that a hook never waits for the lock any longer than during a bulk insert."""
    columns = "kind, id, queue, next_retry_at, first_at"
    rows = [("scene", number, "bulk", clock.now(), 0.0) for number in range(1, 2501)]
    store.sql_many(f"INSERT INTO retry ({columns}) VALUES (?, ?, ?, ?, ?)", rows)

    pending = []
    for _ in range(3):
        promote_due(queue)
        pending.append(store.stats["pending"])

    assert pending == [1000, 2000, 2500]


def test_promoting_twice_makes_no_second_job(
    waiting: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    clock.move(60)
    promote_due(queue)
    promote_due(queue)

    assert waiting.stats["pending"] == 1


def test_a_new_event_makes_a_waiting_job_due_at_once(waiting: Store) -> None:
    waiting.event(1)

    assert waiting.take_all() == [1]


def test_a_new_event_forgives_earlier_failures(waiting: Store) -> None:
    waiting.event(1)

    job = waiting.take()

    assert (job.attempts, job.misses) == (0, 0)


def test_a_new_event_forgives_even_when_the_job_has_just_become_due(
    waiting: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    clock.move(60)
    promote_due(queue)
    waiting.event(1)

    assert waiting.take().attempts == 0


def test_being_due_again_forgives_nothing_after_a_crash(waiting: Store, clock: FrozenClock) -> None:
    clock.move(60)
    waiting.take()

    waiting.die()

    assert waiting.take().attempts == 2


def test_going_behind_the_others_forgives_nothing(
    waiting: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    clock.move(60)
    job = waiting.take()

    with waiting.settling():
        send_to_back(queue, job)

    assert waiting.take().attempts == 2


def test_a_success_forgets_that_the_scene_ever_waited(waiting: Store, queue: SyncQueue) -> None:
    waiting.event(1)

    waiting.finish(waiting.take())

    assert load_job(queue, scene(1)).attempts == 0
    assert next_due(queue) is None


def test_the_next_due_time_is_the_earliest(store: Store, queue: SyncQueue) -> None:
    store.event(1, 2)
    store.postpone(store.take(), 90)
    store.postpone(store.take(), 30)

    assert next_due(queue) == store.clock.now() + 30


def test_nothing_is_due_next_when_nothing_waits(queue: SyncQueue) -> None:
    assert next_due(queue) is None


def test_a_waiting_job_is_due_exactly_from_its_time_on(
    waiting: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    clock.move(59.9)
    assert not is_due(queue)

    clock.move(0.1)
    assert is_due(queue)


def test_a_job_that_waits_is_not_lost_when_the_clock_is_set_back_by_days(
    waiting: Store, clock: FrozenClock
) -> None:
    clock.move(-3 * DAY)

    assert waiting.take_all() == [1]


def test_the_background_notices_a_job_whose_clock_was_set_back(
    waiting: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    clock.move(-3 * DAY)

    assert is_due(queue)
    assert next_due(queue) == clock.now()


def test_the_clock_may_be_set_back_by_an_hour_without_any_hurry(
    waiting: Store, clock: FrozenClock
) -> None:
    clock.move(-3600)

    assert waiting.take_all() == []


def test_a_job_that_a_server_asked_to_wait_for_a_week_waits_for_two_hours(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    """Longer than that, and it could not be told from one that a wrong clock has dated."""
    store.event(1)
    store.postpone(store.take(), 7 * DAY)
    assert get_pending(queue) is None

    clock.move(LONGEST_WAIT)

    assert store.take_all() == [1]


def test_what_is_put_off_says_why(store: Store, queue: SyncQueue, clock: FrozenClock) -> None:
    store.event(1)
    job = store.take()
    with store.settling():
        put_off(queue, job, Waiting(clock.now() + 5, "Plex is busy", "Cause", counted=True))

    assert store.sql("SELECT cause, error FROM retry") == [("Cause", "Plex is busy")]

"""Dead letters are kept for long, but neither for ever nor in any number."""

import pytest

from sync_queue.dlq import LONGEST, MOST, trim_dead_letters
from sync_queue.manager import SyncQueue
from tests.sync_queue.states import give_up
from tests.sync_queue.store import Store
from tests.world import FrozenClock

DAY = 86_400.0


def bury_many(store: Store, count: int, *, first: int = 1, age: float = 0.0) -> None:
    """Give up *count* scenes, *age* seconds ago."""
    buried_at = store.clock.now() - age
    store.sql_many(
        "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES ('scene', ?, 'bulk', 'Cause', '', 5, 0, ?)",
        [(scene, buried_at) for scene in range(first, first + count)],
    )


@pytest.mark.parametrize(
    ("days", "left"), [(89.9, {1, 2}), (90, {1, 2}), (90.1, {2}), (120.5, {2}), (121, set())]
)
def test_a_dead_letter_is_kept_for_90_days(
    store: Store, queue: SyncQueue, clock: FrozenClock, days: float, left: set[int]
) -> None:
    give_up(store, 1)
    clock.move(30.5 * DAY)
    give_up(store, 2)
    clock.move((days - 30.5) * DAY)

    assert trim_dead_letters(queue) == 2 - len(left)

    assert LONGEST == 90 * DAY
    assert set(store.dead()) == left


def test_the_newest_10000_dead_letters_are_kept(store: Store, queue: SyncQueue) -> None:
    bury_many(store, 10_003)

    assert trim_dead_letters(queue) == 3

    assert MOST == 10_000
    assert set(store.dead()) == set(range(4, 10_004))


def test_a_scene_that_was_given_up_again_counts_among_the_newest(
    store: Store, queue: SyncQueue
) -> None:
    bury_many(store, 10_001)
    give_up(store, 1)

    assert trim_dead_letters(queue) == 1

    assert 1 in store.dead()
    assert 2 not in store.dead()


def test_the_newest_are_those_that_were_buried_last_whatever_the_clock_said(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    bury_many(store, 10_000)
    clock.move(-DAY)
    give_up(store, 20_000)

    trim_dead_letters(queue)

    assert 20_000 in store.dead()
    assert 1 not in store.dead()


def test_what_is_too_old_and_what_is_too_many_is_told_in_one_line(
    store: Store, queue: SyncQueue, caplog: pytest.LogCaptureFixture
) -> None:
    bury_many(store, 4, age=91 * DAY)
    bury_many(store, 10_002, first=10)

    assert trim_dead_letters(queue) == 6

    assert caplog.messages == [
        "6 dead letters are dropped: they were older than 90 days, or more than 10000"
    ]
    assert [record.levelname for record in caplog.records] == ["WARNING"]


@pytest.mark.parametrize("count", [0, 1, 10_000])
def test_as_long_as_there_are_not_too_many_none_is_dropped_and_nothing_is_told(
    store: Store, queue: SyncQueue, caplog: pytest.LogCaptureFixture, count: int
) -> None:
    bury_many(store, count)

    assert trim_dead_letters(queue) == 0

    assert len(store.dead()) == count
    assert caplog.messages == []


def test_what_is_dropped_is_no_clearing_and_touches_no_job(store: Store, queue: SyncQueue) -> None:
    bury_many(store, 3, age=91 * DAY)
    store.put(1)

    trim_dead_letters(queue)

    assert store.sql("SELECT * FROM removed") == []
    assert store.take_all() == [1]

"""What a user clears: everything that waits, or every dead letter, and nothing beside it."""

import pytest

from domain.errors import QueueUnusable
from sync_queue.clearing import (
    KEPT,
    Clearing,
    clear_dead_letters,
    clear_pending_items,
    forget_old_clearings,
    undo_clear,
)
from sync_queue.manager import SyncQueue
from sync_queue.retry import promote_due
from tests.sync_queue.states import MANY, be_everywhere, contents, fill, give_up, wait
from tests.sync_queue.store import Store
from tests.world import FrozenClock

DAY = 86_400.0

NOTHING = {"pending": 0, "in_progress": 0, "waiting": 0, "parked": 0, "previewed": 0, "failed": 0}


@pytest.fixture
def busy(store: Store) -> Store:
    """A scene in every state."""
    be_everywhere(store)
    return store


def test_clearing_takes_whatever_waits_and_says_how_much(busy: Store, queue: SyncQueue) -> None:
    removed = clear_pending_items(queue)

    assert busy.stats == {**NOTHING, "in_progress": 1, "parked": 1, "failed": 1}
    assert removed == Clearing("Clear Pending Queue", busy.clock.now(), queued=2, retries=1)
    assert removed.total == 3


def test_clearing_dead_letters_takes_them_and_nothing_else(busy: Store, queue: SyncQueue) -> None:
    before = contents(busy)

    removed = clear_dead_letters(queue)

    assert contents(busy) == {**before, "dead_letter": []}
    assert removed == Clearing("Clear Dead Letter Queue", busy.clock.now(), dead_letters=1)


@pytest.mark.parametrize("how", ["when it is due", "early", "and is queued again"])
def test_a_job_in_flight_keeps_what_is_known_of_its_earlier_attempts(
    store: Store, queue: SyncQueue, clock: FrozenClock, how: str
) -> None:
    wait(store, 1)
    if how == "early":
        store.put(1, queue="bulk")
    else:
        clock.move(60)
    store.take()
    if how == "and is queued again":
        store.put(1, queue="bulk")

    clear_pending_items(queue)
    store.die()

    job = store.take()
    assert (job.attempts, job.misses) == (3, 1)


def test_a_job_that_fell_due_counts_as_one_and_leaves_nothing_behind(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    """It stands in the queue again, and among the retries still."""
    wait(store, 1)
    clock.move(60)
    promote_due(queue)

    removed = clear_pending_items(queue)

    assert (removed.queued, removed.retries) == (1, 0)
    assert store.sql("SELECT * FROM retry") == []


def test_a_waiting_job_with_several_new_events_is_one_that_waited(
    store: Store, queue: SyncQueue
) -> None:
    wait(store, 1)
    store.event(1, 1, 1)

    assert clear_pending_items(queue).retries == 1
    assert store.stats == NOTHING


def test_a_suspect_waits_too(suspect: Store) -> None:
    assert clear_pending_items(suspect.queue).retries == 1
    assert suspect.stats == NOTHING


def test_what_arrives_after_a_clearing_is_processed(store: Store, queue: SyncQueue) -> None:
    store.put(1, 2)
    clear_pending_items(queue)

    store.event(1)

    assert store.take_all() == [1]


def test_no_more_than_1000_rows_are_moved_under_one_lock(store: Store, queue: SyncQueue) -> None:
    """So that a hook never waits for the lock any longer than during a bulk insert."""
    fill(store)
    per_lock = [0]

    def count(statement: str) -> None:
        if statement.startswith("COMMIT"):
            per_lock.append(0)
        per_lock[-1] += statement.startswith(("INSERT INTO removed", "DELETE FROM removed"))

    queue.db._connection.set_trace_callback(count)
    clear_pending_items(queue)
    clear_dead_letters(queue)
    undo_clear(queue)
    undo_clear(queue)
    queue.db._connection.set_trace_callback(None)

    assert sum(per_lock) == 8 * MANY
    assert max(per_lock) == 1000


def test_a_disk_that_is_full_in_the_middle_costs_no_job(store: Store, queue: SyncQueue) -> None:
    store.put(*range(1, 4 * MANY + 1))
    room = int(queue.db.number("PRAGMA page_count")) + 100
    queue.db.execute(f"PRAGMA max_page_count={room}")

    with pytest.raises(QueueUnusable, match="full"):
        clear_pending_items(queue)

    assert 0 < store.stats["pending"] < 4 * MANY
    queue.db.execute("PRAGMA max_page_count=100000")
    undo_clear(queue)
    assert store.stats["pending"] == 4 * MANY


@pytest.mark.parametrize("data", [b"garbage", b"\xff\xfe", b'{"kind": "scene"}', "text", None, 7])
def test_a_row_that_names_no_job_is_no_trouble(
    store: Store, queue: SyncQueue, data: object
) -> None:
    store.put(1)
    store.sql("INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, 0, 0)", [data])
    store.put(2)

    assert clear_pending_items(queue).queued == 3
    restored = undo_clear(queue)

    assert restored is not None
    assert restored.queued == 2
    assert store.take_all() == [1, 2]


@pytest.mark.parametrize(("days", "left"), [(9, []), (10, []), (11, [1]), (21, [1, 2]), (0, [])])
def test_dead_letters_are_purged_by_the_age_of_their_burial(
    store: Store, queue: SyncQueue, clock: FrozenClock, days: int, left: list[int]
) -> None:
    for scene in (2, 1):
        give_up(store, scene)
        clock.move(10 * DAY)

    removed = clear_dead_letters(queue, older_than=days * DAY)

    assert sorted(store.dead()) == left
    assert removed.dead_letters == 2 - len(left)


def test_a_dead_letter_that_a_wrong_clock_has_dated_tomorrow_is_cleared(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    give_up(store, 1)
    clock.move(-DAY)

    clear_dead_letters(queue)

    assert store.dead() == {}


@pytest.mark.parametrize(("age", "kept"), [(KEPT, 2), (KEPT + 1, 0)])
def test_what_was_cleared_is_kept_for_seven_days(
    store: Store, queue: SyncQueue, clock: FrozenClock, age: float, kept: int
) -> None:
    store.put(1, 2)
    clear_pending_items(queue)
    clock.move(age)

    forget_old_clearings(queue)

    assert KEPT == 7 * DAY
    assert len(store.sql("SELECT * FROM removed")) == kept
    assert len(store.sql("SELECT * FROM clearing")) == bool(kept)
    undo_clear(queue)
    assert store.stats["pending"] == kept


def test_only_old_clearings_are_forgotten(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    for scene in (1, 2):
        store.put(scene)
        clear_pending_items(queue)
        clock.move(4 * DAY)

    forget_old_clearings(queue)
    undo_clear(queue)

    assert undo_clear(queue) is None
    assert store.take_all() == [2]

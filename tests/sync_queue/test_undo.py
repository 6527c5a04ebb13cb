"""Undo Clear: what was cleared is there again as it was, and nothing is there twice."""

from collections.abc import Callable

import pytest

from domain.job import QueueName, SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from sync_queue.clearing import (
    clear_dead_letters,
    clear_pending_items,
    count_clearings,
    undo_clear,
)
from sync_queue.ledger import Ledger
from sync_queue.manager import QUEUES, SyncQueue
from sync_queue.retry import promote_due
from tests.sync_queue.states import (
    MANY,
    be_everywhere,
    contents,
    fill,
    give_up,
    set_apart,
    take,
    wait,
)
from tests.sync_queue.store import Store
from tests.world import FrozenClock

Arrange = Callable[[Store], object]


@pytest.fixture
def busy(store: Store) -> Store:
    """A scene in every state."""
    be_everywhere(store)
    return store


def test_what_was_cleared_comes_back_exactly(store: Store, queue: SyncQueue) -> None:
    fill(store)
    before = contents(store)
    removed = clear_pending_items(queue)
    letters = clear_dead_letters(queue)
    assert set(store.stats.values()) == {0}

    assert undo_clear(queue) == letters
    assert undo_clear(queue) == removed

    assert (removed.queued, removed.retries, letters.dead_letters) == (2 * MANY, MANY, MANY)
    assert contents(store) == before
    assert store.sql("SELECT * FROM removed") == []


def test_what_came_back_is_processed_like_any_other_job(
    busy: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    clear_pending_items(queue)
    undo_clear(queue)

    assert busy.take_all() == [5, 6]
    clock.move(60)
    job = busy.take()
    assert (job.scene_id, job.attempts, job.misses) == (2, 3, 1)


def test_an_edit_of_a_scene_in_flight_comes_back(store: Store, queue: SyncQueue) -> None:
    """The job in flight may have read the scene before that edit."""
    job = take(store, 1)
    store.put(1)

    clear_pending_items(queue)
    undo_clear(queue)
    store.finish(job)

    assert store.take_all() == [1]


def test_a_waiting_job_that_a_bulk_run_has_queued_comes_back_with_its_attempts(
    store: Store, queue: SyncQueue
) -> None:
    wait(store, 1)
    store.put(1, queue="bulk")

    clear_pending_items(queue)
    undo_clear(queue)

    job = store.take()
    assert (job.attempts, job.misses) == (3, 1)


def test_a_job_that_fell_due_comes_back_with_its_attempts(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    wait(store, 1)
    clock.move(60)
    promote_due(queue)
    before = contents(store)

    clear_pending_items(queue)
    undo_clear(queue)

    assert contents(store) == before
    job = store.take()
    assert (job.attempts, job.misses) == (3, 1)


def test_a_suspect_that_was_edited_is_still_one_when_it_comes_back(suspect: Store) -> None:
    suspect.die_alone(2)
    suspect.put(1)

    clear_pending_items(suspect.queue)
    undo_clear(suspect.queue)

    assert suspect.take_all() == []
    assert suspect.take_suspect().deaths == 2


def test_undoing_again_undoes_the_clearing_before(busy: Store, queue: SyncQueue) -> None:
    before = contents(busy)
    clear_pending_items(queue)
    clear_dead_letters(queue, "Purge Old DLQ Entries")

    undone = [undo_clear(queue) for _ in range(3)]

    assert [clearing and clearing.task for clearing in undone] == [
        "Purge Old DLQ Entries", "Clear Pending Queue", None,
    ]  # fmt: skip
    assert contents(busy) == before


def test_undo_says_when_that_was_cleared_which_comes_back(
    busy: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    removed = clear_pending_items(queue)
    clock.move(3600)

    assert undo_clear(queue) == removed


def test_a_clearing_that_took_nothing_is_not_undone(store: Store, queue: SyncQueue) -> None:
    store.put(1)
    clear_pending_items(queue)

    assert clear_pending_items(queue).total == 0
    assert clear_dead_letters(queue).total == 0

    assert count_clearings(queue) == 1
    undo_clear(queue)
    assert store.take_all() == [1]


def test_without_a_clearing_there_is_nothing_to_undo(queue: SyncQueue) -> None:
    assert count_clearings(queue) == 0
    assert undo_clear(queue) is None


@pytest.mark.parametrize("name", QUEUES)
def test_a_job_that_is_queued_again_is_not_doubled(
    store: Store, queue: SyncQueue, name: QueueName
) -> None:
    store.put(1, 2, queue=name)
    clear_pending_items(queue)
    store.put(2, queue=name)

    restored = undo_clear(queue)

    assert restored is not None
    assert restored.total == 1
    assert store.stats["pending"] == 2


AGAIN: dict[str, Arrange] = {
    "queued": lambda store: store.put(1),
    "queued by a bulk run": lambda store: store.put(1, queue="bulk"),
    "in flight": lambda store: take(store, 1),
    "waiting": lambda store: wait(store, 1),
    "parked": lambda store: set_apart(store, 1),
    "given up": lambda store: give_up(store, 1),
}


@pytest.mark.parametrize("again", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("before", [wait, give_up])
def test_a_scene_that_is_there_again_is_not_doubled(
    store: Store, queue: SyncQueue, before: Callable[[Store, int], None], again: Arrange
) -> None:
    before(store, 1)
    clear_pending_items(queue)
    clear_dead_letters(queue)
    again(store)
    there = contents(store)

    restored = undo_clear(queue)

    assert restored is not None
    assert restored.total == 0
    assert contents(store) == there


@pytest.mark.parametrize(("after", "left"), [(1.0, {}), (-1.0, {1: "it fails"})])
def test_a_dead_letter_of_a_scene_that_was_synced_since_does_not_come_back(
    store: Store, queue: SyncQueue, ledger: Ledger, after: float, left: dict[int, str]
) -> None:
    give_up(store, 1)
    clear_dead_letters(queue)
    at = store.clock.now() + after
    with store.settling():
        ledger.store(LedgerEntry("plex", RatingKey(7), SceneId(1), synced_at=at))

    undo_clear(queue)

    assert store.dead() == left

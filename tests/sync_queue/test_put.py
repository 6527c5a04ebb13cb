"""Jobs are enqueued in any number, once each, and nobody waits for it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from domain.job import JobKey, QueueName
from sync_queue.database import Database
from sync_queue.manager import ROWS_PER_LOCK, SyncQueue, payload
from tests.sync_queue.store import Store, scene

MANY = 100_000


def test_100000_scenes_are_enqueued_once_each_and_in_order(store: Store, queue: SyncQueue) -> None:
    first = queue.put(map(scene, range(MANY, 0, -1)), "bulk")
    again = queue.put(map(scene, range(1, MANY + 1)), "bulk")

    assert (first, again) == (MANY, 0)
    waiting = [row[0] for row in store.sql("SELECT data FROM ack_queue_bulk ORDER BY _id")]
    assert waiting == [payload(scene(n)) for n in range(MANY, 0, -1)]


def test_a_bulk_insert_is_on_disk_after_every_1000_rows(store: Store, queue: SyncQueue) -> None:
    seen: list[int] = []

    def keys() -> Iterator[JobKey]:
        with closing(sqlite3.connect(store.file)) as onlooker:
            for number in range(3500):
                if number % ROWS_PER_LOCK == 0:
                    rows = onlooker.execute("SELECT COUNT(*) FROM ack_queue_bulk").fetchone()
                    seen.append(rows[0])
                yield scene(number + 1)

    queue.put(keys(), "bulk")

    assert ROWS_PER_LOCK == 1000
    assert seen == [0, 1000, 2000, 3000]


def test_a_save_is_recorded_in_the_middle_of_a_bulk_insert(store: Store, queue: SyncQueue) -> None:
    def keys() -> Iterator[JobKey]:
        for number in range(1, 2001):
            if number == 1500:
                store.event(9999)
            yield scene(number)

    queue.put(keys(), "bulk")

    assert store.take().key == scene(9999)


def test_a_bulk_insert_lets_go_of_the_lock_while_it_waits_for_more(
    store: Store, queue: SyncQueue
) -> None:
    locked: list[bool] = []

    def keys() -> Iterator[JobKey]:
        for number in range(1, 2 * ROWS_PER_LOCK):
            if number % 500 == 0:
                locked.append(store.is_locked())
            yield scene(number)

    queue.put(keys(), "bulk")

    assert locked == [False] * 3


def test_a_scene_that_waits_already_is_passed_over(store: Store) -> None:
    store.put(1, 2)

    assert store.put(2, 3, 3) == 1
    assert store.take_all() == [1, 2, 3]


def test_a_scene_in_flight_is_enqueued_again(store: Store) -> None:
    store.put(1)
    store.take()

    assert store.put(1) == 1


@pytest.mark.parametrize(("first", "second"), [("default", "bulk"), ("bulk", "default")])
def test_a_scene_may_wait_in_both_queues(first: QueueName, second: QueueName, store: Store) -> None:
    store.put(1, queue=first)

    assert store.put(1, queue=second) == 1


def test_enqueuing_nothing_enqueues_nothing(store: Store) -> None:
    assert store.put() == 0
    assert store.stats["pending"] == 0


def test_enqueuing_waits_for_the_disk_and_bookkeeping_does_not(store: Store, db: Database) -> None:
    full, normal = 2, 1  # PRAGMA synchronous, as the last transaction set it

    store.put(1)
    assert db.number("PRAGMA synchronous") == full

    store.finish(store.take())
    assert db.number("PRAGMA synchronous") == normal


def test_fetching_a_job_does_not_wait_for_the_disk(queue: SyncQueue) -> None:
    """A power cut undoes at most the fetching: the job is done twice, never lost."""
    connections = [fetcher._getter for fetcher in queue.fetchers.values()]

    found = [connection.execute("PRAGMA synchronous").fetchone() for connection in connections]

    assert found == [(1,), (1,)]

"""What becomes of a job is written down whole or not at all."""

from dataclasses import replace

import pytest

from domain.errors import QueueUnusable
from domain.job import SyncJob
from sync_queue.database import Database
from sync_queue.manager import SyncQueue
from sync_queue.operations import release, send_to_back
from sync_queue.orphans import mark_at_work
from sync_queue.retry import next_due
from tests.sync_queue.moves import MOVES
from tests.sync_queue.store import Store, scene


class Crash(Exception):
    pass


def settle_and_crash(store: Store, name: str, job: SyncJob) -> None:
    with store.settling():
        MOVES[name](store.queue, job)
        mark_at_work(store.queue, None)
        raise Crash


@pytest.mark.parametrize("name", MOVES)
def test_a_crash_before_the_end_of_a_move_changes_nothing(
    name: str, store: Store, queue: SyncQueue
) -> None:
    store.event(1)
    job = store.take()
    before = store.snapshot()

    with pytest.raises(Crash):
        settle_and_crash(store, name, job)

    assert store.snapshot() == before


@pytest.mark.parametrize("name", MOVES)
def test_a_job_whose_settlement_was_rolled_back_is_done_again(name: str, store: Store) -> None:
    store.event(1)
    job = store.take()
    with pytest.raises(Crash):
        settle_and_crash(store, name, job)
    assert store.stats["in_progress"] == 1

    store.die()

    assert store.take_all() == [1]


@pytest.mark.parametrize("name", MOVES)
def test_a_move_leaves_events_alone_that_came_later(
    name: str, store: Store, queue: SyncQueue
) -> None:
    store.event(1)
    job = store.take()
    store.event(1)

    with store.settling():
        MOVES[name](queue, job)

    assert store.take_all() == [1]


@pytest.mark.parametrize("name", MOVES)
def test_a_move_concerns_one_scene_only(name: str, store: Store, queue: SyncQueue) -> None:
    store.event(1, 2)
    job = store.take()
    other = store.take()

    with store.settling():
        MOVES[name](queue, job)

    in_flight = store.sql("SELECT data FROM ack_queue_default WHERE status = 2")
    assert [data for (data,) in in_flight] == [b'{"kind": "scene", "id": %d}' % other.key.id]


def test_a_settled_job_leaves_nothing_behind(store: Store) -> None:
    store.event(1, 1)
    store.put(1, queue="bulk")

    store.finish(store.take())

    assert set(store.stats.values()) == {0}
    assert store.sql("SELECT * FROM retry") == []


def test_a_job_that_is_put_off_waits_with_its_counts(store: Store, queue: SyncQueue) -> None:
    store.put(1, queue="bulk")
    job = replace(store.take(), attempts=3, misses=2)

    store.postpone(job, 60)

    assert store.stats["waiting"] == 1
    assert next_due(queue) == store.clock.now() + 60
    rows = store.sql("SELECT queue, attempts, misses, deaths, alone FROM retry")
    assert rows == [("bulk", 3, 2, 0, 0)]


def test_jobs_that_are_put_back_are_fetched_again_in_their_order(
    store: Store, queue: SyncQueue
) -> None:
    store.event(1, 2, 3)
    jobs = [store.take() for _ in range(3)]

    with store.settling():
        release(queue, jobs)

    assert store.take_all() == [1, 2, 3]


def test_a_job_sent_to_the_back_comes_after_all_others_of_its_queue(
    store: Store, queue: SyncQueue
) -> None:
    store.event(1, 2)
    store.put(3, queue="bulk")
    job = store.take()

    with store.settling():
        send_to_back(queue, job)

    assert store.take_all() == [2, 1, 3]


def test_a_job_sent_to_the_back_of_bulk_stays_in_bulk(store: Store, queue: SyncQueue) -> None:
    store.put(1, 2, queue="bulk")
    job = store.take()

    with store.settling():
        send_to_back(queue, job)

    assert [(store.take().key, store.take().queue)] == [(scene(2), "bulk")]


def test_a_transaction_for_which_the_disk_has_no_room_is_undone_and_the_next_one_works(
    store: Store, db: Database
) -> None:
    pages = int(db.number("PRAGMA page_count"))
    db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(QueueUnusable, match="full"):
        store.put(*range(1, 1001))
    assert store.stats["pending"] == 0

    db.execute("PRAGMA max_page_count = 1000000")

    assert store.put(1) == 1

"""The file gives back what a big run has left free, and keeps no hook waiting for that."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from sync_queue import inbox
from sync_queue.database import PAGES_PER_LOCK, Database
from sync_queue.manager import SyncQueue
from tests.sync_queue.store import Store
from tests.world import FrozenClock

SLICE = f"PRAGMA incremental_vacuum({PAGES_PER_LOCK})"


def fill(store: Store, count: int = 50_000) -> None:
    store.put(*range(1, count + 1), queue="bulk")


def empty(store: Store) -> None:
    """Let all but the last hundred jobs be done, and those as a drain does them."""
    with store.settling():
        store.queue.db.execute(
            "DELETE FROM ack_queue_bulk WHERE _id <= (SELECT MAX(_id) FROM ack_queue_bulk) - 100"
        )
    for _ in range(100):
        store.finish(store.take())


def size(store: Store) -> int:
    """Of the file and its journal, in bytes."""
    journal = store.file.with_name("data.db-wal")
    return store.file.stat().st_size + journal.stat().st_size


def free_pages(store: Store) -> int:
    return int(store.sql("PRAGMA freelist_count")[0][0])


@contextmanager
def watching(queue: SyncQueue, notice: Callable[[str], None]) -> Iterator[None]:
    """Tell *notice* of each statement before it runs; what it raises is lost."""
    queue.db._connection.set_trace_callback(notice)
    try:
        yield
    finally:
        queue.db._connection.set_trace_callback(None)


@pytest.fixture
def old(folder: Path, clock: FrozenClock) -> Iterator[Store]:
    """A queue whose file was made by somebody who did not think of this."""
    (folder / "queue").mkdir()
    with closing(sqlite3.connect(folder / "queue" / "data.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(inbox.CREATE)
    with Store(folder, clock) as store:
        yield store


def test_after_50000_jobs_the_file_is_small_again(store: Store, queue: SyncQueue) -> None:
    fill(store)
    empty(store)
    full = size(store)

    queue.db.shrink()

    assert full > 4_000_000
    assert size(store) < 250_000
    assert free_pages(store) == 0
    assert store.sql("PRAGMA integrity_check") == [("ok",)]


def test_what_still_waits_survives_it_in_its_order(store: Store, queue: SyncQueue) -> None:
    fill(store)
    store.put(60_002, 60_001, queue="bulk")
    with store.settling():
        queue.db.execute("DELETE FROM ack_queue_bulk WHERE _id <= 50000")

    queue.db.shrink()

    assert free_pages(store) == 0
    assert store.take_all() == [60_002, 60_001]


def test_a_hook_is_not_kept_waiting_between_two_slices(store: Store, queue: SyncQueue) -> None:
    fill(store)
    empty(store)
    during: list[bool] = []
    between: list[bool] = []
    left: list[int] = []

    def notice(statement: str) -> None:
        if statement == SLICE:
            left.append(free_pages(store))
            during.append(store.is_locked())
        elif statement == "PRAGMA freelist_count" and left:
            between.append(store.is_locked())
            store.event(len(between))

    with watching(queue, notice):
        queue.db.shrink()

    assert len(left) > 2
    assert all(before - after <= PAGES_PER_LOCK for before, after in pairwise(left))
    assert during == [True] * len(left)
    assert between == [False] * len(left)
    assert store.take_all() == list(range(1, len(left) + 1))


def test_somebody_who_reads_for_long_keeps_no_hook_waiting(store: Store, queue: SyncQueue) -> None:
    """The journal cannot be emptied before that reader is done."""
    fill(store)
    empty(store)
    reader = sqlite3.connect(store.file, isolation_level=None, check_same_thread=False)
    reader.execute("BEGIN")
    reader.execute("SELECT COUNT(*) FROM ack_queue_bulk").fetchone()
    told: list[str] = []

    def save() -> None:
        told.append(inbox.record(str(store.folder), inbox.payload("scene", 1)))
        reader.close()

    hook = threading.Thread(target=save)

    def notice(statement: str) -> None:
        if statement.startswith("PRAGMA wal_checkpoint"):
            hook.start()

    with watching(queue, notice):
        queue.db.shrink()
    hook.join()

    assert told == ["recorded"]


@pytest.mark.parametrize("count", [0, 1000])
def test_a_little_room_is_kept_for_what_comes(store: Store, queue: SyncQueue, count: int) -> None:
    fill(store, count)
    with store.settling():
        queue.db.execute("DELETE FROM ack_queue_bulk")
    before = free_pages(store)
    statements: list[str] = []

    with watching(queue, statements.append):
        queue.db.shrink()

    assert statements == ["PRAGMA freelist_count"]
    assert free_pages(store) == before


def test_a_file_that_cannot_shrink_is_left_alone(old: Store) -> None:
    fill(old)
    empty(old)
    before = free_pages(old)
    statements: list[str] = []

    with watching(old.queue, statements.append):
        old.queue.db.shrink()

    assert statements.count(SLICE) == 1
    assert free_pages(old) == before > PAGES_PER_LOCK
    old.put(1, queue="bulk")
    assert old.take_all() == [1]


@pytest.mark.parametrize("first", ["hook", "drain"])
def test_a_new_file_can_shrink_whoever_makes_it(store: Store, first: str) -> None:
    if first == "hook":
        store.event(1)
    else:
        Database(store.folder).close()

    assert store.sql("PRAGMA auto_vacuum") == [(2,)]

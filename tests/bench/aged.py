"""What a queue costs that has been in use for years: its speed, its status, its size on disk."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from domain.clock import SystemClock
from domain.job import JobKey, SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from sync_queue.ledger import Ledger
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.operations import ack_job, get_pending
from sync_queue.orphans import mark_at_work
from tests.bench.sizes import Sizes
from tests.bench.table import TIMES, Row, at_most
from worker.status import lines, read_status

CLAIMS = 500
REPEATS = 5
LARGE = 50_000  # rows that fill more than the file keeps in reserve

# What each processed scene leaves behind: one row that says what Plex was told.
_PROCESSED = """
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
INSERT INTO ledger SELECT 'server', n, n, '2026-01-01T00:00:00Z', hex(n),
'{"title": ["a", "a", 1]}', '{}', '{}', 0.0 FROM n
"""
_WAITING = """
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
INSERT INTO retry (kind, id, queue, next_retry_at, first_at)
SELECT 'scene', n, 'default', 4e9, 0.0 FROM n
"""
_GIVEN_UP = """
WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at)
SELECT 'scene', 1000000 + n, 'default', 'PlexTemporaryError', 'it failed', 5, 0.0, 4e9 FROM n
"""


def measure(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Speed after many jobs, status of many rows, size after they are gone."""
    young = _used(folder / "young", 1000)
    old = _used(folder / "old", sizes.processed)
    pairs = [(_seconds_of_claims(young), _seconds_of_claims(old)) for _ in range(REPEATS)]
    fast, slow = (median(times) / CLAIMS for times in zip(*pairs, strict=True))
    what = f"claim and settle: after {sizes.processed:,} jobs against after 1,000"
    yield at_most(what, slow / fast, 1.2, TIMES, f" ({slow * 1e3:.2f} and {fast * 1e3:.2f} ms)")
    yield _status(old, sizes.many)
    yield from _shrinking(folder / "full", max(sizes.many, LARGE))
    young.close()
    old.close()


def _used(folder: Path, processed: int) -> QueueManager:
    manager = QueueManager(folder)
    db = manager.get_queue().db
    with db.transaction():
        db.execute(_PROCESSED, (processed,))
        db.execute("INSERT INTO sqlite_sequence VALUES ('ack_queue_default', ?)", (processed,))
    return manager


def _seconds_of_claims(manager: QueueManager) -> float:
    """Claim and settle as the drain does, memory included."""
    queue = manager.get_queue()
    ledger = Ledger(queue.db)
    queue.put(JobKey("scene", SceneId(number)) for number in range(1, CLAIMS + 1))
    started = time.perf_counter()
    for _ in range(CLAIMS):
        _process(queue, ledger)
    return time.perf_counter() - started


def _process(queue: SyncQueue, ledger: Ledger) -> None:
    job = get_pending(queue)
    assert job is not None
    key = RatingKey(job.scene_id)
    ledger.of_items("server", [key])
    with queue.db.transaction():
        ledger.let_go(job.scene_id, but=[("server", key)])
        ledger.store(LedgerEntry("server", key, job.scene_id))
        ack_job(queue, job)
        mark_at_work(queue, None)


def _status(manager: QueueManager, rows: int) -> Row:
    queue = manager.get_queue()
    queue.put((JobKey("scene", SceneId(number)) for number in range(1, rows + 1)), "bulk")
    with queue.db.transaction():
        queue.db.execute(_WAITING, (rows,))
        queue.db.execute(_GIVEN_UP, (10_000,))
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        said = list(lines(read_status(manager.folder, SystemClock())))
        times.append(time.perf_counter() - started)
        assert f"Pending: {rows}" in said
    what = f"status: {rows:,} jobs, as many retries, 10,000 dead letters"
    return at_most(what, median(times) * 1e3, 300, " ms")


def _shrinking(folder: Path, rows: int) -> Iterator[Row]:
    manager = QueueManager(folder)
    queue = manager.get_queue()
    queue.put((JobKey("scene", SceneId(number)) for number in range(1, rows + 1)), "bulk")
    manager.close()
    file = folder / "queue" / "data.db"
    full = file.stat().st_size
    queue = manager.get_queue()
    with queue.db.transaction():
        queue.db.execute("DELETE FROM ack_queue_bulk")
    started = time.perf_counter()
    queue.db.shrink()
    seconds = time.perf_counter() - started
    manager.close()
    left = file.stat().st_size
    note = f" ({full / 1e6:.1f} and {left / 1e6:.1f} MB, in {seconds:.2f} s)"
    yield at_most(
        f"file after {rows:,} jobs are gone against before", left / full, 0.2, TIMES, note
    )

"""What the queue itself costs, with few rows and with many."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from domain.job import JobKey, SceneId
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.operations import ack_job, get_pending, get_stats
from sync_queue.orphans import mark_at_work
from tests.bench.sizes import Sizes
from tests.bench.table import TIMES, Row, at_most

CLAIMS = 500
REPEATS = 3


def measure(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """Enqueueing, claiming and settling, counting."""
    few = [_Run(folder / f"few {number}", sizes.few) for number in range(REPEATS)]
    many = [_Run(folder / f"many {number}", sizes.many) for number in range(REPEATS)]
    small = [_Run(folder / f"small {number}", 1000) for number in range(REPEATS)]
    for trio in zip(small, few, many, strict=True):
        for run in trio:
            run.measure()
    enqueue = median(run.enqueue for run in many)
    each = enqueue / sizes.many / (median(run.enqueue for run in few) / sizes.few)
    yield at_most(f"enqueue {sizes.many:,} scenes", enqueue, 5, " s")
    yield at_most(f"enqueue: one of {sizes.many:,} against one of {sizes.few:,}", each, 1.5, TIMES)
    slow, fast = median(run.claim for run in many), median(run.claim for run in small)
    what = f"claim and settle: one of {sizes.many:,} against one of 1,000"
    yield at_most(what, slow / fast, 1.5, TIMES, f" ({slow * 1e3:.2f} and {fast * 1e3:.2f} ms)")
    stats = median(run.stats for run in many)
    yield Row(f"count {sizes.many:,} rows by state", "none", f"{stats * 1e3:.1f} ms")


class _Run:
    """One queue of *rows* jobs; all times in seconds, *claim* and *enqueue* under the real lock."""

    def __init__(self, folder: Path, rows: int) -> None:
        self._folder = folder
        self._rows = rows
        self.enqueue = self.claim = self.stats = 0.0

    def measure(self) -> None:
        manager = QueueManager(self._folder)
        queue = manager.get_queue()
        try:
            keys = [JobKey("scene", SceneId(number)) for number in range(1, self._rows + 1)]
            started = time.perf_counter()
            added = queue.put(keys, "bulk")
            self.enqueue = time.perf_counter() - started
            assert added == self._rows
            self.stats = _seconds_of_stats(self._folder)
            claims = min(CLAIMS, self._rows // 2)
            self.claim = _seconds_of_claims(queue, claims) / claims
            assert get_stats(self._folder / "queue")["pending"] == self._rows - claims
        finally:
            manager.close()


def _seconds_of_claims(queue: SyncQueue, claims: int) -> float:
    started = time.perf_counter()
    for _ in range(claims):
        job = get_pending(queue)
        assert job is not None
        with queue.db.transaction():
            ack_job(queue, job)
            mark_at_work(queue, None)
    return time.perf_counter() - started


def _seconds_of_stats(folder: Path) -> float:
    times = []
    for _ in range(5):
        started = time.perf_counter()
        get_stats(folder / "queue")
        times.append(time.perf_counter() - started)
    return median(times)

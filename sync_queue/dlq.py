"""The dead letters: one row per scene that was given up, with the cause."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.clock import Clock
from domain.job import JobKey, SceneId, SyncJob
from domain.outcome import Buried
from sync_queue.manager import ROWS_PER_LOCK, QueueManager, SyncQueue
from sync_queue.operations import fail_job

log = logging.getLogger(__name__)

MOST = 10_000  # dead letters that are kept; a reconciliation finds the scenes of the others
LONGEST = 90 * 86_400.0  # seconds for which one is kept


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A scene that was given up.

    Attributes:
        cause: the error's class name (domain/causes.py).
        reason: one sentence.
        attempts: how many were made.
        first_at: Unix seconds of the first event that did not reach Plex.
        buried_at: Unix seconds.
        outage_id: of the outage during which it was given up; None if there was none.
    """

    scene: SceneId
    cause: str
    reason: str
    attempts: int
    first_at: float
    buried_at: float
    outage_id: int | None


SELECT = "SELECT id, cause, reason, attempts, first_at, buried_at, outage_id FROM dead_letter"
"""The columns of a DeadLetter."""


def bury(queue: SyncQueue, job: SyncJob, buried: Buried) -> None:
    """The job ends as a dead letter; inside the caller's transaction."""
    fail_job(queue, job)
    queue.db.execute(
        "INSERT OR REPLACE INTO dead_letter "
        "(kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.key.kind, job.key.id, job.queue, buried.cause, buried.reason, buried.attempts,
            job.enqueued_at, queue.clock.now(),
        ),
    )  # fmt: skip


def retry_dead_letters(queue: SyncQueue, scenes: Sequence[int] | None = None) -> int:
    """Give scenes that were given up new attempts, behind everything that waits.

    Args:
        scenes: which of them; None for all.

    Returns:
        How many there were.
    """
    total = 0
    wanted = None if scenes is None else set(scenes)
    keys = [
        JobKey(kind, identity)
        for kind, identity in queue.db.rows("SELECT kind, id FROM dead_letter ORDER BY number")
        if wanted is None or identity in wanted
    ]
    for start in range(0, len(keys), ROWS_PER_LOCK):
        batch = keys[start : start + ROWS_PER_LOCK]
        with queue.db.transaction(durable=True):
            queue.insert(batch, "bulk")
            for key in batch:
                gone = queue.db.execute(
                    "DELETE FROM dead_letter WHERE kind = ? AND id = ?", (key.kind, key.id)
                )
                total += gone.rowcount
    return total


def trim_dead_letters(queue: SyncQueue) -> int:
    """Drop the dead letters that are too old or too many; return how many."""
    before = queue.clock.now() - LONGEST
    oldest, count = queue.db.rows("SELECT MIN(buried_at), COUNT(*) FROM dead_letter")[0]
    if not count or (oldest >= before and count <= MOST):
        return 0
    with queue.db.transaction():
        gone = queue.db.execute(
            "DELETE FROM dead_letter WHERE buried_at < ? OR number NOT IN "
            "(SELECT number FROM dead_letter ORDER BY number DESC LIMIT ?)",
            (before, MOST),
        ).rowcount
    if gone:
        log.warning(
            "%d dead letters are dropped: they were older than %d days, or more than %d",
            gone, LONGEST // 86_400, MOST,
        )  # fmt: skip
    return gone


class DeadLetterQueue:
    """The dead letters of one data folder."""

    def __init__(self, data_dir: str | Path | QueueManager, *, clock: Clock | None = None) -> None:
        """Of a data folder, or of a queue that is open already."""
        self._manager = (
            data_dir if isinstance(data_dir, QueueManager) else QueueManager(data_dir, clock=clock)
        )

    def add(self, job: SyncJob, error: Exception, retry_count: int) -> None:
        """Bury *job*, given up because of *error* after *retry_count* attempts."""
        queue = self._manager.get_queue()
        with queue.db.transaction():
            bury(queue, job, Buried(str(error), type(error).__name__, retry_count))

    def entries(self) -> list[DeadLetter]:
        """All of them, in the order in which they were buried."""
        rows = self._manager.get_queue().db.rows(f"{SELECT} ORDER BY number")
        return [DeadLetter(*row) for row in rows]

    def get_count(self) -> int:
        """How many scenes are given up."""
        return int(self._manager.get_queue().db.number("SELECT COUNT(*) FROM dead_letter"))

    def close(self) -> None:
        """Close the queue this opened."""
        self._manager.close()

"""The dead letters: one row per scene that was given up, with the cause."""

from pathlib import Path

from domain.clock import Clock
from domain.job import SyncJob
from domain.outcome import Buried
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.operations import fail_job


def bury(queue: SyncQueue, job: SyncJob, buried: Buried) -> None:
    """The job ends as a dead letter; inside the caller's transaction."""
    fail_job(queue, job)
    _insert(queue, job, buried)


def _insert(queue: SyncQueue, job: SyncJob, buried: Buried) -> None:
    queue.db.execute(
        "INSERT OR REPLACE INTO dead_letter "
        "(kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.key.kind, job.key.id, job.queue, buried.cause, buried.reason, buried.attempts,
            job.enqueued_at, queue.clock.now(),
        ),
    )  # fmt: skip


class DeadLetterQueue:
    """The dead letters of one data folder."""

    def __init__(self, data_dir: str | Path, *, clock: Clock | None = None) -> None:
        self._manager = QueueManager(data_dir, clock=clock)

    def add(self, job: SyncJob, error: Exception, retry_count: int) -> None:
        """Bury *job*, given up because of *error* after *retry_count* attempts."""
        queue = self._manager.get_queue()
        with queue.db.transaction():
            bury(queue, job, Buried(str(error), type(error).__name__, retry_count))

    def get_count(self) -> int:
        """How many scenes are given up."""
        return int(self._manager.get_queue().db.number("SELECT COUNT(*) FROM dead_letter"))

    def close(self) -> None:
        """Close the queue this opened."""
        self._manager.close()

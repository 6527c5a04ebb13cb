"""Scenes whose changes were only shown, because the user wants a preview first."""

from domain.job import JobKey, SyncJob
from sync_queue.manager import SyncQueue
from sync_queue.operations import fail_job


def keep(queue: SyncQueue, job: SyncJob) -> None:
    """The job waits until Preview is turned off, or Stash edits the scene."""
    fail_job(queue, job)
    queue.db.execute("INSERT OR IGNORE INTO previewed VALUES (?, ?)", (job.key.kind, job.key.id))


def rearm(queue: SyncQueue) -> int:
    """Put all of them into the queue, behind the saves; return how many there were.

    For the holder of the drain lock: nobody else fills the table meanwhile.
    """
    rows = queue.db.rows("SELECT kind, id FROM previewed ORDER BY id")
    if rows:  # a claim takes them out of the table one by one; killed before, we begin anew
        queue.put((JobKey(kind, identity) for kind, identity in rows), "bulk")
        with queue.db.transaction():
            queue.db.execute("DELETE FROM previewed")
    return len(rows)

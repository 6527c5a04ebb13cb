"""Scenes that are not in Plex: a normal state, left when Plex shows the file or Stash edits."""

from collections.abc import Iterable

from domain.job import JobKey, SyncJob
from domain.outcome import Parked
from sync_queue.manager import SyncQueue
from sync_queue.operations import fail_job


def park(queue: SyncQueue, job: SyncJob, parked: Parked) -> None:
    """The job waits until Plex shows a file with one of parked.base_names."""
    fail_job(queue, job)
    key = (job.key.kind, job.key.id)
    queue.db.execute(
        "INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?)", (*key, job.queue, queue.clock.now())
    )
    queue.db.executemany(
        "INSERT OR REPLACE INTO parked_file VALUES (?, ?, ?)",
        [(name, *key) for name in parked.base_names],
    )


def rearm(queue: SyncQueue, base_names: Iterable[str]) -> int:
    """Put parked jobs whose file Plex now shows back into the queue; return how many."""
    if not queue.db.number("SELECT EXISTS (SELECT 1 FROM parked)"):
        return 0
    found = {
        JobKey(kind, identity)
        for name in base_names
        for kind, identity in queue.db.rows(
            "SELECT kind, id FROM parked_file WHERE base_name = ?", (name,)
        )
    }
    # Bulk: a rescan of half the library must not get in front of a save. A claim unparks.
    return queue.put(sorted(found), "bulk")

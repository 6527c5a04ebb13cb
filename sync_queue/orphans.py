"""What a worker that was killed leaves behind, and how a scene that kills workers is caught.

A death is charged to the one job that was at work, never to the rest of its batch. Such a job
runs alone and after all others; only deaths alone count against it.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace

from domain.causes import WORKER_DIED
from domain.job import JobKey, QueueName, SyncJob
from domain.outcome import Buried, Waiting
from sync_queue.database import in_our_words
from sync_queue.dlq import bury
from sync_queue.manager import QUEUES, SyncQueue, payload
from sync_queue.operations import claim_rows, has_in_flight
from sync_queue.retry import due_now, load_job, mark_promoted, put_off

log = logging.getLogger(__name__)

DEADLY = 3  # deaths alone after which a job is buried
PLEX_FELL = "PlexServerDown"  # the cause of a suspect that no worker died of


def mark_at_work(queue: SyncQueue, job: SyncJob | None) -> None:
    """Say which job is at work; belongs into the transaction that settles the one before."""
    if job is None:
        queue.db.execute("DELETE FROM at_work")
        return
    queue.db.execute(
        "INSERT OR REPLACE INTO at_work VALUES (1, ?, ?, ?, ?, ?)",
        (job.key.kind, job.key.id, job.queue, job.alone, queue.clock.now()),
    )


def resume_orphans(queue: SyncQueue, *, died: bool = True) -> None:
    """Put back what a dead worker had claimed; for the holder of the drain lock, first of all.

    Args:
        died: whether the job at work is charged with a death; not if this very process could
            not settle it because the disk was full.
    """
    with queue.db.transaction():
        at_work = queue.db.rows("SELECT kind, id, queue, alone FROM at_work") if died else []
        for kind, identity, name, alone in at_work:
            _charge(queue, JobKey(kind, identity), name, died_alone=bool(alone))
        mark_at_work(queue, None)
    with in_our_words(), queue.db.locked():
        for name, fetcher in queue.fetchers.items():
            if has_in_flight(queue, name):  # or the library would look at every row
                fetcher.resume_unack_tasks()


def charge_outage(queue: SyncQueue, job: SyncJob) -> None:
    """Plex went away while *job* was at work, and no other: does that job do it?

    It runs alone from now on, and three outages that began with it alone bury it; the others
    would otherwise wait for it again and again. Inside the caller's transaction.
    """
    suspect = replace(job, deaths=job.deaths + job.alone, alone=True)
    reason = f"Plex stopped answering {suspect.deaths} times while only this scene was at work"
    _suspect(queue, suspect, "Plex went away while at it", PLEX_FELL, reason)


def _charge(queue: SyncQueue, key: JobKey, name: str, *, died_alone: bool) -> None:
    job = load_job(queue, key)
    suspect = replace(
        job,
        queue="bulk" if name == "bulk" else "default",
        deaths=job.deaths + died_alone,
        alone=True,
    )
    reason = f"{suspect.deaths} workers died while only this scene was at work"
    _suspect(queue, suspect, "a worker died while at it", WORKER_DIED, reason)


def _suspect(queue: SyncQueue, suspect: SyncJob, why: str, cause: str, reason: str) -> None:
    """Let the job run alone, or bury it if it has done enough harm."""
    if suspect.deaths >= DEADLY:
        bury(queue, suspect, Buried(reason, cause, suspect.deaths))
        log.warning("%s: given up: %s", suspect.key, reason)
        return
    put_off(queue, suspect, Waiting(queue.clock.now(), why, cause, counted=False))


def count_suspects(queue: SyncQueue) -> int:
    """How many jobs were at work when a worker died; at whose write Plex fell is no guess."""
    suspects = "SELECT COUNT(*) FROM retry WHERE alone = 1 AND cause != ?"
    return int(queue.db.number(suspects, (PLEX_FELL,)))


def get_suspect(queue: SyncQueue, names: Sequence[QueueName] = QUEUES) -> SyncJob | None:
    """Fetch and claim one job that must run alone; for when no other of *names* is due."""
    with queue.db.transaction():
        due = due_now(queue, alone=True, limit=1, names=names)
        if not due:
            return None
        job = load_job(queue, due[0][0])
        claim_rows(queue, job.key)
        queue.db.execute(
            f"INSERT INTO ack_queue_{job.queue} (data, timestamp, status) VALUES (?, ?, 2)",
            (payload(job.key), queue.clock.now()),
        )
        mark_promoted(queue, job.key)
    return job

"""The moves of a job: fetched, claimed, done or ended.

A settling move is a list of statements inside the caller's transaction, so that what becomes
of a job, what is remembered of it and which job is next change together or not at all. Only
the holder of the drain lock fetches and settles.
"""

import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypedDict

from persistqueue.exceptions import Empty

from domain.causes import WORKER_DIED
from domain.job import JobKey, QueueName, SyncJob
from domain.outcome import Waiting
from sync_queue.database import in_our_words
from sync_queue.due import mark_reconciliation_due
from sync_queue.manager import QUEUES, SyncQueue, payload
from sync_queue.retry import (
    delete_in_flight,
    has_new_event,
    load_job,
    mark_promoted,
    next_due,
    promote_due,
    put_off,
)

log = logging.getLogger(__name__)

KINDS = frozenset({"scene", "tag", "performer", "studio", "group"})
"""Of jobs that this version can process."""

POLL = 0.05  # seconds between two looks of somebody who waits for a job


class QueueStats(TypedDict):
    """How many jobs are in which state; pending are those that could be fetched."""

    pending: int
    in_progress: int
    waiting: int
    parked: int
    previewed: int
    failed: int


def get_stats(queue_path: str | Path, *, patience: float = 5.0) -> QueueStats:
    """Count the jobs of the queue in the folder *queue_path*; zeros if there is none yet.

    Args:
        patience: seconds to wait for a writer; where WAL is refused, it keeps readers out.

    Raises:
        QueueUnusable: the file cannot be read.
    """
    stats = QueueStats(pending=0, in_progress=0, waiting=0, parked=0, previewed=0, failed=0)
    file = Path(queue_path) / "data.db"
    if not file.is_file():
        return stats
    with in_our_words(), closing(onlooker(file, patience)) as connection:
        for name in QUEUES:
            stats["pending"] += _count(connection, f"ack_queue_{name}", "status < 2")
            stats["in_progress"] += _count(connection, f"ack_queue_{name}", "status = 2")
        stats["waiting"] = _count(connection, "retry", "next_retry_at IS NOT NULL")
        stats["parked"] = _count(connection, "parked")
        stats["previewed"] = _count(connection, "previewed")
        stats["failed"] = _count(connection, "dead_letter")
    return stats


def onlooker(file: Path, patience: float = 5.0) -> sqlite3.Connection:
    """A connection that can change nothing; *patience* as for get_stats."""
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=patience)


def _count(connection: sqlite3.Connection, table: str, condition: str = "TRUE") -> int:
    """How many rows; 0 if the table is one that the first drain creates."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
        return 0
    rows = connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {condition}")
    return int(rows.fetchone()[0])


def get_pending(
    queue: SyncQueue, timeout: float = 0.0, *, names: Sequence[QueueName] = QUEUES
) -> SyncJob | None:
    """Fetch and claim the next job that is due now; None if there is none.

    All rows of its scene are in flight from here on, so whatever arrives later is an event
    of its own. Nothing of the scene may be read before this returns.

    Args:
        timeout: seconds to wait for a job. It is polled for: persist-queue would notice other
            processes' puts only every 10 s, and keep them out meanwhile.
        names: the queues to look in, in order.
    """
    deadline = queue.clock.monotonic() + timeout
    while (job := _get_due(queue, names)) is None:
        left = deadline - queue.clock.monotonic()
        if left <= 0:
            return None
        queue.clock.sleep(min(POLL, left))
    return job


def _get_due(queue: SyncQueue, names: Sequence[QueueName]) -> SyncJob | None:
    promote_due(queue)
    for name in names:
        while (row := _fetch(queue, name)) is not None:
            if (key := key_of(row["data"])) is None:
                _drop_unreadable(queue, name)
            elif (job := _claim(queue, name, key, row)) is not None:
                return job
    return None


def _fetch(queue: SyncQueue, name: QueueName) -> dict[str, Any] | None:
    """One row by persist-queue's own get, in flight afterwards; None if the queue is empty."""
    fetcher = queue.fetchers[name]
    try:
        with in_our_words(), queue.db.locked():
            row: dict[str, Any] = fetcher.get(block=False, raw=True)
    except Empty:
        return None
    except (ValueError, AttributeError, RecursionError):
        # Not JSON, not UTF-8, not bytes; the library has put the row in flight all the same.
        return {"data": None}
    # The library remembers what it handed out until its own ack, which we do not use.
    fetcher._unack_cache.clear()
    return row


def parse_key(data: object) -> JobKey | None:
    """The job that stored bytes name; None if they name none."""
    try:
        return key_of(json.loads(data.decode("utf-8"))) if isinstance(data, bytes) else None
    except (ValueError, RecursionError):
        return None


def key_of(document: object) -> JobKey | None:
    """The job that a document names; None if it names none that this version knows."""
    match document:
        case {"kind": str(kind), "id": int(identity), **rest} if kind in KINDS and not rest:
            if identity is not True and 0 < identity < 2**63:
                return JobKey(kind, identity)
    return None


def _claim(
    queue: SyncQueue, name: QueueName, key: JobKey, row: Mapping[str, Any]
) -> SyncJob | None:
    """Put every waiting row of *key* in flight; None if the job must run alone, later."""
    with queue.db.transaction():
        # A row that spells its job in another way could not be found when it is settled.
        queue.db.execute(
            f"UPDATE ack_queue_{name} SET data = ?1 WHERE _id = ?2 AND data <> ?1",
            (payload(key), row["pqid"]),
        )
        claim_rows(queue, key)
        for table in ("parked", "parked_file", "dead_letter", "previewed"):
            queue.db.execute(f"DELETE FROM {table} WHERE kind = ? AND id = ?", (key.kind, key.id))
        # A row that freeing an item has made bears no time.
        since = row["timestamp"] or queue.clock.now()
        job = load_job(queue, key, since=since, name=name)
        if name == "default":  # a bulk run, however, does not make a save one of its own
            job = replace(job, queue=name)
        queue.db.execute(  # it waits no longer
            "UPDATE retry SET next_retry_at = NULL WHERE kind = ? AND id = ? "
            "AND next_retry_at IS NOT NULL",
            (key.kind, key.id),
        )
        if has_new_event(queue, key):
            job = replace(job, attempts=0, misses=0)
            queue.db.execute(
                "UPDATE retry SET attempts = 0, misses = 0 WHERE kind = ? AND id = ?",
                (key.kind, key.id),
            )
        if not job.alone:
            return job
        put_off(queue, job, Waiting(queue.clock.now(), "runs alone", WORKER_DIED, counted=False))
    return None


def claim_rows(queue: SyncQueue, key: JobKey) -> None:
    """Put every waiting row of *key* in flight."""
    for name in QUEUES:
        queue.db.execute(
            f"UPDATE ack_queue_{name} SET status = 2 WHERE data = ? AND status < 2",
            (payload(key),),
        )


def ack_job(queue: SyncQueue, job: SyncJob) -> None:
    """The job is done: forget it and every failure of its scene."""
    fail_job(queue, job)
    queue.db.execute(
        "DELETE FROM dead_letter WHERE kind = ? AND id = ?", (job.key.kind, job.key.id)
    )


def fail_job(queue: SyncQueue, job: SyncJob) -> None:
    """The job ends here; whoever calls writes down why (dlq.bury, parked.park)."""
    delete_in_flight(queue, job.key)
    queue.db.execute("DELETE FROM retry WHERE kind = ? AND id = ?", (job.key.kind, job.key.id))


def release(queue: SyncQueue, jobs: Iterable[SyncJob]) -> None:
    """Put claimed jobs back where they were; nothing is counted."""
    for job in jobs:
        for name in QUEUES:
            queue.db.execute(
                f"UPDATE ack_queue_{name} SET status = 1 WHERE data = ? AND status = 2",
                (payload(job.key),),
            )


def send_to_back(queue: SyncQueue, job: SyncJob) -> None:
    """Put a claimed job behind all others of its queue; nothing is counted."""
    delete_in_flight(queue, job.key)
    queue.db.execute(
        f"INSERT INTO ack_queue_{job.queue} (data, timestamp, status) VALUES (?, ?, 1)",
        (payload(job.key), job.enqueued_at),
    )
    mark_promoted(queue, job.key)


def has_waiting(queue: SyncQueue, name: QueueName) -> bool:
    """Whether a job waits in that queue."""
    rows = f"SELECT 1 FROM ack_queue_{name} WHERE status < 2"
    return bool(queue.db.number(f"SELECT EXISTS ({rows})"))


def is_waiting(queue: SyncQueue, key: JobKey) -> bool:
    """Whether a job for *key* waits for its turn."""
    return _has_row(queue, key, "status < 2")


def is_queued(queue: SyncQueue, key: JobKey) -> bool:
    """Whether a job for *key* waits for its turn, or is at work."""
    return is_waiting(queue, key) or is_in_flight(queue, key)


def is_in_flight(queue: SyncQueue, key: JobKey) -> bool:
    """Whether a job for *key* is claimed."""
    return _has_row(queue, key, "status = 2")


def _has_row(queue: SyncQueue, key: JobKey, condition: str) -> bool:
    return any(
        queue.db.number(
            f"SELECT EXISTS (SELECT 1 FROM ack_queue_{name} WHERE data = ? AND {condition})",
            (payload(key),),
        )
        for name in QUEUES
    )


def has_in_flight(queue: SyncQueue, name: QueueName) -> bool:
    """Whether a job of that queue is claimed."""
    rows = f"SELECT 1 FROM ack_queue_{name} WHERE status = 2"
    return bool(queue.db.number(f"SELECT EXISTS ({rows})"))


def is_due(queue: SyncQueue) -> bool:
    """Whether a job could be fetched now."""
    if any(has_waiting(queue, name) for name in QUEUES):
        return True
    due = next_due(queue)
    return due is not None and due <= queue.clock.now()


def _drop_unreadable(queue: SyncQueue, name: QueueName) -> None:
    """Drop rows in flight that name no job; what they meant, a reconciliation must find."""
    mark_reconciliation_due(queue.db.folder)
    with queue.db.transaction():
        for number, data in queue.db.rows(
            f"SELECT _id, data FROM ack_queue_{name} WHERE status = 2"
        ):
            if parse_key(data) is None:
                log.warning("row %d of the %s queue names no job and is dropped", number, name)
                queue.db.execute(f"DELETE FROM ack_queue_{name} WHERE _id = ?", (number,))

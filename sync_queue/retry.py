"""Jobs that wait: beside the queue, not in it, so that one that is not due is never fetched."""

from collections.abc import Sequence

from domain.job import JobKey, QueueName, SyncJob
from domain.outcome import Waiting
from sync_queue.inbox import INSERT
from sync_queue.manager import QUEUES, ROWS_PER_LOCK, SyncQueue, payload

LONGEST_WAIT = 7200.0  # seconds; a job due later than that was dated by a clock gone wrong


def load_job(
    queue: SyncQueue, key: JobKey, *, since: float | None = None, name: QueueName = "default"
) -> SyncJob:
    """The job with what earlier attempts left behind.

    Args:
        since: Unix seconds of its event, if it has no earlier attempts; None for now.
        name: the queue it is in, likewise.
    """
    rows = queue.db.rows(
        "SELECT queue, attempts, misses, deaths, alone, first_at FROM retry "
        "WHERE kind = ? AND id = ?",
        (key.kind, key.id),
    )
    if not rows:
        return SyncJob(key, name, enqueued_at=queue.clock.now() if since is None else since)
    came_from, attempts, misses, deaths, alone, first_at = rows[0]
    return SyncJob(key, came_from, attempts, misses, deaths, bool(alone), first_at)


def has_new_event(queue: SyncQueue, key: JobKey) -> bool:
    """Whether a hook's row of *key* is in flight, and not only the one that promotion made.

    Rows of a bulk run are no news of the scene: they bring the next attempt forward, but do not
    give it new ones.
    """
    rows = queue.db.number(
        "SELECT COUNT(*) FROM ack_queue_default WHERE data = ? AND status = 2 AND _id NOT IN ("
        "SELECT promoted_row FROM retry WHERE kind = ? AND id = ? AND queue = 'default' "
        "AND promoted_row IS NOT NULL)",
        (payload(key), key.kind, key.id),
    )
    return rows > 0


def promote_due(queue: SyncQueue) -> None:
    """Put jobs whose waiting time is over back into their queues, behind the others."""
    if not due_now(queue, alone=False, limit=1):
        return
    with queue.db.transaction():
        for key, name in due_now(queue, alone=False, limit=ROWS_PER_LOCK):
            queue.db.execute(
                INSERT.replace("_default", f"_{name}"), (payload(key), queue.clock.now())
            )
            mark_promoted(queue, key)


def due_now(
    queue: SyncQueue, *, alone: bool, limit: int, names: Sequence[QueueName] = QUEUES
) -> list[tuple[JobKey, QueueName]]:
    """Jobs whose waiting time is over and the queues they came from, longest overdue first.

    Args:
        alone: those that must run alone, or the others.
        names: the queues that they came from.
    """
    now = queue.clock.now()
    found: list[tuple[JobKey, QueueName]] = []
    # One after the other, because an OR would make SQLite look at every job that waits.
    for condition, bound in (("<= ?", now), ("> ?", now + LONGEST_WAIT)):
        rows = queue.db.rows(
            f"SELECT kind, id, queue FROM retry WHERE next_retry_at {condition} AND alone = ? "
            f"AND queue IN ({', '.join('?' * len(names))}) ORDER BY next_retry_at LIMIT ?",
            (bound, alone, *names, limit - len(found)),
        )
        found += [(JobKey(kind, identity), name) for kind, identity, name in rows]
    return found


def mark_promoted(queue: SyncQueue, key: JobKey) -> None:
    """The row that was inserted last is the one in which *key* waits from now on."""
    queue.db.execute(
        "UPDATE retry SET next_retry_at = NULL, promoted_row = last_insert_rowid() "
        "WHERE kind = ? AND id = ?",
        (key.kind, key.id),
    )


def put_off(queue: SyncQueue, job: SyncJob, why: Waiting) -> None:
    """The job waits until why.until, LONGEST_WAIT at most; *job* carries the counts so far."""
    until = min(why.until, queue.clock.now() + LONGEST_WAIT)
    delete_in_flight(queue, job.key)
    queue.db.execute(
        "INSERT OR REPLACE INTO retry (kind, id, queue, attempts, misses, deaths, alone, "
        "next_retry_at, cause, error, first_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            job.key.kind, job.key.id, job.queue, job.attempts, job.misses, job.deaths, job.alone,
            until, why.cause, why.why, job.enqueued_at,
        ),
    )  # fmt: skip


def next_due(queue: SyncQueue) -> float | None:
    """Unix seconds at which the next waiting job is due; None if none waits."""
    # Not MIN and MAX over the table: only a partial index knows the order.
    ends = "SELECT {}(next_retry_at) FROM retry WHERE next_retry_at IS NOT NULL"
    first: float | None = queue.db.rows(ends.format("MIN"))[0][0]
    now = queue.clock.now()
    if first is not None and queue.db.number(ends.format("MAX")) > now + LONGEST_WAIT:
        return min(first, now)
    return first


def rows_in_flight(queue: SyncQueue, key: JobKey) -> list[int]:
    """The numbers of the rows of *key* that were claimed."""
    return [
        number
        for name in QUEUES
        for (number,) in queue.db.rows(
            f"SELECT _id FROM ack_queue_{name} WHERE data = ? AND status = 2", (payload(key),)
        )
    ]


def delete_in_flight(queue: SyncQueue, key: JobKey) -> None:
    """The rows of *key* that were claimed are settled; what arrived later stays."""
    for name in QUEUES:
        queue.db.execute(
            f"DELETE FROM ack_queue_{name} WHERE data = ? AND status = 2", (payload(key),)
        )

"""What a user clears is kept for a week, because Stash asks nobody whether they are sure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from domain.job import JobKey
from sync_queue.manager import QUEUES, ROWS_PER_LOCK, SyncQueue, payload
from sync_queue.operations import parse_key

KEPT = 7 * 86_400.0  # seconds for which a clearing can be undone

ORIGINS: Mapping[str, str] = MappingProxyType(
    {
        "default": "ack_queue_default",
        "bulk": "ack_queue_bulk",
        "retry": "retry",
        "dead_letter": "dead_letter",
    }
)
"""The tables that rows are removed from, by the name under which they are kept."""

# A job at work is left to whoever is at it, with what is known of its earlier attempts.
_PAYLOAD = """CAST('{"kind": "' || kind || '", "id": ' || id || '}' AS BLOB)"""
_IS_AT_REST = f"""NOT EXISTS (
    SELECT 1 FROM ack_queue_default WHERE data = {_PAYLOAD} AND status = 2
    UNION ALL SELECT 1 FROM ack_queue_bulk WHERE data = {_PAYLOAD} AND status = 2)"""


@dataclass(frozen=True, slots=True)
class Clearing:
    """What one task removed, or what of that came back.

    Attributes:
        task: the task's name.
        at: Unix seconds.
        queued: jobs that waited for their turn.
        retries: jobs that waited for their next attempt.
        dead_letters: scenes that were given up.
    """

    task: str
    at: float
    queued: int = 0
    retries: int = 0
    dead_letters: int = 0

    @property
    def total(self) -> int:
        """How many rows."""
        return self.queued + self.retries + self.dead_letters


def clear_pending_items(queue: SyncQueue, task: str = "Clear Pending Queue") -> Clearing:
    """Remove every job that waits, for its turn or for its next attempt.

    Jobs in flight stay, and so do scenes that are parked or given up: those are in no queue.
    """
    number = _begin(queue, task)
    queued = sum(_remove(queue, number, name, "status < 2") for name in QUEUES)
    retries = _remove(queue, number, "retry", f"next_retry_at IS NOT NULL AND {_IS_AT_REST}")
    _remove(queue, number, "retry", _IS_AT_REST)  # what was known of jobs that were counted above
    return Clearing(task, queue.clock.now(), queued, retries)


def clear_dead_letters(
    queue: SyncQueue, task: str = "Clear Dead Letter Queue", *, older_than: float = 0.0
) -> Clearing:
    """Remove dead letters.

    Args:
        older_than: seconds since the burial; only older ones go.
    """
    latest = queue.clock.now() - older_than
    number = _begin(queue, task)
    letters = _remove(queue, number, "dead_letter", "buried_at <= ?", (latest,))
    return Clearing(task, queue.clock.now(), dead_letters=letters)


def undo_clear(queue: SyncQueue) -> Clearing | None:
    """Bring back what the latest clearing removed; None if there is none to undo.

    What is in the queue again by itself is not doubled, and a dead letter of a scene that has
    reached Plex since does not come back.
    """
    latest = queue.db.rows(
        "SELECT number, task, at FROM clearing WHERE number IN (SELECT clearing FROM removed) "
        "ORDER BY number DESC LIMIT 1"
    )
    if not latest:
        return None
    number, task, at = latest[0]
    counts = dict.fromkeys(ORIGINS, 0)
    while batch := queue.db.rows(
        "SELECT number, origin, document FROM removed WHERE clearing = ? ORDER BY number LIMIT ?",
        (number, ROWS_PER_LOCK),
    ):
        with queue.db.transaction(durable=True):
            for row, origin, document in batch:
                counts[origin] += _restore(queue, origin, json.loads(document), at)
                queue.db.execute("DELETE FROM removed WHERE number = ?", (row,))
    queued = counts["default"] + counts["bulk"]
    return Clearing(task, at, queued, counts["retry"], counts["dead_letter"])


def count_clearings(queue: SyncQueue) -> int:
    """How many times Undo Clear would bring something back."""
    return int(queue.db.number("SELECT COUNT(DISTINCT clearing) FROM removed"))


def forget_old_clearings(queue: SyncQueue) -> None:
    """What was cleared more than a week ago goes for good."""
    before = queue.clock.now() - KEPT
    for (number,) in queue.db.rows("SELECT number FROM clearing WHERE at < ?", (before,)):
        with queue.db.transaction():
            queue.db.execute("DELETE FROM removed WHERE clearing = ?", (number,))
            queue.db.execute("DELETE FROM clearing WHERE number = ?", (number,))


def _begin(queue: SyncQueue, task: str) -> int:
    with queue.db.transaction():
        row = queue.db.execute(
            "INSERT INTO clearing (task, at) VALUES (?, ?)", (task, queue.clock.now())
        )
        return int(row.lastrowid or 0)


def _remove(
    queue: SyncQueue, number: int, origin: str, condition: str, values: Sequence[object] = ()
) -> int:
    """Move the rows that meet *condition* among the removed, and return how many."""
    table = ORIGINS[origin]
    columns = [name for _, name, *_ in queue.db.rows(f"PRAGMA table_info({table})")]
    keys = ("_id",) if origin in QUEUES else ("kind", "id")
    total = 0
    while True:
        with queue.db.transaction(durable=True):
            rows = [
                dict(zip(columns, row, strict=True))
                for row in queue.db.rows(
                    f"SELECT * FROM {table} WHERE {condition} LIMIT {ROWS_PER_LOCK}", values
                )
            ]
            queue.db.executemany(
                "INSERT INTO removed (clearing, origin, document) VALUES (?, ?, ?)",
                [(number, origin, json.dumps(row, default=_text)) for row in rows],
            )
            queue.db.executemany(
                f"DELETE FROM {table} WHERE {' AND '.join(f'{key} = ?' for key in keys)}",
                [[row[key] for key in keys] for row in rows],
            )
        total += len(rows)
        if len(rows) < ROWS_PER_LOCK:
            return total


def _text(data: bytes) -> str:
    """What a queue row holds, which should be JSON."""
    return data.decode("utf-8", "replace")


def _restore(queue: SyncQueue, origin: str, row: Mapping[str, Any], removed_at: float) -> int:
    """Put one row back; return how many came back, 1 or 0."""
    for name in QUEUES:
        if origin == name:
            key = parse_key(str(row["data"]).encode())
            return queue.insert([key], name) if key else 0
    if _is_known(queue, JobKey(str(row["kind"]), int(row["id"]))):
        return 0
    if origin == "dead_letter" and _was_synced(queue, int(row["id"]), removed_at):
        return 0
    if origin == "retry" and row["next_retry_at"] is None:  # its turn has come and gone
        return 0
    queue.db.execute(
        f"INSERT INTO {ORIGINS[origin]} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        list(row.values()),
    )
    return 1


def _is_known(queue: SyncQueue, key: JobKey) -> bool:
    """Whether the job is in the queue again, in whatever state."""
    rows = any(
        queue.db.number(
            f"SELECT EXISTS (SELECT 1 FROM ack_queue_{name} WHERE data = ?1 AND status < 2) "
            f"OR EXISTS (SELECT 1 FROM ack_queue_{name} WHERE data = ?1 AND status = 2)",
            (payload(key),),
        )
        for name in QUEUES
    )
    return rows or any(
        queue.db.number(
            f"SELECT EXISTS (SELECT 1 FROM {table} WHERE kind = ? AND id = ?)", (key.kind, key.id)
        )
        for table in ("retry", "parked", "dead_letter")
    )


def _was_synced(queue: SyncQueue, scene: int, since: float) -> bool:
    found = queue.db.number(
        "SELECT EXISTS (SELECT 1 FROM ledger WHERE scene_id = ? AND synced_at > ?)", (scene, since)
    )
    return bool(found)

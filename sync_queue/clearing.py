"""What a user clears is kept for a week, because Stash asks nobody whether they are sure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from domain.job import JobKey
from sync_queue.manager import QUEUES, ROWS_PER_LOCK, SyncQueue
from sync_queue.operations import is_in_flight, is_waiting, parse_key

KEPT = 7 * 86_400.0  # seconds for which a clearing can be undone

ORIGINS: Mapping[str, str] = MappingProxyType(
    {
        "default": "ack_queue_default",
        "bulk": "ack_queue_bulk",
        "retry": "retry",
        "dead_letter": "dead_letter",
        "previewed": "previewed",
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
        queued: jobs that waited for their turn or for the end of a preview, several events of a
            scene being one.
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
    """Remove every job that waits: for its turn, its next attempt, or the end of a preview.

    Jobs in flight stay, and so do scenes that are parked or given up: those are in no queue.
    """
    number = _begin(queue, task)
    queued = retries = 0
    for name in QUEUES:
        while counts := _take_queued(queue, number, name):
            queued, retries = queued + counts[0], retries + counts[1]
    while count := _take(queue, number, "retry", _IS_AT_REST):
        retries += count
    while count := _take(queue, number, "previewed", _IS_AT_REST):
        queued += count
    return Clearing(task, queue.clock.now(), queued, retries)


def clear_dead_letters(
    queue: SyncQueue, task: str = "Clear Dead Letter Queue", *, older_than: float = 0.0
) -> Clearing:
    """Remove dead letters.

    Args:
        older_than: seconds since the burial; only older ones go. 0 for all.
    """
    latest = queue.clock.now() - older_than if older_than else float("inf")
    number = _begin(queue, task)
    letters = 0
    while count := _take(queue, number, "dead_letter", "buried_at <= ?", (latest,)):
        letters += count
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
    queued = counts["default"] + counts["bulk"] + counts["previewed"]
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


def _take_queued(queue: SyncQueue, number: int, name: str) -> tuple[int, int] | None:
    """Move some queue rows, and before each what is known of the job's earlier attempts.

    Returns:
        How many, and how many of them waited for a retry too; None if there was none.
    """
    with queue.db.transaction(durable=True):
        rows = _rows(queue, name, "status < 2")
        known = _known_of(queue, {row["data"] for row in rows})
        _move(queue, number, "retry", known)
        _move(queue, number, name, rows)
    if not rows:
        return None
    jobs = len({row["data"] for row in rows})
    return jobs, sum(retry["next_retry_at"] is not None for retry in known)


def _known_of(queue: SyncQueue, payloads: Iterable[object]) -> list[dict[str, Any]]:
    """What the retries know of jobs that are at rest."""
    if not queue.db.number("SELECT EXISTS (SELECT 1 FROM retry)"):
        return []
    keys = [key for data in payloads if (key := parse_key(data)) is not None]
    return [
        row
        for key in keys
        for row in _rows(
            queue, "retry", f"kind = ? AND id = ? AND {_IS_AT_REST}", (key.kind, key.id)
        )
    ]


def _take(
    queue: SyncQueue, number: int, origin: str, condition: str, values: Sequence[object] = ()
) -> int:
    """Move some of the rows that meet *condition*; return how many, 0 if none is left."""
    with queue.db.transaction(durable=True):
        rows = _rows(queue, origin, condition, values)
        _move(queue, number, origin, rows)
    return len(rows)


def _rows(
    queue: SyncQueue, origin: str, condition: str, values: Sequence[object] = ()
) -> list[dict[str, Any]]:
    """Up to ROWS_PER_LOCK rows, by column."""
    found = queue.db.execute(
        f"SELECT * FROM {ORIGINS[origin]} WHERE {condition} LIMIT {ROWS_PER_LOCK}", values
    )
    columns = [name for name, *_ in found.description]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def _move(queue: SyncQueue, number: int, origin: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep the rows among the removed, and delete them where they were."""
    keys = ("_id",) if origin in QUEUES else ("kind", "id")
    queue.db.executemany(
        "INSERT INTO removed (clearing, origin, document) VALUES (?, ?, ?)",
        [(number, origin, json.dumps(row, default=_text)) for row in rows],
    )
    queue.db.executemany(
        f"DELETE FROM {ORIGINS[origin]} WHERE {' AND '.join(f'{key} = ?' for key in keys)}",
        [[row[key] for key in keys] for row in rows],
    )


def _text(data: bytes) -> str:
    """What a queue row holds, which should be JSON."""
    return data.decode("utf-8", "replace")


def _restore(queue: SyncQueue, origin: str, row: Mapping[str, Any], removed_at: float) -> int:
    """Put one row back; return how many came back, 1 or 0."""
    if origin in QUEUES:
        return _requeue(queue, origin, row)
    key = JobKey(str(row["kind"]), int(row["id"]))
    if _is_in(queue, key, "retry", "parked", "dead_letter", "previewed") or is_in_flight(
        queue, key
    ):
        return 0
    if is_waiting(queue, key):
        return 0
    if origin == "dead_letter" and _was_synced(queue, key.id, removed_at):
        return 0
    queue.db.execute(
        f"INSERT INTO {ORIGINS[origin]} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",
        list(row.values()),
    )
    return int(origin != "retry" or row["next_retry_at"] is not None)


def _requeue(queue: SyncQueue, name: str, row: Mapping[str, Any]) -> int:
    """Put a row back in its old place, unless its scene waits in that queue again."""
    if parse_key(str(row["data"]).encode()) is None:
        return 0
    return queue.db.execute(
        f"INSERT INTO {ORIGINS[name]} (_id, data, timestamp, status) SELECT ?1, ?2, ?3, 0 "
        f"WHERE NOT EXISTS (SELECT 1 FROM {ORIGINS[name]} WHERE data = ?2 AND status < 2)",
        (row["_id"], str(row["data"]).encode(), row["timestamp"]),
    ).rowcount


def _is_in(queue: SyncQueue, key: JobKey, *tables: str) -> bool:
    return any(
        queue.db.number(
            f"SELECT EXISTS (SELECT 1 FROM {table} WHERE kind = ? AND id = ?)", (key.kind, key.id)
        )
        for table in tables
    )


def _was_synced(queue: SyncQueue, scene: int, since: float) -> bool:
    found = queue.db.number(
        "SELECT EXISTS (SELECT 1 FROM ledger WHERE scene_id = ? AND synced_at > ?)", (scene, since)
    )
    return bool(found)

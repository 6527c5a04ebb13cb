"""What an outage of Plex did to jobs, and how they are released afterwards."""

from sync_queue.manager import SyncQueue
from sync_queue.operations import get_stats

SERVERS_FAULT = ("PlexTemporaryError", "PlexServerDown", "TransientError")
"""Causes that an outage may have had a part in."""

_CAUSES = ", ".join(f"'{cause}'" for cause in SERVERS_FAULT)


def mark_outage(queue: SyncQueue, outage: int, *, since: float) -> None:
    """Note which jobs failed because an outage was about to begin.

    Args:
        outage: its id.
        since: Unix seconds; dead letters from before have another reason.
    """
    with queue.db.transaction():
        queue.db.execute(
            "UPDATE retry SET outage_id = ? WHERE outage_id IS NULL "
            f"AND next_retry_at IS NOT NULL AND cause IN ({_CAUSES})",
            (outage,),
        )
        queue.db.execute(
            "UPDATE dead_letter SET outage_id = ? WHERE outage_id IS NULL "
            f"AND buried_at >= ? AND cause IN ({_CAUSES})",
            (outage, since),
        )


def count_held_up(queue: SyncQueue, outage: int | None) -> int:
    """How many jobs Plex would have if it were there: not those that wait for their own reason.

    Args:
        outage: the one that lasts; None if it is over.
    """
    stats = get_stats(queue.db.folder / "queue")
    overdue = "next_retry_at <= ? OR (outage_id = ? AND next_retry_at IS NOT NULL)"
    retries = queue.db.number(
        f"SELECT COUNT(*) FROM retry WHERE {overdue}", (queue.clock.now(), outage)
    )
    return stats["pending"] + stats["in_progress"] + int(retries)


def rearm_outage(queue: SyncQueue, outage: int) -> int:
    """Make every job that waits because of an outage due at once; return how many."""
    with queue.db.transaction():
        return queue.db.execute(
            "UPDATE retry SET next_retry_at = ? WHERE outage_id = ? AND next_retry_at > ?",
            (queue.clock.now(), outage, queue.clock.now()),
        ).rowcount


def spread_retries(queue: SyncQueue, *, per_second: float, within: float) -> None:
    """Space out the retries that became due meanwhile, so that they do not come at a stroke.

    Those of saves come before those of bulk runs.

    Args:
        per_second: how many of them may come.
        within: seconds after which all of them are due, however many they are.
    """
    now = queue.clock.now()
    with queue.db.transaction():
        overdue = queue.db.rows(
            "SELECT kind, id FROM retry WHERE next_retry_at <= ? "
            "ORDER BY queue = 'bulk', next_retry_at",
            (now,),
        )
        queue.db.executemany(
            "UPDATE retry SET next_retry_at = ? WHERE kind = ? AND id = ?",
            [
                (now + min(within, place / per_second), kind, identity)
                for place, (kind, identity) in enumerate(overdue)
            ],
        )

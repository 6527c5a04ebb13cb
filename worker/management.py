"""The buttons that look after the queue; none of them needs Plex, nor the settings.

Each answers with what it did and, where something was removed, how to bring that back.
"""

import logging
from datetime import UTC, datetime

from domain.clock import DAY
from domain.errors import UserError
from sync_queue import spool
from sync_queue.clearing import (
    KEPT,
    Clearing,
    clear_dead_letters,
    clear_pending_items,
    count_clearings,
    undo_clear,
)
from sync_queue.dlq import retry_dead_letters
from sync_queue.manager import QueueManager
from sync_queue.operations import get_stats
from sync_queue.orphans import resume_orphans
from sync_queue.quarantine import open_queue
from worker.foreground import drain_lock
from worker.libraries import ask_to_forget_index

log = logging.getLogger(__name__)


class BadArgument(UserError):
    """A task was started with an argument that means nothing."""


def clear_queue(manager: QueueManager) -> str:
    """Remove what waits; what another process is at stays with it."""
    with drain_lock(manager.folder) as ours:
        if ours:
            open_queue(manager)
            resume_orphans(manager.get_queue())  # what a killed process left waits again
        queue = manager.get_queue()
        spool.ingest(queue)
        removed = clear_pending_items(queue)
        at_work = get_stats(manager.folder / "queue")["in_progress"]
    rest = f"; {at_work} that are being processed stay" if at_work else ""
    return _told(removed, "the queue was empty") + rest


def clear_dlq(manager: QueueManager) -> str:
    """Remove every dead letter."""
    removed = clear_dead_letters(manager.get_queue())
    return _told(removed, "there were no dead letters")


def purge_dlq(manager: QueueManager, days: object) -> str:
    """Remove the dead letters that are older than so many days.

    Raises:
        BadArgument: that is no number of days.
    """
    try:
        age = float(str(days))
    except ValueError:
        age = -1.0
    if not 0 <= age < 1e6:
        raise BadArgument(f"days must be a number that is not negative, not {str(days)[:40]!r}")
    removed = clear_dead_letters(manager.get_queue(), "Purge Old DLQ Entries", older_than=age * DAY)
    return _told(removed, f"no dead letter is older than {age:g} days")


def retry_dlq(manager: QueueManager, scenes: object) -> str:
    """Give dead letters new attempts.

    Args:
        scenes: ids, as a number, a list, or a text with commas; None for all.

    Raises:
        BadArgument: those are no ids.
    """
    queue = manager.get_queue()
    wanted = None if scenes is None else _ids(scenes)
    count = retry_dead_letters(queue, wanted)
    if wanted is not None and count < len(set(wanted)):
        log.warning("%d of these scenes were not given up", len(set(wanted)) - count)
    if not count:
        return "No dead letter to retry"
    return f"{_some(count, 'dead letter is', 'dead letters are')} in the queue again, as if new"


def undo(manager: QueueManager) -> str:
    """Bring back what the latest clearing removed."""
    queue = manager.get_queue()
    restored = undo_clear(queue)
    if restored is None:
        return f"Nothing to undo: nothing was cleared in the last {KEPT / DAY:.0f} days"
    answer = f"Undone: {restored.task} of {_when(restored.at)}: {_counts(restored)} restored"
    if more := count_clearings(queue):
        answer += f"; {_some(more, 'earlier clearing', 'earlier clearings')} can be undone too"
    return answer


def clear_match_cache(manager: QueueManager) -> str:
    """Have Plex's libraries listed again."""
    ask_to_forget_index(manager.folder)
    return "Match cache cleared: Plex's libraries are listed again with the next scene"


def _told(removed: Clearing, nothing: str) -> str:
    if not removed.total:
        return f"Nothing removed: {nothing}"
    return (
        f"{removed.task}: {_counts(removed)} removed; "
        f"Undo Clear restores what was removed, for {KEPT / DAY:.0f} days"
    )


def _counts(clearing: Clearing) -> str:
    counts = (
        (clearing.queued, "waiting job", "waiting jobs"),
        (clearing.retries, "job that waited for a retry", "jobs that waited for a retry"),
        (clearing.dead_letters, "dead letter", "dead letters"),
    )
    return ", ".join(_some(*count) for count in counts if count[0]) or "nothing"


def _some(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


def _when(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M}"


def _ids(scenes: object) -> list[int]:
    parts = scenes if isinstance(scenes, list) else str(scenes).split(",")
    try:
        return [int(str(part)) for part in parts]
    except ValueError:
        raise BadArgument(
            f"ids must be scene ids with commas between them, not {str(scenes)[:40]!r}"
        ) from None

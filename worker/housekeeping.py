"""What is done when a drain has nothing left to do: old things go, and the files shrink."""

from pathlib import Path

from sync_queue.clearing import forget_old_clearings
from sync_queue.dlq import trim_dead_letters
from worker.services import Services

ABANDONED = 3600.0  # seconds after which a draft belongs to a process that was killed


def tidy(services: Services) -> None:
    """Drop what is kept no longer; cheap, because most of the time there is nothing.

    Raises:
        QueueUnusable, QueueBusy.
    """
    trim_dead_letters(services.queue)
    forget_old_clearings(services.queue)
    _drop_drafts(services.folder, services.clock.now() - ABANDONED)
    services.queue.db.shrink()


def _drop_drafts(folder: Path, before: float) -> None:
    """Files that were about to take another's place, or to become a spool file."""
    for draft in (*folder.glob("*.tmp"), *(folder / "spool").glob("*.tmp")):
        try:
            if draft.stat().st_mtime < before:
                draft.unlink()
        except OSError:
            pass  # gone by itself, or not ours to remove

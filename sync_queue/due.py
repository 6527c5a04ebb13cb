"""Word that events were lost, so that a reconciliation is due: an empty file.

An empty file, because it can often be created where nothing more can be written.
"""

from pathlib import Path

from sync_queue.inbox import LOST


def mark_reconciliation_due(folder: Path) -> bool:
    """Leave word; return whether it could be left."""
    try:
        (folder / LOST).touch(mode=0o600)
    except OSError:
        return False
    return True


def is_reconciliation_due(folder: Path) -> bool:
    """Whether somebody left word."""
    return (folder / LOST).exists()


def reconciliation_done(folder: Path) -> None:
    """What was lost has been found again."""
    (folder / LOST).unlink(missing_ok=True)

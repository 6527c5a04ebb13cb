"""Word that events were lost, so that a reconciliation is due: an empty file.

An empty file, because it can often be created where nothing more can be written.
"""

from pathlib import Path

from sync_queue.database import in_our_words_and_oserror
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


def word_of_loss(folder: Path) -> int | None:
    """When word was left last, in nanoseconds; None if there is none."""
    try:
        return (folder / LOST).stat().st_mtime_ns
    except OSError:
        return None


def reconciliation_done(folder: Path, word: int | None = None) -> None:
    """What was lost has been found again.

    Args:
        word: what word_of_loss said before; word that was left since then stays. None takes
            back any.
    """
    if word is None or word == word_of_loss(folder):
        with in_our_words_and_oserror():
            (folder / LOST).unlink(missing_ok=True)

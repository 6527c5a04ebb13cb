"""Word that events were lost, so that a reconciliation is due: an empty file.

An empty file, because it can often be created where nothing more can be written.
"""

import os
from pathlib import Path

from sync_queue.database import in_our_words_and_oserror
from sync_queue.inbox import LOST

GONE = "thing_gone.due"
"""Word that a tag, performer, studio or group is gone from Stash, and nobody knows its scenes."""


def mark_reconciliation_due(folder: Path, word: str = LOST) -> bool:
    """Leave word; return whether it could be left."""
    try:
        (folder / word).touch(mode=0o600)
    except OSError:
        return False
    return True


QUIET = 5.0  # seconds without another one after which a comparison for things gone is due
LATER = 600.0  # seconds until it is tried again


def is_comparison_due(folder: Path, now: float) -> bool:
    """Whether word of a thing that is gone is so old that no other will come soon."""
    left_at = word_of_loss(folder, GONE)
    return left_at is not None and now - left_at / 1e9 >= QUIET


def put_off_comparison(folder: Path, now: float, seconds: float = LATER) -> None:
    """It cannot be made now; the word stays, and is believed later."""
    try:
        os.utime(folder / GONE, (now + seconds - QUIET,) * 2)
    except OSError:
        pass  # then it is tried again sooner


def is_reconciliation_due(folder: Path) -> bool:
    """Whether somebody left word."""
    return (folder / LOST).exists()


def word_of_loss(folder: Path, word: str = LOST) -> int | None:
    """When word was left last, in nanoseconds; None if there is none."""
    try:
        return (folder / word).stat().st_mtime_ns
    except OSError:
        return None


def reconciliation_done(folder: Path, left_at: int | None = None, word: str = LOST) -> None:
    """What was lost has been found again.

    Args:
        left_at: what word_of_loss said before; word that was left since then stays. None takes
            back any.
    """
    if left_at is None or left_at == word_of_loss(folder, word):
        with in_our_words_and_oserror():
            (folder / word).unlink(missing_ok=True)

"""Word that something was not noticed, so that scenes are to be looked at: an empty file.

An empty file, because it can often be created where nothing more can be written.
"""

import os
from pathlib import Path

from sync_queue.database import in_our_words_and_oserror
from sync_queue.inbox import LOST

GONE = "thing_gone.due"
"""Word that a tag, performer, studio or group is gone from Stash, and nobody knows its scenes."""

_HELD = "thing_gone.held"  # an empty file, dated until when nobody is to compare because of that

GATHER = 5.0  # seconds in which several things may go, until all scenes are compared once
LONGEST_HOLD = 3600.0  # seconds; a comparison held for longer was held by a clock gone wrong


def mark_reconciliation_due(folder: Path, word: str = LOST) -> bool:
    """Leave word; return whether it could be left."""
    try:
        (folder / word).touch(mode=0o600)
    except OSError:
        return False
    return True


def is_comparison_due(folder: Path, now: float) -> bool:
    """Whether word of a thing that is gone is so old that no other will come soon.

    Word of the future was left before the clock was set back.
    """
    if (left_at := word_of_loss(folder, GONE)) is None:
        return False
    held = (word_of_loss(folder, _HELD) or 0) / 1e9 - now
    return not 0 <= now - left_at / 1e9 < GATHER and not 0 < held <= LONGEST_HOLD


def hold_comparison(folder: Path, until: float) -> None:
    """Nobody is to compare because of things that are gone before *until* (Unix seconds)."""
    try:
        (folder / _HELD).touch(mode=0o600)
        os.utime(folder / _HELD, (until, until))
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

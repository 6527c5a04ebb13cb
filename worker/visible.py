"""What others can know of the background process: background.json, written by itself.

Its starter writes there too when a package is missing (sync_queue.wake.hold_off).
"""

import logging
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.clock import Clock
from stash.scrubber import Scrubber, ScrubbingFormatter
from sync_queue.state_file import SENSELESS, StateFile, moment
from sync_queue.wake import STATE, how_long
from worker.outage_history import format_elapsed_since

log = logging.getLogger(__name__)

TOLD = "background_told.json"

BETWEEN = 1.0  # seconds between two writes for warnings: ten thousand may come in a row


class Trace:
    """Leaves word of what this background process does."""

    def __init__(self, folder: Path, clock: Clock, scrubber: Scrubber | None = None) -> None:
        """Read what the last one has left.

        Args:
            scrubber: of the log; what others read must hold no more than that does.
        """
        self.scrubber = scrubber or Scrubber()
        self._file = StateFile(folder / STATE)
        self._clock = clock
        self._last = self._file.look() or {}
        self._written_at, self._is_behind = -BETWEEN, False
        self._why = self._last.get("why")  # of the life before

    def silent_for(self) -> float:
        """Seconds since another background was heard of, when this one started; inf for never."""
        heard = max(_number(self._last.get(name)) for name in ("started_at", "ended_at"))
        silence = self._clock.now() - heard
        return silence if heard and silence >= 0 else math.inf  # the clock was once ahead

    def began(self) -> None:
        """It lives."""
        now = self._clock.now()
        self._write(pid=os.getpid(), started_at=now, ended_at=None, why="", not_before=0.0)

    def warned(self, text: str) -> None:
        """It has warned of something that the user may want to act on."""
        now = self._clock.now()
        self._last |= {"warning": text, "warned_at": now}
        self._is_behind = True
        if not 0 <= now - self._written_at < BETWEEN:
            self._write()

    def rests(self) -> None:
        """It has nothing to do now: what it warned of a moment ago can be written."""
        if self._is_behind:
            self._write()

    def ended(self, why: str) -> None:
        """It ends; with a reason, starting another one is of no use for a while."""
        why, now = self.scrubber.text(why), self._clock.now()
        wait = how_long(self._last.get("held_off") if self._why == why else None) if why else 0.0
        self._why = why
        self._write(ended_at=now, why=why, held_off=wait, not_before=now + wait)

    def _write(self, **news: object) -> None:
        self._last |= news
        self._written_at, self._is_behind = self._clock.now(), False
        try:
            self._file.write(self._last)
        except OSError:
            pass  # its log has it, and a full disk must not stop the work


class WarningsToTrace(logging.Handler):
    """Passes on the last warning, for those who do not read background.log."""

    def __init__(self, trace: Trace) -> None:
        super().__init__(logging.WARNING)
        self.setFormatter(ScrubbingFormatter(trace.scrubber))
        self._trace = trace

    def emit(self, record: logging.LogRecord) -> None:
        """Leave word of the first line of a warning."""
        self._trace.warned((self.format(record).splitlines() or [""])[0])


@dataclass(frozen=True, slots=True)
class Word:
    """What the last background process has left; times are Unix seconds, None is unknown.

    Attributes:
        why: for which reason it gave up, which only the user can mend; "" for none.
        not_before: until when hooks start none.
        warning: its last one; "" for none.
    """

    started_at: float | None = None
    ended_at: float | None = None
    why: str = ""
    not_before: float = 0.0
    warning: str = ""
    warned_at: float | None = None


def last_word(folder: Path) -> Word:
    """Read it; nothing if there is none or it makes no sense."""
    document = StateFile(folder / STATE).look() or {}
    return Word(
        _time(document.get("started_at")),
        _time(document.get("ended_at")),
        str(document.get("why") or ""),
        _number(document.get("not_before")),
        str(document.get("warning") or ""),
        _time(document.get("warned_at")),
    )


def repeat_warning(folder: Path, clock: Clock) -> None:
    """Say the last warning of the background once where the user looks: in a task's log."""
    word, told = last_word(folder), StateFile(folder / TOLD)
    if word.warned_at is None or (told.look() or {}).get("warned_at") == word.warned_at:
        return
    when = format_elapsed_since(word.warned_at, clock.now())
    log.warning("the background process warned %s: %s", when, word.warning)
    try:
        told.write({"warned_at": word.warned_at})
    except OSError:
        pass  # then it is said twice


def _time(value: Any) -> float | None:
    try:
        return moment(value)
    except SENSELESS:
        return None


def _number(value: Any) -> float:
    return _time(value) or 0.0

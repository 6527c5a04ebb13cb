"""How far a drain is: a bar that never goes back, and a line in the log now and then."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.clock import Clock
from sync_queue.survey import survey
from worker.drain_report import DrainReport

log = logging.getLogger(__name__)

EVERY_ITEMS = 5
EVERY_SECONDS = 10.0
RECOUNT = 1.0  # seconds; counting 100,000 rows takes as long as five scenes

Show = Callable[[float], None]
"""Moves a progress bar, from 0 to 1."""


class Bar:
    """A progress bar that never goes back, although the queue may grow."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._at = 0.0

    def __call__(self, fraction: float) -> None:
        """Move it, or leave it where it is."""
        self._at = min(1.0, max(self._at, fraction))
        self._show(self._at)


@dataclass(slots=True)
class _Shown:
    """When what was shown last: monotonic seconds, and jobs that were processed until then."""

    at: float
    items: int = 0


class Progress:
    """Shows how far a drain is; the total follows a queue that grows meanwhile."""

    def __init__(self, folder: Path, clock: Clock, show: Show) -> None:
        """Begin now; the queue is that of the data folder *folder*."""
        self._folder = folder
        self._clock = clock
        self._show = show
        self.started = clock.monotonic()
        self._shown = _Shown(self.started)
        self._counted = _Shown(float("-inf"))
        self._remaining = 0

    def __call__(self, report: DrainReport) -> None:
        """Show it every few items or seconds."""
        now, processed = self._clock.monotonic(), report.processed
        if processed - self._shown.items < EVERY_ITEMS and now - self._shown.at < EVERY_SECONDS:
            return
        self._shown = _Shown(now, processed)
        remaining = self._count(now, processed)
        total = processed + remaining
        fraction = processed / total if total else 1.0
        rate = processed / max(now - self.started, 0.001)
        self._show(fraction)
        log.info(
            "Progress: %d/%d (%.0f%%), %d remaining, %.1f items/sec",
            processed, total, fraction * 100, remaining, rate,
        )  # fmt: skip

    def _count(self, now: float, processed: int) -> int:
        """How many jobs remain; between two counts, as many fewer as have been processed."""
        if now - self._counted.at >= RECOUNT:
            self._counted = _Shown(now, processed)
            self._remaining = count_due(self._folder, self._clock)
        return max(0, self._remaining - (processed - self._counted.items))


def count_due(folder: Path, clock: Clock) -> int:
    """How many jobs are there to be processed now, or are being processed."""
    found = survey(folder, clock.now())
    return found.due + found.counts["in_progress"]

"""The time, as a parameter: nothing else in the project asks the system for it."""

import time
from typing import Protocol

DAY = 86_400.0  # seconds


class Clock(Protocol):
    """Where a service gets the time and how it waits; tests move it by hand."""

    def now(self) -> float:
        """Unix seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; for durations."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that only grow; for durations."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)  # noqa: TID251 -- the one place that may

"""How long a job waits after a failure, and when waiting ends."""

import random
from dataclasses import dataclass


def calculate_delay(
    retry_count: int, base: float, cap: float, jitter_seed: int | None = None
) -> float:
    """Seconds to wait before the next attempt, with full jitter.

    Anything from 0 to min(cap, base * 2**retry_count), so that jobs that failed together do
    not come back together ("Exponential Backoff And Jitter", AWS Architecture Blog).

    Args:
        retry_count: failures before this one.
        base: upper bound of the first wait, in seconds.
        cap: upper bound of every wait, in seconds.
        jitter_seed: makes the answer repeatable; None for a different one each time.
    """
    bound = min(cap, base * 2 ** min(retry_count, 32))
    return random.Random(jitter_seed).uniform(0, bound)  # noqa: S311 -- no secret


@dataclass(frozen=True, slots=True)
class Schedule:
    """Waits that grow, and how many there are.

    Attributes:
        base: upper bound of the first wait, in seconds.
        cap: upper bound of every wait, in seconds.
        attempts: failures after which there is no further wait.
    """

    base: float
    cap: float
    attempts: int

    def wait(self, failures: int) -> float | None:
        """Seconds to wait after so many failures; None if it was the last attempt."""
        if failures >= self.attempts:
            return None
        return calculate_delay(failures - 1, self.base, self.cap)


# Scans of Plex take minutes on network storage; the scene is parked after about an hour.
NOT_IN_PLEX = Schedule(base=30.0, cap=3600.0, attempts=8)


def transient(max_retries: int) -> Schedule:
    """The schedule of ordinary failures."""
    return Schedule(base=5.0, cap=300.0, attempts=max_retries)

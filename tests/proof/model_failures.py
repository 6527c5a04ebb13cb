"""What failures lead to: of one job, and of the whole server."""

from collections.abc import Callable
from dataclasses import replace

from domain.errors import PermanentError, PlexNotFound
from domain.job import SyncJob
from domain.outcome import Buried, Outcome, Parked, Waiting
from tests.proof.system import MAX_RETRIES
from worker.circuit_breaker import CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN

THRESHOLD = 5  # failures in a row
FIRST, LONGEST = 60.0, 300.0  # seconds until it asks again


def after_failure(job: SyncJob, error: Exception) -> tuple[SyncJob, type[Outcome], float]:
    """The job with its new counts, what becomes of it, and the longest it may have to wait."""
    is_missed = isinstance(error, PlexNotFound)
    misses, attempts = job.misses + is_missed, job.attempts + (not is_missed)
    job = replace(job, attempts=attempts, misses=misses, alone=False, deaths=0)
    if isinstance(error, PermanentError):
        return job, Buried, 0.0
    failures, most, base, cap = (
        (job.misses, 8, 30.0, 3600.0) if is_missed else (job.attempts, MAX_RETRIES, 5.0, 300.0)
    )
    if failures >= most:
        return job, Parked if is_missed else Buried, 0.0
    return job, Waiting, min(cap, base * 2 ** (failures - 1))


class BreakerModel:
    """Closed until so many failures, then open for a time, then half-open until a probe."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._close()

    @property
    def state(self) -> CircuitState:
        if self.opened_at is None:
            return CLOSED
        elapsed = self._now() - self.opened_at
        open_for = min(LONGEST, FIRST * 2**self.probes_failed)
        is_due = not 0 <= elapsed < open_for  # a clock that was set back tells nothing
        return HALF_OPEN if self.was_asked or is_due else OPEN

    @property
    def seen_by_others(self) -> CircuitState | None:
        """None for what makes no sense: it comes from the future."""
        return None if self._is_from_the_future() else self.state

    def ask(self) -> bool:
        """Whether Plex may be asked; one that was half-open when asked stays so."""
        self.was_asked = self.state is HALF_OPEN
        return self.state is not OPEN

    def may_begin(self, *, is_up: bool) -> bool:
        """Ask, and let the probe decide where there is one."""
        if not self.ask():
            return False
        if self.was_asked:
            self.answered() if is_up else self.failed()
        return self.state is CLOSED

    def answered(self) -> None:
        if self.state is not OPEN:
            self._close()

    def failed(self) -> None:
        if self.state is HALF_OPEN:
            self._open(self.probes_failed + 1)
        elif self.state is CLOSED:
            self.failures += 1
            if self.failures >= THRESHOLD:
                self._open(0)

    def reload(self) -> None:
        """Another process reads the file."""
        if self._is_from_the_future():
            self._close()

    def _is_from_the_future(self) -> bool:
        return self.opened_at is not None and self.opened_at > self._now()

    def _close(self) -> None:
        self.failures, self.probes_failed = 0, 0
        self.opened_at: float | None = None
        self.was_asked = False

    def _open(self, probes_failed: int) -> None:
        self.opened_at, self.probes_failed = self._now(), probes_failed
        self.was_asked = False

"""How fast the queue is drained after Plex came back: slowly at first, and as fast as it bears."""

from collections import deque

from domain.clock import Clock, SystemClock

SLOWER = 0.5  # factor while too many jobs fail
RECOVERED = 0.1  # error rate below which the full rate is tried again


class RecoveryRateLimiter:
    """A token bucket of one job whose rate grows from *initial_rate* to *target_rate* jobs/s.

    Outside a recovery period nothing waits. All times are Unix seconds; None means now.
    """

    def __init__(
        self,
        initial_rate: float = 5.0,
        target_rate: float = 20.0,
        ramp_duration: float = 300.0,
        error_threshold: float = 0.3,
        error_window: float = 60.0,
        *,
        recovery_started_at: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Begin outside of a recovery period, or within one that another process began.

        Args:
            ramp_duration: seconds of a recovery period.
            error_threshold: share of failures from which on it goes slower.
            error_window: seconds over which failures are counted, and for which it goes slower.
            recovery_started_at: when the period began that lasts; None if there is none.
        """
        self._initial = initial_rate
        self._target = target_rate
        self.ramp_duration = ramp_duration
        self._threshold = error_threshold
        self._window = error_window
        self._clock = clock or SystemClock()
        self._started_at = recovery_started_at
        self._last_job: float | None = None
        self._rested_at: float | None = None
        self._results: deque[tuple[float, bool]] = deque()
        self._slower_until: float | None = None

    def is_in_recovery_period(self, now: float | None = None) -> bool:
        """Whether Plex has been back for less than the ramp."""
        if self._started_at is None:
            return False
        return 0 <= self._time(now) - self._started_at < self.ramp_duration

    def start_recovery_period(self, now: float | None = None) -> None:
        """Plex is back."""
        self._started_at = self._time(now)
        self._last_job = self._rested_at = None
        self._results.clear()
        self._slower_until = None

    def end_recovery_period(self) -> None:
        """Nothing waits any more."""
        self._started_at = None

    def current_rate(self, now: float | None = None) -> float:
        """Jobs per second; 0.0 outside a recovery period, where there is no limit."""
        time = self._time(now)
        if self._started_at is None or not self.is_in_recovery_period(time):
            return 0.0
        progress = (time - self._started_at) / self.ramp_duration
        rate = self._initial + (self._target - self._initial) * progress
        return rate * (SLOWER if self._slower_until is not None else 1.0)

    def should_wait(self, now: float | None = None) -> float:
        """Seconds to wait before the next job; 0.0 means that it may begin, and takes the turn."""
        time = self._time(now)
        rate = self.current_rate(time)
        if not rate:
            return 0.0
        wait = 0.0
        if self._last_job is not None and 0 <= time - self._last_job < 1 / rate:
            wait = 1 / rate - (time - self._last_job)
        if self._rested_at is not None and 0 < self._rested_at - time < self.ramp_duration:
            wait = max(wait, self._rested_at - time)
        if not wait:
            self._last_job = time
        return wait

    def record_result(
        self, success: bool, now: float | None = None, *, seconds: float = 0.0
    ) -> None:
        """A job reached Plex, or failed for a reason that may pass.

        Args:
            seconds: how long it took. Real jobs take longer than the bucket's spacing, so Plex
                gets a rest after each: as long as the job at first, none at the end of the ramp.
        """
        time = self._time(now)
        if self._started_at is not None and self.is_in_recovery_period(time):
            left = 1 - (time - self._started_at) / self.ramp_duration
            self._rested_at = time + seconds * left
        self._results.append((time, success))
        self._maybe_adjust_rate(time)

    def error_rate(self, now: float | None = None) -> float:
        """The share of failures within the window; 0.0 if there were no jobs."""
        since = self._time(now) - self._window
        while self._results and self._results[0][0] < since:
            self._results.popleft()
        if not self._results:
            return 0.0
        return sum(not success for _, success in self._results) / len(self._results)

    def _maybe_adjust_rate(self, now: float | None = None) -> None:
        time, errors = self._time(now), self.error_rate(now)
        if errors > self._threshold:
            self._slower_until = time + self._window
        elif self._slower_until is not None and errors < RECOVERED and time >= self._slower_until:
            self._slower_until = None

    def _time(self, now: float | None) -> float:
        return self._clock.now() if now is None else now

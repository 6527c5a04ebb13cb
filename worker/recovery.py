"""When Plex is asked whether it is back, and what is remembered of the answers."""

import logging
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from domain.clock import Clock, SystemClock
from sync_queue.state_file import SENSELESS, StateFile, moment
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.outage_history import OutageHistory

log = logging.getLogger(__name__)

EVERY = 5.0  # seconds that must lie between two checks, by whichever process


@dataclass(frozen=True, slots=True)
class RecoveryState:
    """What the checks have shown; times are Unix seconds, 0.0 means never.

    Attributes:
        consecutive_successes: 0 as soon as a check fails; the failures likewise.
        recovery_count: how many times Plex has come back.
        recovery_started_at: when the ramp began that may still last.
    """

    last_check_time: float = 0.0
    consecutive_successes: int = 0
    consecutive_failures: int = 0
    last_recovery_time: float = 0.0
    recovery_count: int = 0
    recovery_started_at: float = 0.0


_NAMES = tuple(field.name for field in fields(RecoveryState))
_COUNTS = ("consecutive_successes", "consecutive_failures", "recovery_count")


class RecoveryScheduler:
    """Decides when to check and keeps the results; for the holder of the drain lock."""

    STATE_FILE = "recovery_state.json"

    def __init__(
        self,
        data_dir: str | Path,
        outage_history: OutageHistory | None = None,
        *,
        clock: Clock | None = None,
    ) -> None:
        """Read nothing yet.

        Args:
            outage_history: told when Plex is back, if the breaker does not tell it.
        """
        self._file = StateFile(Path(data_dir) / self.STATE_FILE)
        self._outage_history = outage_history
        self._clock = clock or SystemClock()

    def load_state(self) -> RecoveryState:
        """What is known; nothing if the file is not there or makes no sense."""
        document = self._file.read()
        try:
            known = {name: moment(document[name]) for name in _NAMES if name in document}
            counts = {name: int(known[name]) for name in _COUNTS if name in known}
            return RecoveryState(**{**known, **counts})  # type: ignore[arg-type]  # ints by name
        except SENSELESS:
            return RecoveryState()

    def save_state(self, state: RecoveryState) -> None:
        """Keep it; a disk that takes nothing costs an early check and no more."""
        try:
            self._file.write(asdict(state))
        except OSError as error:
            log.warning("%s cannot be written: %s", self.STATE_FILE, error.strerror)

    def should_check_recovery(self, circuit_state: CircuitState, now: float | None = None) -> bool:
        """Whether Plex is away and was not asked just now."""
        if circuit_state is CircuitState.CLOSED:
            return False
        elapsed = self._time(now) - self.load_state().last_check_time
        return elapsed >= EVERY or elapsed < 0  # the clock was set back

    def record_health_check(
        self, success: bool, latency_ms: float, circuit_breaker: CircuitBreaker
    ) -> None:
        """Remember what a check has shown, and tell a breaker that waits for just that.

        While the breaker is open and its time not over, a check changes nothing in it.
        """
        now, state = self._time(None), self.load_state()
        state = replace(
            state,
            last_check_time=now,
            consecutive_successes=state.consecutive_successes + 1 if success else 0,
            consecutive_failures=0 if success else state.consecutive_failures + 1,
        )
        if circuit_breaker.state is CircuitState.HALF_OPEN:
            if success:
                circuit_breaker.record_success()
            else:
                circuit_breaker.record_failure()
            if circuit_breaker.peek() is CircuitState.CLOSED:
                state = self._recovered(state, latency_ms, now)
        self.save_state(state)

    def forget_answers(self) -> None:
        """Plex went away: what it answered before proves nothing now."""
        self.save_state(replace(self.load_state(), consecutive_successes=0))

    def clear_recovery_period(self) -> None:
        """The ramp is over."""
        self.save_state(replace(self.load_state(), recovery_started_at=0.0))

    def _recovered(self, state: RecoveryState, latency_ms: float, now: float) -> RecoveryState:
        count = state.recovery_count + 1
        log.info("Recovery #%d: Plex is back (%.0f ms)", count, latency_ms)
        if self._outage_history is not None:
            self._outage_history.record_outage_end(now)  # nothing, if the breaker has done it
        return replace(state, last_recovery_time=now, recovery_count=count, recovery_started_at=now)

    def _time(self, now: float | None) -> float:
        return self._clock.now() if now is None else now

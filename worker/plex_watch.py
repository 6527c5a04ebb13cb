"""Whether Plex may be asked, and how fast: breaker, probes, outages, and the ramp afterwards."""

import logging
from collections.abc import Callable, Sequence

from domain.errors import BadSettings, PlexRefused, PlexServerDown, Stash2PlexError
from domain.job import SyncJob
from domain.outcome import Buried, Outcome, Synced, Waiting
from sync_queue.outages import SERVERS_FAULT, count_held_up, mark_outage, spread_retries
from worker.backoff import calculate_delay
from worker.batch import BATCH
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.outage_history import OutageHistory
from worker.rate_limiter import RecoveryRateLimiter
from worker.recovery import RecoveryScheduler
from worker.services import Services

log = logging.getLogger(__name__)

RAMP_BATCH = 10  # scenes: what was read must not be minutes old when it is written

BREAKER = "circuit_breaker.json"

PROBES = (5.0, 60.0)  # seconds between two probes: the first, and the most
CERTAIN = 2  # successful probes in a row after which an open breaker need not wait any longer
NAP = 0.5  # seconds between two looks whether to go on waiting
PRELUDE = 300.0  # seconds before the first failure of an outage in which jobs failed due to it


class PlexWatch:
    """What the holder of the drain lock knows of Plex's health."""

    def __init__(self, services: Services, breaker: CircuitBreaker | None = None) -> None:
        self.services = services
        self.outages = OutageHistory(services.folder)
        self.circuit_breaker = breaker or CircuitBreaker(
            state_file=services.folder / BREAKER,
            outage_history=self.outages,
            count_waiting=self._count_waiting,
            clock=services.clock,
        )
        self._recovery = RecoveryScheduler(services.folder, self.outages, clock=services.clock)
        began = self._recovery.load_state().recovery_started_at
        self._rate_limiter = RecoveryRateLimiter(
            recovery_started_at=began or None, clock=services.clock
        )
        self.rested = 0.0  # seconds for which jobs have waited for their turn
        self._was_in_recovery = self._rate_limiter.is_in_recovery_period()
        self._failing_since: float | None = None
        self._most = BATCH
        self._last_health_check = 0.0
        self._health_check_interval = PROBES[0]
        self._consecutive_health_failures = 0

    def may_ask(self) -> bool:
        """Whether the breaker lets jobs pass; a half-open one is asked with one cheap GET.

        Raises:
            UserError: Plex refuses us.
        """
        if self.circuit_breaker.can_execute() and self.circuit_breaker.peek() is (
            CircuitState.HALF_OPEN
        ):
            self._probe()
        return self.circuit_breaker.peek() is CircuitState.CLOSED

    def check_recovery(self) -> None:
        """Ask Plex whether it is back although the breaker is open, but not too often.

        Raises:
            UserError: Plex refuses us.
        """
        if self._recovery.should_check_recovery(self.circuit_breaker.peek()):
            self._probe()

    @property
    def probe_in(self) -> float:
        """Seconds until Plex should be asked again."""
        waited = self.services.clock.now() - self._last_health_check
        return min(PROBES[1], max(0.0, self._health_check_interval - max(0.0, waited)))

    @property
    def at_once(self) -> int:
        """How many scenes may be read together."""
        if self._rate_limiter.is_in_recovery_period():
            return min(self._most, RAMP_BATCH)
        return self._most

    def note_read(self) -> None:
        """Plex has shown the items of a batch."""
        self._most = min(BATCH, self._most * 2)

    def fell_at_one(self, batch: Sequence[SyncJob], written: SyncJob | None) -> bool:
        """Whether Plex answered until one job was at work.

        Args:
            written: the job that was written; None if the batch was read. Then it may be any
                of them: with half the batch each time it is soon certain.
        """
        if self.circuit_breaker.failure_count:
            return False
        certain = written is not None or self._most == 1
        if written is None:
            self._most = max(1, len(batch) // 2)
        return certain

    def note_outcome(self, outcome: Outcome, seconds: float) -> None:
        """A job that wrote to Plex took so long; what is not Plex's doing says nothing of it."""
        match outcome:
            case Synced():
                self._note_result(success=True, seconds=seconds)
            case Waiting(cause=cause) | Buried(cause=cause) if cause in SERVERS_FAULT:
                self._note_result(success=False, seconds=seconds)

    def note_failure(self) -> None:
        """Plex failed as a server; when the breaker opens, what failed lately belongs to that."""
        self._note_result(success=False)
        now = self.services.clock.now()
        if not self.circuit_breaker.failure_count or self._failing_since is None:
            self._failing_since = now
        self.circuit_breaker.record_failure()
        current = self.outages.get_current_outage()
        if self.circuit_breaker.peek() is CircuitState.OPEN and current is not None:
            self._recovery.forget_answers()
            mark_outage(self.services.queue, current.id, since=self._failing_since - PRELUDE)
            self._health_check_interval = PROBES[0]
            self._last_health_check = now

    def pace(self, go_on: Callable[[], bool]) -> None:
        """Wait for the next job's turn, while Plex has only just come back."""
        if not self._rate_limiter.is_in_recovery_period():
            if self._was_in_recovery:
                self._was_in_recovery = False
                self._rate_limiter.end_recovery_period()
                self._recovery.clear_recovery_period()
                log.info("Plex has borne the load since it came back: full speed again")
            return
        clock, began = self.services.clock, self.services.clock.monotonic()
        while go_on() and (wait := self._rate_limiter.should_wait()):
            clock.sleep(min(NAP, wait))
        self.rested += clock.monotonic() - began

    def _note_result(self, *, success: bool, seconds: float = 0.0) -> None:
        if self._was_in_recovery:
            self._rate_limiter.record_result(success=success, seconds=seconds)

    def _probe(self) -> None:
        """One cheap authorised GET, and what follows from its answer."""
        clock = self.services.clock
        started = clock.monotonic()
        refused: PlexRefused | None = None
        try:
            self.services.plex.confirm()
            success = True
        except PlexServerDown:
            success = False
        except BadSettings as error:  # a proxy in front of a Plex that is away says so too
            log.warning("%s", error)
            success = False
        except PlexRefused as error:  # but it is back
            success, refused = True, error
        latency = (clock.monotonic() - started) * 1000
        self._last_health_check = clock.now()
        self._consecutive_health_failures = 0 if success else self._consecutive_health_failures + 1
        self._health_check_interval = PROBES[0]
        if not success:  # equal jitter: never sooner than half of it
            bound = min(PROBES[1], PROBES[0] * 2 ** min(self._consecutive_health_failures, 8))
            self._health_check_interval = bound / 2 + calculate_delay(0, bound / 2, bound / 2)
        was_open = self.circuit_breaker.peek() is not CircuitState.CLOSED
        waiting = self._count_waiting()
        if success and self._recovery.load_state().consecutive_successes + 1 >= CERTAIN:
            self.circuit_breaker.end_wait()
        self._recovery.record_health_check(success, latency, self.circuit_breaker)
        if was_open and self.circuit_breaker.peek() is CircuitState.CLOSED:
            self._begin_recovery(waiting)
        if refused:
            raise refused

    def _begin_recovery(self, waiting: int) -> None:
        """Plex is back: what waits is released little by little."""
        self._rate_limiter.start_recovery_period()
        self._was_in_recovery = True
        log.info("%d jobs wait and are brought to Plex now", waiting)
        spread_retries(
            self.services.queue,
            per_second=self._rate_limiter.current_rate(),
            within=self._rate_limiter.ramp_duration,
        )

    def _count_waiting(self) -> int:
        current = self.outages.get_current_outage()
        try:
            return count_held_up(self.services.queue, current.id if current else None)
        except Stash2PlexError:
            return 0  # a busy queue must not keep the outage from ending

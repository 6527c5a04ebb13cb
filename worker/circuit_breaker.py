"""Between the drain and Plex: after some failures of the server, leave it alone for a while.

A state machine that survives the process in one small file. Only the holder of the drain
lock records; everybody else peeks, which changes nothing. So there is one prober at a time,
and one that is killed leaves nothing behind: the state it found is still there.
"""

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from domain.clock import Clock, SystemClock
from sync_queue import host
from sync_queue.state_file import SENSELESS, StateFile
from worker.outage_history import OutageHistory

log = logging.getLogger(__name__)

LONGEST_OPEN = 300.0  # seconds; the open time doubles up to this with each failed probe


class CircuitState(Enum):
    """What may pass: everything, nothing, or one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The breaker as it stands in its file.

    Attributes:
        failure_count: failures in a row while closed.
        success_count: successful probes in a row while half-open.
        opened_at: Unix seconds of the latest opening; None while closed.
        reopened: how many probes have failed since the breaker opened.
    """

    state: CircuitState = CircuitState.CLOSED
    failure_count: int = 0
    success_count: int = 0
    opened_at: float | None = None
    reopened: int = 0


class CircuitBreaker:
    """Opens after *failure_threshold* failures in a row, asks again after *recovery_timeout*."""

    def __init__(
        self,
        failure_threshold: int = 5,
        recovery_timeout: float = 60.0,
        success_threshold: int = 1,
        state_file: str | Path | None = None,
        *,
        outage_history: OutageHistory | None = None,
        count_waiting: Callable[[], int] = lambda: 0,
        clock: Clock | None = None,
    ) -> None:
        """Load what is known.

        Args:
            recovery_timeout: seconds between opening and the first probe.
            state_file: where the state survives; None keeps it in this object.
            outage_history: told when the breaker opens, and when it closes again.
            count_waiting: how many jobs an outage has held up, asked at its end.
        """
        self._outages = outage_history
        self._count_waiting = count_waiting
        self._failure_threshold = failure_threshold
        self._recovery_timeout = recovery_timeout
        self._success_threshold = success_threshold
        self._path = None if state_file is None else Path(state_file)
        self._clock = clock or SystemClock()
        self._now = self._load_state()
        if outage_history is not None:  # a crash may have come between the two files
            outage_history.agree_with(self._now.opened_at, self._clock.now())

    @classmethod
    def as_onlooker(cls, path: Path, clock: Clock) -> "CircuitBreaker | None":
        """The breaker of another process as its file shows it; None if that makes no sense.

        Nothing that happens to it is saved.
        """
        breaker = cls(clock=clock)
        try:
            breaker._now = breaker._sane(_parse(StateFile(path).look()))
        except SENSELESS:
            return None
        return breaker

    @property
    def state(self) -> CircuitState:
        """The state; an open breaker whose time is over becomes half-open by being asked."""
        state = self.peek()
        if state is not self._now.state:
            self._become(replace(self._now, state=state))
        return state

    @property
    def is_closed(self) -> bool:
        """Whether Plex is taken to be well."""
        return self._now.state is CircuitState.CLOSED

    @property
    def failure_count(self) -> int:
        """Failures in a row; 0 if Plex answered last time."""
        return self._now.failure_count

    def peek(self) -> CircuitState:
        """The state as `state` would say it; changes nothing."""
        if self._now.state is CircuitState.OPEN and self.due_in() <= 0:
            return CircuitState.HALF_OPEN
        return self._now.state

    def due_in(self) -> float:
        """Seconds until an open breaker lets a probe pass; 0 if it does now."""
        if self._now.state is not CircuitState.OPEN or self._now.opened_at is None:
            return 0.0
        elapsed = self._clock.now() - self._now.opened_at
        if elapsed < 0:  # the clock was set back: nobody knows how long ago that was
            return 0.0
        doublings = min(self._now.reopened, 1023)  # one more would be too many for a float
        open_time: float = self._recovery_timeout * 2**doublings
        cap = max(LONGEST_OPEN, self._recovery_timeout)
        return max(0.0, min(cap, open_time) - elapsed)

    def can_execute(self) -> bool:
        """Whether Plex may be asked; when half-open, with one probe."""
        return self.state is not CircuitState.OPEN

    def record_success(self) -> None:
        """Plex answered; while open, that is word from before it opened and changes nothing."""
        state = self.state
        if state is CircuitState.OPEN:
            return
        if state is CircuitState.CLOSED:
            if self._now.failure_count:
                self._become(Snapshot())
            return
        successes = self._now.success_count + 1
        if successes >= self._success_threshold:
            self._become(Snapshot())
        else:
            self._become(replace(self._now, success_count=successes))

    def record_failure(self) -> None:
        """Plex failed as a server; failures of one item are not recorded."""
        state, now = self.state, self._now
        if state is CircuitState.HALF_OPEN:
            self._open(reopened=now.reopened + 1)
        elif state is CircuitState.CLOSED:
            failures = now.failure_count + 1
            if failures >= self._failure_threshold:
                self._open(reopened=0)
            else:
                self._become(replace(now, failure_count=failures))

    def end_wait(self) -> None:
        """Let the next probe pass at once: others have shown that Plex is back."""
        if self.peek() is CircuitState.OPEN:
            self._become(replace(self._now, state=CircuitState.HALF_OPEN))

    def reset(self) -> None:
        """Close, and forget every failure."""
        self._become(Snapshot())

    def _open(self, *, reopened: int) -> None:
        self._become(
            Snapshot(
                CircuitState.OPEN,
                failure_count=self._failure_threshold,
                opened_at=self._clock.now(),
                reopened=reopened,
            )
        )

    def _become(self, new: Snapshot) -> None:
        if new.state is not self._now.state:
            level = logging.WARNING if new.state is CircuitState.OPEN else logging.INFO
            log.log(level, "circuit breaker: %s", _TOLD[new.state])
        self._now = new
        self._save_state()
        if self._outages is None:
            return
        if new.opened_at is not None:
            self._outages.record_outage_start(new.opened_at)
        elif self._outages.get_current_outage():
            self._outages.record_outage_end(self._clock.now(), self._count_waiting())

    def _load_state(self) -> Snapshot:
        if self._path is None:
            return Snapshot()
        try:
            return self._sane(_parse(StateFile(self._path).look()))
        except SENSELESS:
            log.warning("%s cannot be understood: the breaker starts closed", self._path.name)
            StateFile(self._path).set_aside()
            return Snapshot()

    def _sane(self, snapshot: Snapshot) -> Snapshot:
        """A state from the future, or one without its time, was written by a broken clock.

        Raises:
            ValueError: it was.
        """
        if snapshot.state is CircuitState.CLOSED:
            return replace(snapshot, opened_at=None)
        if snapshot.opened_at is None or not snapshot.opened_at <= self._clock.now():
            raise ValueError("opened at no time, or in the future")
        return snapshot

    def _save_state(self) -> None:
        if self._path is None:
            return
        try:
            lock = host.try_lock(f"{self._path}.lock")
            if lock is None:
                return  # somebody else is saving; what we know is still true for us
            try:
                self._save_state_locked(self._path)
            finally:
                host.unlock(lock)
        except OSError as error:
            log.warning("the circuit breaker's state cannot be saved: %s", error.strerror)

    def _save_state_locked(self, path: Path) -> None:
        StateFile(path).write({**asdict(self._now), "state": self._now.state.value})


_TOLD = {
    CircuitState.OPEN: "open, Plex does not answer; jobs wait and nothing is counted",
    CircuitState.HALF_OPEN: "half-open, asking Plex whether it is back",
    CircuitState.CLOSED: "closed, Plex answers again",
}


def _parse(document: dict[str, Any] | None) -> Snapshot:
    if document is None:
        raise ValueError("no document")
    if not document:
        return Snapshot()
    opened_at = document["opened_at"]
    snapshot = Snapshot(
        CircuitState(document["state"]),
        int(document["failure_count"]),
        int(document["success_count"]),
        None if opened_at is None else float(opened_at),
        int(document.get("reopened", 0)),  # not among the plan's names
    )
    if min(snapshot.failure_count, snapshot.success_count, snapshot.reopened) < 0:
        raise ValueError("a negative count")
    return snapshot

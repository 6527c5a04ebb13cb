"""When a reconciliation is due, and what the last one found: a check, not a timer."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from domain.clock import Clock, SystemClock
from reconciliation.engine import GapDetectionResult
from sync_queue import host
from sync_queue.database import in_our_words_and_oserror
from sync_queue.state_file import SENSELESS, StateFile, moment

log = logging.getLogger(__name__)

INTERVAL_SECONDS: Mapping[str, int] = {"never": 0, "hourly": 3600, "daily": 86400, "weekly": 604800}

SCOPE_MAP: Mapping[str, str] = {"all": "all", "24h": "recent", "7days": "recent_7days"}
"""What the setting calls a scope, and what the engine does."""

STARTUPS_APART = 3600.0  # seconds since the last run before a start-up is worth one of its own
UNFINISHED = 600.0  # seconds after which a run that was killed is due again

LOCK = "reconcile.lock"


@dataclass(frozen=True, slots=True)
class ReconciliationState:
    """What the last run found; times are Unix seconds, 0.0 means never.

    Attributes:
        last_gaps_by_type: by "empty_metadata", "stale_sync" and "missing".
        is_startup_run: whether nobody but a start-up asked for it.
        last_interval_run_time: when the interval began that lasts; None means last_run_time.
            A start-up run does not begin one.
        started_at: when the run began that has not ended; 0.0 if there is none.
    """

    last_run_time: float = 0.0
    last_run_scope: str = ""
    last_gaps_found: int = 0
    last_gaps_by_type: dict[str, int] = field(default_factory=dict)
    last_enqueued: int = 0
    last_scenes_checked: int = 0
    is_startup_run: bool = False
    run_count: int = 0
    last_interval_run_time: float | None = None
    started_at: float = 0.0


class ReconciliationScheduler:
    """Decides by one small file; all times are Unix seconds, None means now."""

    STATE_FILE = "reconciliation_state.json"

    def __init__(self, data_dir: str | Path, *, clock: Clock | None = None) -> None:
        self._folder = Path(data_dir)
        self._file = StateFile(self._folder / self.STATE_FILE)
        self._clock = clock or SystemClock()

    def load_state(self) -> ReconciliationState:
        """What is known; nothing if the file is not there or makes no sense."""
        try:
            return _state(self._file.look() or {})
        except SENSELESS:
            return ReconciliationState()

    def save_state(self, state: ReconciliationState) -> None:
        """Keep it; a disk that takes nothing costs an early run and no more."""
        try:
            self._file.write(asdict(state))
        except OSError as error:
            log.warning("%s cannot be written: %s", self.STATE_FILE, error.strerror)

    def is_due(self, interval: str, now: float | None = None) -> bool:
        """Whether the interval is over; "never" never is.

        Args:
            interval: "never", "hourly", "daily" or "weekly".
        """
        seconds = INTERVAL_SECONDS.get(interval, 0)
        time, state = self._time(now), self.load_state()
        if not seconds or self._is_under_way(state, time):
            return False
        last = state.last_interval_run_time
        return _over(time - (state.last_run_time if last is None else last), seconds)

    def is_startup_due(self, now: float | None = None) -> bool:
        """Whether the last run is an hour ago, or there was none.

        Plugins are not told when Stash starts: the caller knows whether nobody has invoked it for
        an hour.
        """
        time, state = self._time(now), self.load_state()
        if self._is_under_way(state, time):
            return False
        return state.last_run_time == 0.0 or _over(time - state.last_run_time, STARTUPS_APART)

    def was_cut_short(self) -> bool:
        """Whether the last run was killed, or a server went away, and nobody made up for it."""
        return self.load_state().started_at > 0.0

    def record_run(self, result: GapDetectionResult, scope: str, is_startup: bool = False) -> None:
        """Remember a run that has ended.

        Args:
            scope: as the status shall call it.
        """
        before, now = self.load_state(), self._time(None)
        interval = before.last_interval_run_time
        if is_startup and interval is None:
            interval = before.last_run_time
        self.save_state(
            ReconciliationState(
                last_run_time=now,
                last_run_scope=scope,
                last_gaps_found=result.total_gaps,
                last_gaps_by_type={
                    "empty_metadata": result.empty_metadata_count,
                    "stale_sync": result.stale_sync_count,
                    "missing": result.missing_count,
                },
                last_enqueued=result.enqueued_count,
                last_scenes_checked=result.scenes_checked,
                is_startup_run=is_startup,
                run_count=before.run_count + 1,
                # From its beginning: an interval must not grow by the length of the runs.
                last_interval_run_time=interval if is_startup else before.started_at or now,
            )
        )

    def forget_claim(self) -> None:
        """The run has ended, and was none that counts."""
        self.save_state(replace(self.load_state(), started_at=0.0))

    @contextmanager
    def claim(self, is_wanted: Callable[[], bool] = lambda: True) -> Iterator[bool]:
        """Whether this process is to run now: no other does; held until the block ends.

        A run that is killed leaves ``started_at`` and is due again ten minutes later.

        Args:
            is_wanted: asked once nobody else can run.

        Raises:
            QueueUnusable: there is no place for the lock.
        """
        with in_our_words_and_oserror():
            lock = host.try_lock(str(self._folder / LOCK))
        if lock is None:
            yield False
            return
        try:
            if wanted := is_wanted():
                self.save_state(replace(self.load_state(), started_at=self._time(None)))
            yield wanted
        finally:
            host.unlock(lock)

    def _is_under_way(self, state: ReconciliationState, now: float) -> bool:
        return state.started_at > 0.0 and 0 <= now - state.started_at < UNFINISHED

    def _time(self, now: float | None) -> float:
        return self._clock.now() if now is None else now


def _over(elapsed: float, seconds: float) -> bool:
    """Whether so much time has passed; nobody knows how much if the clock was set back."""
    return elapsed >= seconds or elapsed < 0


_NAMES = tuple(one.name for one in fields(ReconciliationState))
_TIMES = ("last_run_time", "started_at")
_COUNTS = ("last_gaps_found", "last_enqueued", "last_scenes_checked", "run_count")


def _state(document: Mapping[str, Any]) -> ReconciliationState:
    known = {name: document[name] for name in _NAMES if name in document}
    for name in known:
        if name in _TIMES:
            known[name] = moment(known[name])
        elif name in _COUNTS:
            known[name] = int(moment(known[name]))
    if known.get("last_interval_run_time") is not None:
        known["last_interval_run_time"] = moment(known["last_interval_run_time"])
    gaps = known.get("last_gaps_by_type", {})
    known["last_gaps_by_type"] = {kind: int(moment(count)) for kind, count in dict(gaps).items()}
    return ReconciliationState(**known)

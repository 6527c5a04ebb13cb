"""The last outages of Plex: one record each, from the breaker's opening to its closing."""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypedDict

from domain.clock import SystemClock
from sync_queue.state_file import SENSELESS, StateFile, moment

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OutageRecord:
    """One outage; times are Unix seconds.

    Attributes:
        ended_at: None while it lasts.
        duration: seconds; None while it lasts.
        jobs_affected: how many jobs waited when Plex was back.
    """

    started_at: float
    ended_at: float | None = None
    duration: float | None = None
    jobs_affected: int = 0

    @property
    def id(self) -> int:
        """By which jobs and dead letters name it: an outage lasts longer than a second."""
        return int(self.started_at)


class OutageHistory:
    """A ring of the last outages; only the holder of the drain lock writes it."""

    MAX_OUTAGES = 30
    STATE_FILE = "outage_history.json"

    def __init__(self, data_dir: str | Path) -> None:
        self._file = StateFile(Path(data_dir) / self.STATE_FILE)

    def get_history(self) -> list[OutageRecord]:
        """All outages that are known, oldest first; none if the file makes no sense."""
        return self._read() or []

    def get_current_outage(self) -> OutageRecord | None:
        """The outage that lasts; None if there is none."""
        history = self.get_history()
        return history[-1] if history and history[-1].ended_at is None else None

    def record_outage_start(self, started_at: float) -> None:
        """Plex is away; a failed probe within an outage is no new one."""
        if self.get_current_outage() is None:
            self._save([*self.get_history(), OutageRecord(started_at)])

    def record_outage_end(self, ended_at: float, jobs_affected: int = 0) -> None:
        """Plex is back; without an outage that lasts there is nothing to end."""
        current = self.get_current_outage()
        if current is None:
            return
        duration = max(0.0, ended_at - current.started_at)
        ended = replace(current, ended_at=ended_at, duration=duration, jobs_affected=jobs_affected)
        self._save([*self.get_history()[:-1], ended])

    def agree_with(self, opened_at: float | None, now: float) -> None:
        """Repair the history by what the breaker says, which is written first.

        Args:
            opened_at: when the breaker opened; None if it is closed.
        """
        if opened_at is not None:
            self.record_outage_start(opened_at)
        elif self.get_current_outage() is not None:
            self.record_outage_end(now)

    def _read(self) -> list[OutageRecord] | None:
        """What the file says; None if that makes no sense."""
        try:
            return [_record(one) for one in (self._file.look() or {})["outages"]]
        except SENSELESS:
            return None

    def _save(self, history: Sequence[OutageRecord]) -> None:
        if self._read() is None:
            self._file.set_aside()  # nothing, if there is no file yet
        kept = [asdict(record) for record in history[-self.MAX_OUTAGES :]]
        try:
            self._file.write({"outages": kept})
        except OSError as error:
            log.warning("%s cannot be written: %s", self.STATE_FILE, error.strerror)


def _record(document: Any) -> OutageRecord:
    if not isinstance(document, dict):
        raise TypeError("no record")
    ended_at, duration = document.get("ended_at"), document.get("duration")
    return OutageRecord(
        moment(document["started_at"]),
        None if ended_at is None else moment(ended_at),
        None if duration is None else moment(duration),
        int(document.get("jobs_affected", 0)),
    )


class Metrics(TypedDict):
    """What a history says on the whole; times in seconds, availability in percent."""

    mttr: float
    mtbf: float
    availability: float
    total_downtime: float
    outage_count: int


def calculate_outage_metrics(history: Sequence[OutageRecord]) -> Metrics:
    """How long Plex is away on average (mttr), and how long it works in between (mtbf).

    Outages that last count in outage_count only.
    """
    ended = [(o.started_at, o.ended_at) for o in history if o.ended_at is not None]
    downtime = sum(max(0.0, end - start) for start, end in ended)
    mttr = downtime / len(ended) if ended else 0.0
    # From the end of one to the start of the next: from start to start would count downtime too.
    gaps = [max(0.0, start - end) for (_, end), (start, _) in pairwise(ended)]
    mtbf = sum(gaps) / len(gaps) if gaps else 0.0
    return Metrics(
        mttr=mttr,
        mtbf=mtbf,
        availability=100 * mtbf / (mtbf + mttr) if mtbf else 100.0,
        total_downtime=downtime,
        outage_count=len(history),
    )


def format_duration(seconds: float) -> str:
    """A span in its two largest units, such as "1h 1m"."""
    left = max(0, int(seconds))
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        if count or parts or unit == "s":
            parts.append(f"{count}{unit}")
        if len(parts) == 2:
            break
    return " ".join(parts)


def format_elapsed_since(timestamp: float, now: float | None = None) -> str:
    """How long ago a moment was; None means by the system's clock."""
    now = SystemClock().now() if now is None else now
    return f"{format_duration(now - timestamp)} ago"

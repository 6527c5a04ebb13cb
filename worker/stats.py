"""How long a job takes, measured over processes; what a drain is planned and estimated by."""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

from sync_queue.state_file import StateFile

log = logging.getLogger(__name__)

FILE = "stats.json"

ENOUGH = 5  # jobs after which the average is trusted
WINDOW = 1000  # jobs that the average remembers, so that it follows a server that has changed


@dataclass(slots=True)
class SyncStats:
    """The average time per job. Only the holder of the drain lock saves it.

    Attributes:
        DEFAULT_TIME_PER_ITEM: seconds to reckon with before anything is measured.
        jobs_processed: how many jobs the average is made of.
        total_processing_time: seconds that those took.
    """

    DEFAULT_TIME_PER_ITEM: ClassVar[float] = 2.0

    jobs_processed: int = 0
    total_processing_time: float = 0.0

    @classmethod
    def load_from_file(cls, path: str | Path) -> Self:
        """What was measured before; nothing if the file is not there or makes no sense."""
        document = StateFile(Path(path)).look() or {}
        try:
            jobs = int(document.get("jobs_processed", 0))
            seconds = float(document.get("total_processing_time", 0.0))
        except (TypeError, ValueError, OverflowError):
            return cls()
        if not 0 <= jobs < 1e9 or not 0.0 <= seconds < 1e9:
            return cls()
        return cls(jobs, seconds)

    def save_to_file(self, path: str | Path) -> None:
        """Keep it; a disk that takes nothing costs the measurement and no more."""
        try:
            StateFile(Path(path)).write(asdict(self))
        except OSError as error:
            log.warning("%s cannot be written: %s", FILE, error.strerror)

    def add(self, jobs: int, seconds: float) -> None:
        """So many more jobs took so long; old ones fade out of the average."""
        self.jobs_processed += jobs
        self.total_processing_time += max(0.0, seconds)
        if self.jobs_processed > WINDOW:
            self.total_processing_time *= WINDOW / self.jobs_processed
            self.jobs_processed = WINDOW

    @property
    def avg_processing_time(self) -> float:
        """Seconds per job: measured, the default, or a blend of both while few are measured."""
        if not self.jobs_processed:
            return self.DEFAULT_TIME_PER_ITEM
        measured = self.total_processing_time / self.jobs_processed
        weight = min(1.0, self.jobs_processed / ENOUGH)
        return weight * measured + (1 - weight) * self.DEFAULT_TIME_PER_ITEM

    @property
    def is_measured(self) -> bool:
        """Whether the average is measured alone."""
        return self.jobs_processed >= ENOUGH

    def get_estimated_timeout(
        self,
        item_count: int,
        buffer_factor: float = 1.5,
        min_timeout: float = 30.0,
        max_timeout: float = 600.0,
    ) -> float:
        """Seconds to allow for so many items, within the given bounds."""
        wanted = item_count * self.avg_processing_time * buffer_factor
        return min(max_timeout, max(min_timeout, wanted))

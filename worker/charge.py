"""Whom a bug is charged to that our code meets while it reads a batch."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType

from domain.errors import Stash2PlexError
from domain.job import SceneId, SyncJob
from sync_queue.manager import SyncQueue
from sync_queue.orphans import mark_at_work

NO_BUGS = (Stash2PlexError, OSError, MemoryError)  # foreseen, or the machine's


class Charge:
    """Within it, an exception that is not ours leaves word that one job was at work.

    It passes through and ends the process, and the next one charges the death to that job, which
    then runs alone. Otherwise a scene that our code chokes on before anything is written would
    take its batch with it, again and again.
    """

    def __init__(self, queue: SyncQueue, batch: Sequence[SyncJob]) -> None:
        """Charge the first job of *batch*, unless it is known to be another."""
        self._queue = queue
        self._jobs = {job.scene_id: job for job in batch}
        self._first = self._whom = batch[0]

    @contextmanager
    def to(self, scene: SceneId) -> Iterator[None]:
        """Within it, it is this scene's."""
        self._whom = self._jobs.get(scene, self._first)
        yield
        self._whom = self._first

    def __enter__(self) -> "Charge":
        """Nothing to do before it happens."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave word of a bug; what is no scene's fault is charged to none."""
        if isinstance(error, Exception) and not isinstance(error, NO_BUGS):
            with self._queue.db.transaction():
                mark_at_work(self._queue, self._whom)

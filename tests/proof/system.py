"""The queue and the breaker as the machine drives them; a wrong variant overrides one step."""

from collections.abc import Callable, Sequence
from pathlib import Path

from domain.errors import PermanentError, PlexNotFound, TransientError
from domain.job import QueueName, SyncJob
from domain.outcome import Gone
from stash.client import StashClient
from stash.connection import Connection
from sync_queue import host, inbox, spool
from sync_queue.clearing import (
    Clearing,
    clear_dead_letters,
    clear_pending_items,
    forget_old_clearings,
    undo_clear,
)
from sync_queue.dlq import retry_dead_letters, trim_dead_letters
from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending, is_due
from sync_queue.orphans import get_suspect, resume_orphans
from sync_queue.parked import rearm
from sync_queue.spool import spooled
from sync_queue.wake import DRAIN_LOCK
from tests.servers.plex import LoopbackPlex
from tests.sync_queue.store import Store, scene
from tests.worker.stage import Killed
from tests.world import FrozenClock
from validation.config import load_config
from worker.circuit_breaker import CircuitState
from worker.launch import something_is_due
from worker.plex_watch import BREAKER
from worker.processor import SyncWorker
from worker.services import Services, connect
from worker.settle import Settlement, announce, settle

MAX_RETRIES = 2  # so that a job is soon given up


class MortalClock(FrozenClock):
    """Kills whoever looks at the time once too often.

    Attributes:
        looks: the number of the look that is the last; None for none.
    """

    looks: int | None = None

    def now(self) -> float:
        if self.looks is not None:
            self.looks -= 1
            if not self.looks:
                raise Killed
        return super().now()


def name_of(identity: int) -> str:
    """The base name of a scene's file."""
    return f"{identity}.mp4"


class System:
    """One data folder, and the process that drains it, if one does.

    Attributes:
        store: the data folder.
        queue: as the process has it open.
        worker: its drain.
        lives: how many processes have begun to drain.
    """

    queue: SyncQueue
    worker: SyncWorker
    _services: Services

    def __init__(self, folder: Path, clock: MortalClock, plex: LoopbackPlex) -> None:
        self.store = Store(folder, clock)
        self.clock = clock
        self.plex = plex
        self.lives = 0
        self._lock: int | None = None
        self._connect()

    def close(self) -> None:
        self._disconnect()
        self._let_go()

    # What arrives

    def edit(self, identity: int) -> None:
        """A hook's event."""
        self.store.event(identity)

    def put(self, identities: Sequence[int], name: QueueName) -> int:
        return self.queue.put(map(scene, identities), name)

    def spool(self, identity: int) -> None:
        """A hook's event that cannot be written into the database."""
        inbox._spool(str(self.store.folder), inbox.payload("scene", identity))

    def ingest(self) -> None:
        spool.ingest(self.queue)

    # What the drain does

    def may_begin(self) -> bool:
        return self.worker.may_ask()

    def fetch(self, name: QueueName) -> SyncJob | None:
        return get_pending(self.queue, names=(name,))

    def fetch_suspect(self, name: QueueName) -> SyncJob | None:
        return get_suspect(self.queue, (name,))

    def announce(self, jobs: Sequence[SyncJob]) -> None:
        announce(self._services, [(job, Gone()) for job in jobs])

    def failed(self, job: SyncJob, error: TransientError | PermanentError) -> Settlement:
        names = (name_of(job.scene_id),) if isinstance(error, PlexNotFound) else ()
        return self.worker._prepare_for_retry(job, error, names)

    def settle(self, settlement: Settlement, following: SyncJob | None) -> None:
        settle(self._services, settlement, following)

    def put_back(self, jobs: Sequence[SyncJob], *, head_last: bool) -> None:
        self.worker._put_back(jobs, head_last=head_last)

    def server_failed(self) -> None:
        self.worker.circuit_breaker.record_failure()

    def server_answered(self) -> None:
        self.worker.circuit_breaker.record_success()

    # How a process begins and ends

    def wake(self) -> bool:
        """Begin a life if nobody drains; return whether one began."""
        if self._lock is not None:
            return False
        self._lock = host.try_lock(str(self.store.folder / DRAIN_LOCK))
        self.lives += 1
        if self.lives > 1:
            self.reopen()
        self.resume()
        return True

    def resume(self) -> None:
        resume_orphans(self.queue)

    def die(self) -> None:
        """kill -9; the next process takes over."""
        self.store.manager.abandon()
        self._let_go()
        self.wake()

    def end(self, meanwhile: Callable[[], None]) -> None:
        """End in good order, with something that happens after the last look, if all is done."""
        if not is_due(self.queue) and not spooled(self.store.folder):
            meanwhile()
            self._let_go()
            self.look_again()

    def look_again(self) -> None:
        """An event that was recorded while we held the lock found us alive and started nobody."""
        if something_is_due(self.store.folder, self.clock):
            self.wake()

    def reopen(self) -> None:
        """Close everything and open it again, as a new process does."""
        self._disconnect()
        self._connect()

    # What the user does

    def rearm(self, identities: Sequence[int]) -> int:
        """Plex shows the files of some scenes."""
        return rearm(self.queue, map(name_of, identities))

    def retry_dead(self, identities: Sequence[int] | None) -> int:
        return retry_dead_letters(self.queue, identities)

    def clear(self) -> Clearing:
        return clear_pending_items(self.queue)

    def clear_dead(self, older_than: float) -> Clearing:
        return clear_dead_letters(self.queue, older_than=older_than)

    def undo(self) -> Clearing | None:
        return undo_clear(self.queue)

    def tidy(self) -> None:
        trim_dead_letters(self.queue)
        forget_old_clearings(self.queue)

    # What is there

    @property
    def is_alive(self) -> bool:
        """Whether a process drains."""
        return self._lock is not None

    @property
    def breaker(self) -> CircuitState:
        """What the process that drains makes of Plex."""
        return self.worker.circuit_breaker.peek()

    @property
    def breaker_file(self) -> Path:
        return self.store.folder / BREAKER

    def _let_go(self) -> None:
        if self._lock is not None:
            host.unlock(self._lock)
            self._lock = None

    def _connect(self) -> None:
        settings = {"plex_url": self.plex.url, "plex_token": self.plex.token}
        config = load_config({**settings, "max_retries": MAX_RETRIES}).config
        stash = StashClient(Connection("http", "127.0.0.1", 1))
        self._services = connect(config, stash, self.store.manager)
        self.queue = self._services.queue
        self.worker = SyncWorker(self._services)

    def _disconnect(self) -> None:
        self._services.close()
        self._services.stash.close()
        self.store.manager.close()

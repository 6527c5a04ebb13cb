"""A drain in this process, under a clock that stands still: what its tests arrange and look at."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from domain.job import JobKey, QueueName, SceneId
from domain.ledger import LedgerEntry
from sync_queue import inbox
from sync_queue.manager import SyncQueue
from sync_queue.orphans import resume_orphans
from sync_queue.retry import load_job
from tests.servers.plex import Request
from tests.world import FrozenClock, World
from worker.circuit_breaker import CircuitState
from worker.processor import DrainReport, SyncWorker


class Killed(Exception):
    """The drain's process ended; no error of ours."""


class EventfulClock(FrozenClock):
    """While somebody sleeps, things happen.

    Attributes:
        events: called one after the other, one per sleep; then nothing happens any more.
        slept: every sleep so far, in seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.events: Sequence[Callable[[], object]] = ()
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.slept.append(seconds)
        if self.events:
            first, *self.events = self.events
            first()


class MortalClock(FrozenClock):
    """Ends the drain at its next look at the time: after a write comes one, before settling."""

    def __init__(self) -> None:
        super().__init__()
        self.is_over = False

    def now(self) -> float:
        # The servers live by this clock too, in threads of their own.
        if self.is_over and threading.current_thread() is threading.main_thread():
            self.is_over = False
            raise Killed
        return super().now()


def hook(world: World, scene: int) -> None:
    """Record an event as the hook does."""
    inbox.record(str(world.data_dir), inbox.payload("scene", scene))


def spool(world: World, scene: int) -> None:
    """Record an event as a hook does that cannot write into the database."""
    folder = world.data_dir / "spool"
    folder.mkdir(exist_ok=True)
    (folder / f"{scene}-1.json").write_bytes(inbox.payload("scene", scene))


def last_word(world: World) -> dict[str, Any]:
    """What the background left behind when it ended."""
    document: dict[str, Any] = json.loads((world.data_dir / "background.json").read_text())
    return document


class Stage:
    """One drain between Stash and Plex.

    Attributes:
        world: the two servers; both live by the clock.
        worker: opened by the first use, with the settings of `open`.
    """

    def __init__(self, world: World, clock: FrozenClock) -> None:
        self.world = world
        self.clock = clock
        world.stash.now = lambda: datetime.fromtimestamp(clock.now(), UTC)
        world.plex.clock = clock.now
        self._worker: SyncWorker | None = None

    @property
    def worker(self) -> SyncWorker:
        return self._worker or self.open()

    @property
    def queue(self) -> SyncQueue:
        return self.worker.services.queue

    def open(self, **settings: Any) -> SyncWorker:
        """Begin to drain with these settings, stored as Stash stores them."""
        self._worker = self.world.worker(self.clock, **settings)
        return self._worker

    def reopen(self, **settings: Any) -> SyncWorker:
        """Go on as another process would, after this one ended or died."""
        self._worker = SyncWorker(self.world.services(self.clock, **settings))
        resume_orphans(self._worker.services.queue)
        return self._worker

    # What happens

    def enqueue(self, *scenes: int, queue: QueueName = "default") -> None:
        """Record events; without scenes, one for each that Stash has."""
        whose = scenes or tuple(self.world.stash.library.ids)
        self.queue.put((JobKey("scene", scene) for scene in whose), queue)

    def drain(self) -> DrainReport:
        """Process what is due now."""
        return self.worker.drain()

    def sync(self, *scenes: int) -> DrainReport:
        """Record events and process them."""
        self.enqueue(*scenes)
        return self.drain()

    def edit(self, scene: int, **changes: Any) -> None:
        """Let a user save a scene, ten seconds ago; the event is recorded."""
        self.world.stash.edit(scene, **changes)
        self.clock.move(10)
        self.enqueue(scene)

    def drain_until_idle(self, *, rounds: int = 40, step: float = 3600.0) -> None:
        """Drain again and again, *step* seconds apart, until nothing waits any more."""
        for _ in range(rounds):
            self.drain()
            if not self.stats["waiting"] + self.stats["pending"]:
                return
            self.clock.move(step)
        raise AssertionError(f"still waiting: {self.waiting()}")

    # What there is to see

    @property
    def stats(self) -> dict[str, int]:
        return self.world.queue_stats()

    @property
    def breaker(self) -> CircuitState:
        return self.worker.circuit_breaker.peek()

    def is_idle(self) -> bool:
        """Whether no job is in the queue in whatever state."""
        return not any(self.stats.values())

    def dead(self) -> dict[int, str]:
        """Why which scenes were given up."""
        return dict(self.queue.db.rows("SELECT id, reason FROM dead_letter"))

    def waiting(self) -> dict[int, float]:
        """In how many seconds which scenes are due."""
        rows = self.queue.db.rows("SELECT id, next_retry_at FROM retry WHERE next_retry_at > 0")
        return {scene: due - self.clock.now() for scene, due in rows}

    def why_waiting(self, scene: int) -> str:
        """What is remembered of the last failure."""
        rows = self.queue.db.rows("SELECT error FROM retry WHERE id = ?", (scene,))
        return str(rows[0][0])

    def parked(self) -> list[int]:
        """The scenes that are not in Plex."""
        return [scene for (scene,) in self.queue.db.rows("SELECT id FROM parked ORDER BY id")]

    def attempts(self, scene: int) -> int:
        """How often the scene was tried in vain."""
        return load_job(self.queue, JobKey("scene", scene)).attempts

    def memory(self, scene: int) -> list[LedgerEntry]:
        """What the ledger knows of the scene."""
        server = self.world.plex.machine_identifier
        return self.worker.services.ledger.of_scene(server, SceneId(scene))

    # What was asked

    def forget_requests(self) -> None:
        self.world.plex.clear_requests()
        self.world.stash.clear_requests()

    def plex_saw(self, method: str) -> int:
        """How many requests of a method Plex has had."""
        return self.world.plex.count(method)

    def puts(self, scene: int) -> list[Request]:
        """The edits of the item that shows a scene."""
        return list(self._puts(str(self.world.key(scene))))

    def _puts(self, key: str) -> Iterator[Request]:
        for request in self.world.plex.requests:
            if request.method == "PUT" and request.args.get("id") == key:
                yield request


def live(stage: Stage, *, lives: int = 10) -> None:
    """Drain as the background does: a bug ends a life, and the next one resumes."""
    for _ in range(lives):
        stage.reopen()
        try:
            stage.drain()
        except (Killed, ZeroDivisionError, TypeError, OSError):
            continue
        return

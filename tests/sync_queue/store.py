"""A data folder with a queue in it: what the tests of the queue arrange and look at."""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any, Self

from domain.clock import Clock
from domain.job import JobKey, QueueName, SyncJob
from domain.outcome import Waiting
from sync_queue import host, inbox
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.operations import ack_job, get_pending, get_stats
from sync_queue.orphans import get_suspect, mark_at_work, resume_orphans
from sync_queue.retry import load_job, put_off

Rows = list[tuple[Any, ...]]


def scene(identity: int) -> JobKey:
    """The key of a scene's job."""
    return JobKey("scene", identity)


class Store:
    """One data folder, and the connection of the process that drains it.

    Attributes:
        file: the database.
        manager: opens the queue.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self.file = folder / "queue" / "data.db"
        self.manager = QueueManager(folder, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.manager.abandon()

    @property
    def queue(self) -> SyncQueue:
        return self.manager.get_queue()

    # What arrives

    def event(self, *scenes: int) -> None:
        """Record events as hooks do."""
        for identity in scenes:
            how = inbox.record(str(self.folder), inbox.payload("scene", identity))
            assert how == "recorded"

    def events(self, identity: int, times: int) -> None:
        """Record many events of one scene with the hook's statement, quicker than hooks do."""
        row = (inbox.payload("scene", identity), self.clock.now())
        self.sql_many(inbox.INSERT, [row] * times)

    def put(self, *scenes: int, queue: QueueName = "default") -> int:
        return self.queue.put(map(scene, scenes), queue)

    # What the drain does

    def take(self) -> SyncJob:
        """Fetch the next job; there must be one."""
        job = get_pending(self.queue)
        assert job is not None
        return job

    def take_suspect(self) -> SyncJob:
        """Fetch a job that runs alone; there must be one."""
        job = get_suspect(self.queue)
        assert job is not None
        return job

    def take_all(self) -> list[int]:
        """Fetch until nothing is due; the scenes in the order in which they came."""
        found = []
        while (job := get_pending(self.queue)) is not None:
            found.append(job.key.id)
        return found

    def settling(self) -> AbstractContextManager[None]:
        """The transaction in which a job is settled."""
        return self.queue.db.transaction()

    def finish(self, job: SyncJob) -> None:
        with self.settling():
            ack_job(self.queue, job)

    def postpone(self, job: SyncJob, seconds: float) -> None:
        """Put a fetched job off; *job* carries the counts so far."""
        until = self.clock.now() + seconds
        with self.settling():
            put_off(self.queue, job, Waiting(until, "busy", "PlexTemporaryError", counted=True))

    def work_at(self, job: SyncJob) -> None:
        """Say which job is at work."""
        with self.settling():
            mark_at_work(self.queue, job)

    def die(self) -> None:
        """The drain is killed, and the next process takes over."""
        self.manager.abandon()
        resume_orphans(self.queue)

    def die_alone(self, times: int) -> None:
        """The suspect is the only one at work when the drain is killed, again and again."""
        for _ in range(times):
            self.work_at(self.take_suspect())
            self.die()

    def deaths_of(self, identity: int) -> int:
        """How many workers died while only this scene was at work."""
        return load_job(self.queue, scene(identity)).deaths

    # What an onlooker sees

    @property
    def stats(self) -> dict[str, int]:
        return dict(get_stats(self.folder / "queue"))  # type: ignore[arg-type]

    def is_locked(self) -> bool:
        """Whether somebody holds the queue's lock."""
        lock = host.try_lock(str(self.folder / "queue.lock"))
        if lock is not None:
            host.unlock(lock)
        return lock is None

    def dead(self) -> dict[int, str]:
        """Why which scenes were given up."""
        return dict(self.sql("SELECT id, reason FROM dead_letter"))

    def sql(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        """Run a statement on a connection of its own."""
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            return connection.execute(statement, values).fetchall()

    def sql_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.executemany(statement, rows)

    def snapshot(self) -> dict[str, Rows]:
        """Every row of every table."""
        tables = self.sql("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {name: sorted(self.sql(f"SELECT * FROM {name}"), key=repr) for (name,) in tables}

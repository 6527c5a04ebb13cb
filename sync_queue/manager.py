"""The queue as everybody but the hook sees it: persist-queue's tables beside our own."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import persistqueue
from persistqueue.serializers import json as json_serializer

from domain.clock import Clock, SystemClock
from domain.job import JobKey, QueueName
from sync_queue import inbox
from sync_queue.database import Database, in_our_words

QUEUES: tuple[QueueName, ...] = ("default", "bulk")  # in the order in which they are served

ROWS_PER_LOCK = 1000  # a bulk insert must not keep a hook waiting


class SyncQueue:
    """Two persist-queues in one file, hooks' before bulk runs', and the state beside them.

    Attributes:
        db: our connection; every transaction is its.
        clock: where the time comes from.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.db = Database(folder)
        self.clock = clock
        self.fetchers: dict[QueueName, persistqueue.SQLiteAckQueue] = {}
        try:
            for name in QUEUES:
                self.fetchers[name] = _open(self.db, name)
        except BaseException:
            self.abandon()
            raise

    def close(self) -> None:
        """Close all connections."""
        with self.db.locked():
            self._close_fetchers()
        self.db.close()

    def abandon(self) -> None:
        """Close what can be closed of a damaged database, without asking it anything."""
        self._close_fetchers()
        self.db.abandon()

    def _close_fetchers(self) -> None:
        for fetcher in self.fetchers.values():
            fetcher.close()
            # Its destructor would close them again, in whatever thread collects it.
            fetcher._getter = fetcher._putter = None

    def put(self, keys: Iterable[JobKey], queue: QueueName = "default") -> int:
        """Enqueue; return how many. Keys that already wait in that queue are passed over.

        When this returns, no crash and no power cut loses them.
        """
        stream, total = iter(keys), 0
        while batch := list(islice(stream, ROWS_PER_LOCK)):
            with self.db.transaction(durable=True):
                total += self.insert(batch, queue)
        return total

    def insert(self, keys: Sequence[JobKey], queue: QueueName) -> int:
        """Like put, inside the caller's transaction."""
        before = self.db.number("SELECT total_changes()")
        self.db.executemany(
            f"INSERT INTO ack_queue_{queue} (data, timestamp, status) SELECT ?1, ?2, 0 "
            f"WHERE NOT EXISTS (SELECT 1 FROM ack_queue_{queue} WHERE data = ?1 AND status < 2)",
            [(payload(key), self.clock.now()) for key in keys],
        )
        return int(self.db.number("SELECT total_changes()") - before)


class QueueManager:
    """Opens the queue of one data folder, once.

    Attributes:
        folder: the data folder.
        clock: where the time comes from.
        opened: the queue, if get_queue has opened it.
    """

    def __init__(self, data_dir: str | Path, *, clock: Clock | None = None) -> None:
        self.folder = Path(data_dir)
        self.clock: Clock = clock or SystemClock()
        self.opened: SyncQueue | None = None

    def get_queue(self) -> SyncQueue:
        """The queue, opened at the first call.

        Raises:
            NewerDatabase, QueueUnusable, QueueBusy.
        """
        if self.opened is None:
            self.opened = SyncQueue(self.folder, self.clock)
        return self.opened

    def close(self) -> None:
        """Close the queue if it was opened; a later get_queue opens it again."""
        if self.opened is not None:
            self.opened.close()
            self.opened = None

    def abandon(self) -> None:
        """Let go of a queue that is damaged: nothing of it can be closed in good order."""
        if self.opened is not None:
            self.opened.abandon()
            self.opened = None


def payload(key: JobKey) -> bytes:
    """The bytes of a job, as the hook writes them."""
    return inbox.payload(key.kind, key.id)


def _open(db: Database, name: QueueName) -> persistqueue.SQLiteAckQueue:
    """Open one persist-queue on the file that *db* has prepared.

    auto_resume must be off: it would take the rows of every live process (facts of the queue,
    section 0.2). Resuming is the drain's first step, under its lock.
    """
    with in_our_words(), db.locked():
        queue = persistqueue.SQLiteAckQueue(
            str(db.path.parent), name=name, serializer=json_serializer, auto_resume=False
        )
        # It only fetches; a power cut that undoes this costs work done twice but no edit.
        queue._getter.execute("PRAGMA synchronous=NORMAL")
        return queue

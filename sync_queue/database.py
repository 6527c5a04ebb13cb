"""The queue's database as everybody but the hook opens it: one file, one lock, transactions."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from domain.errors import QueueBusy, QueueUnusable
from sync_queue import host
from sync_queue.inbox import DURABLE
from sync_queue.schema import migrate

log = logging.getLogger(__name__)

PATIENCE = 30.0  # seconds for the queue's lock; its holders keep it for milliseconds

WAL_LIMIT = 4_000_000  # bytes that the journal keeps after a big transaction

PAGES_PER_LOCK = 500  # of 4 kB; giving them back takes milliseconds


class DatabaseDamaged(QueueUnusable):
    """The file is not a database any more; the drain sets it aside and begins a new one."""


@contextmanager
def in_our_words() -> Iterator[None]:
    """Translate what sqlite3 raises, sorted by what we do next."""
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
        raise QueueUnusable(f"the queue cannot be written: {error}") from error
    except sqlite3.DatabaseError as error:  # NOTADB, CORRUPT: neither of the above
        raise DatabaseDamaged(f"the queue's file is damaged: {error}") from error


class Database:
    """A connection to data.db and the short lock that every writer takes.

    SQLite's own busy handler is unfair: a drain in a tight loop starves the hooks
    (facts of the queue, section 2a5). One short OS lock around every write is fair.

    Attributes:
        folder: the plugin's data folder.
    """

    def __init__(self, folder: Path) -> None:
        """Open the database and bring it up to date.

        Raises:
            NewerDatabase, QueueUnusable, QueueBusy.
        """
        self.folder = folder
        self.path = folder / "queue" / "data.db"
        self._lock: int | None = None
        with in_our_words_and_oserror():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self.locked():
                self._connection = _open(self.path)
                self._inode = self.path.stat().st_ino

    def close(self) -> None:
        """Close the connection; it may checkpoint, so under the lock."""
        with in_our_words(), self.locked():
            self._connection.close()

    def abandon(self) -> None:
        """Close the connection to a damaged file, which cannot be checkpointed."""
        try:
            self._connection.close()
        except sqlite3.Error:
            pass  # the file is about to be set aside

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the queue's lock; entering it again inside is free.

        Raises:
            QueueBusy: somebody kept it for PATIENCE seconds.
        """
        if self._lock is not None:
            yield
            return
        with in_our_words_and_oserror():
            lock = host.wait_lock(str(self.folder / "queue.lock"), patience=PATIENCE)
        if lock is None:
            raise QueueBusy("another process holds the queue: try again in a minute")
        self._lock = lock
        try:
            yield
        finally:
            self._lock = None
            host.unlock(lock)

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        """All or nothing.

        Args:
            durable: wait until the disk has it. Without, a power cut may undo the last
                transactions, which costs work done twice but no edit.
        """
        with in_our_words(), self.locked():
            self._connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has undone it already if the disk is full or fails.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one statement; a write belongs inside transaction()."""
        with in_our_words():
            return self._connection.execute(sql, values)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for many rows; inside transaction()."""
        with in_our_words():
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.execute(sql, values).fetchall()

    def number(self, sql: str, values: Sequence[Any] = ()) -> float:
        """The single number a query answers; 0 if it answers none."""
        row = self.execute(sql, values).fetchone()
        return row[0] or 0 if row else 0

    def shrink(self) -> None:
        """Give free pages back to the disk, a few at a time, so that no hook waits."""
        free = self.number("PRAGMA freelist_count")
        if free < PAGES_PER_LOCK:
            return
        while free:
            with in_our_words(), self.locked():
                # Not execute(): Python would step once, which is one page.
                self._connection.executescript(f"PRAGMA incremental_vacuum({PAGES_PER_LOCK})")
            before, free = free, self.number("PRAGMA freelist_count")
            if free >= before:  # a file that was made without auto_vacuum
                return
        with in_our_words(), self.locked():
            # Without patience for readers: hooks wait for the lock.
            self._connection.execute("PRAGMA busy_timeout=0")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._connection.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")

    def was_replaced(self) -> bool:
        """Whether the file under its name is no longer the one that is open."""
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True


@contextmanager
def in_our_words_and_oserror() -> Iterator[None]:
    """Like in_our_words, for the folder too."""
    try:
        with in_our_words():
            yield
    except OSError as error:
        raise QueueUnusable(f"the data folder cannot be written: {error.strerror}") from error


def _open(path: Path) -> sqlite3.Connection:
    if path.exists() and not os.access(path, os.W_OK):  # see inbox
        raise QueueUnusable("the queue cannot be written: queue/data.db is read-only")
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    try:
        connection.execute(f"PRAGMA journal_size_limit={WAL_LIMIT}")
        connection.execute(DURABLE)
        if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
            connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only a new file takes it
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            if mode != "wal":
                log.warning(
                    "the data folder does not take SQLite's WAL mode, as network mounts do not: "
                    "it works, but saves wait longer; set STASH2PLEX_DATA_DIR to a local folder"
                )
        _migrate(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    try:
        migrate(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise  # no room, or locked
        raise DatabaseDamaged(f"the queue's file holds other tables: {error}") from error

"""How an event gets on disk: one durable row, or one spool file.

Part of the hook path: the standard library's sqlite3 alone, because importing persist-queue
costs three times the rest of the hook, and because an edit must be recorded even when no
dependency is installed. Whoever starts a hook waits for it.
"""

import errno
import os
import sqlite3
import time

from sync_queue import host

PATIENCE = 1.0  # seconds for the lock and the database; then the spool

LAST = "queue.last"  # the highest row number that a hook was given

LOST = "reconciliation.due"  # an empty file: events were lost, all scenes are to be checked

# persist-queue's own statement for SQLiteAckQueue (tests/sync_queue/test_contract.py).
CREATE = (
    "CREATE TABLE IF NOT EXISTS ack_queue_default (_id INTEGER PRIMARY KEY AUTOINCREMENT, "
    "data BLOB, timestamp FLOAT, status INTEGER)"
)
DURABLE = "PRAGMA fullfsync=1"  # without it, macOS leaves a commit in the drive's cache

INSERT = "INSERT INTO ack_queue_default (data, timestamp, status) VALUES (?, ?, 0)"


def payload(kind: str, identity: int) -> bytes:
    """The canonical bytes of a job; equal jobs have equal bytes."""
    return b'{"kind": "%s", "id": %d}' % (kind.encode("ascii"), identity)


def record(data_dir: str, job: bytes) -> str:
    """Put *job* on disk; when this returns, no crash and no power cut loses it.

    Returns:
        "recorded" for the queue, "spooled" for a spool file.

    Raises:
        OSError: nothing at all can be written.
    """
    try:
        _insert(data_dir, job)
    except (sqlite3.Error, OSError):
        _spool(data_dir, job)
        return "spooled"
    return "recorded"


def _insert(data_dir: str, job: bytes) -> None:
    folder = os.path.join(data_dir, "queue")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    deadline = time.monotonic() + PATIENCE
    lock = host.wait_lock(os.path.join(data_dir, "queue.lock"), patience=PATIENCE)
    if lock is None:
        raise TimeoutError("the queue is busy")
    try:
        file = os.path.join(folder, "data.db")
        if os.path.exists(file) and not os.access(file, os.W_OK):
            # SQLite would open it, and create a journal that stays read-only when it is not.
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        connection = sqlite3.connect(
            file, timeout=max(0.0, deadline - time.monotonic()), isolation_level=None
        )
        try:
            _prepare(connection)
            row = connection.execute(INSERT, (job, time.time())).lastrowid
        finally:
            connection.close()
        notice_loss(data_dir, row or 0, is_new=True)
    finally:
        host.unlock(lock)


def _prepare(connection: sqlite3.Connection) -> None:
    # Asking first: changing the mode takes a lock that ignores the timeout.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # only a new file takes it
        connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(DURABLE)
    connection.execute(CREATE)


def _spool(data_dir: str, job: bytes) -> None:
    """Write *job* to a file of its own that no reader sees before it is complete."""
    folder = os.path.join(data_dir, "spool")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    name = f"{time.time_ns()}-{os.getpid()}"
    final = os.path.join(folder, name + ".json")
    draft = os.path.join(folder, name + ".tmp")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write_and_close(descriptor, job)
    except OSError:
        os.unlink(draft)  # Windows deletes no open file
        raise
    host.replace(draft, final)
    host.sync_folder(folder)


def _write_and_close(descriptor: int, data: bytes) -> None:
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        host.sync_file(descriptor)
    finally:
        os.close(descriptor)


def notice_loss(data_dir: str, row: int, *, is_new: bool = False) -> None:
    """Leave word if rows are gone: the file vanished, or is an older copy of itself.

    Row numbers only grow, so one that is not above all earlier ones tells. Under the queue's lock.

    Args:
        row: the highest number that was ever given, as the database knows it.
        is_new: whether it was given just now.
    """
    try:
        descriptor = os.open(os.path.join(data_dir, LAST), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return  # a disk without room for it: the event is recorded all the same
    try:
        last = os.read(descriptor, 20)
        if last.isdigit() and row < int(last) + is_new:
            leave_word(data_dir)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, b"%020d" % row)
    except OSError:
        pass  # likewise
    finally:
        os.close(descriptor)


def leave_word(data_dir: str) -> bool:
    """Say that an event was lost, with an empty file: that often works on a full disk.

    Returns:
        Whether it could be said.
    """
    try:
        path = os.path.join(data_dir, LOST)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
        os.utime(path)  # news for whoever is just carrying out what stood there before
    except OSError:
        return False
    return True

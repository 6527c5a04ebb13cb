"""A database that is damaged is set aside whole, and what it held must be found again."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from domain.clock import Clock
from domain.errors import QueueBusy, QueueUnusable
from sync_queue import host, inbox
from sync_queue.database import PATIENCE, DatabaseDamaged
from sync_queue.due import mark_reconciliation_due
from sync_queue.manager import QueueManager

log = logging.getLogger(__name__)


def open_queue(manager: QueueManager) -> None:
    """Open the queue, or begin a new one in place of a damaged or vanished file.

    For the holder of the drain lock; a file that was replaced under us is opened again, and
    what the vanished one held must be found again.

    Raises:
        NewerDatabase, QueueUnusable, QueueBusy.
    """
    try:
        is_open = manager.opened is not None
        if manager.get_queue().db.was_replaced():
            manager.abandon()
            mark_reconciliation_due(manager.folder)
            manager.get_queue()
        if not is_open:
            _notice_loss(manager)
    except DatabaseDamaged:
        pass  # not from here: the error holds the file open, and Windows would not rename it
    else:
        return
    begin_anew(manager)


def _notice_loss(manager: QueueManager) -> None:
    """Leave word if the file that was just opened lacks rows that hooks have written."""
    db = manager.get_queue().db
    with db.locked():
        row = db.number("SELECT seq FROM sqlite_sequence WHERE name = 'ack_queue_default'")
        inbox.notice_loss(str(manager.folder), int(row))


def begin_anew(manager: QueueManager) -> None:
    """Set a damaged queue aside and begin a new one; for the holder of the drain lock."""
    manager.abandon()
    set_aside(manager.folder, manager.clock)
    manager.get_queue()


def set_aside(folder: Path, clock: Clock, *, patience: float = PATIENCE) -> None:
    """Move data.db and what belongs to it out of the way.

    For the holder of the drain lock, with every connection of its own closed. The queue's lock
    keeps everybody else out: a hook that held the old file open would write into it.

    Args:
        patience: seconds to wait for that lock.

    Raises:
        QueueBusy, QueueUnusable: the files stay where they are.
    """
    stamp = datetime.fromtimestamp(clock.now(), UTC).strftime("%Y%m%d-%H%M%S")
    lock = host.wait_lock(str(folder / "queue.lock"), patience=patience)
    if lock is None:
        raise QueueBusy("another process holds the queue: try again in a minute")
    try:
        mark_reconciliation_due(folder)
        name = _free_name(folder / "queue", f"damaged-{stamp}")
        # The journals too: beside a new file they would replay the old one.
        for suffix in ("-wal", "-shm", ""):
            file = folder / "queue" / f"data.db{suffix}"
            if file.exists():
                host.replace(file, file.with_name(name + suffix))
    except OSError as error:
        raise QueueUnusable(f"the damaged queue cannot be set aside: {error.strerror}") from error
    finally:
        host.unlock(lock)
    log.error(
        "the queue's file was damaged and is set aside as queue/%s; a new one is begun, and all "
        "scenes are checked again",
        name,
    )


def _free_name(folder: Path, stem: str) -> str:
    """A name that no earlier victim of the same second has."""
    name, number = f"{stem}.db", 1
    while (folder / name).exists():
        number += 1
        name = f"{stem}-{number}.db"
    return name

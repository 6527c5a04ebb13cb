"""Events that were recorded while the database could not be written: a file each."""

import logging
from pathlib import Path

from domain.job import JobKey
from sync_queue import host
from sync_queue.database import in_our_words_and_oserror
from sync_queue.due import mark_reconciliation_due
from sync_queue.manager import SyncQueue
from sync_queue.operations import parse_key

log = logging.getLogger(__name__)


def spooled(folder: Path) -> list[Path]:
    """The spool files of the data folder *folder*, oldest first."""
    try:
        return sorted((folder / "spool").glob("*.json"))
    except OSError:
        return []


def ingest(queue: SyncQueue) -> int:
    """Put what is spooled into the queue, then remove its files; return how many.

    A crash in between leaves a file whose job is queued already: it is processed twice, which
    changes nothing.

    Raises:
        QueueUnusable, QueueBusy: the files are still there.
    """
    with in_our_words_and_oserror():
        files = spooled(queue.db.folder)
        keys = [key for file in files if (key := _read_or_set_aside(file, queue)) is not None]
        queue.put(keys)
        for file in files:
            file.unlink(missing_ok=True)
    return len(keys)


def _read_or_set_aside(file: Path, queue: SyncQueue) -> JobKey | None:
    try:
        key = _read(file)
        if key is None:
            log.warning("spool file %s names no job and is set aside", file.name)
            mark_reconciliation_due(queue.db.folder)
            file.replace(file.with_suffix(".damaged"))
    except FileNotFoundError:
        return None  # a drain has taken it meanwhile
    return key


def _read(file: Path) -> JobKey | None:
    try:
        return parse_key(host.read(file))
    except FileNotFoundError:
        raise
    except OSError:
        return None

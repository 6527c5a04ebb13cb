"""Events that were recorded while the database could not be written: a file each."""

import json
import logging
from pathlib import Path

from domain.job import JobKey
from sync_queue.due import mark_reconciliation_due
from sync_queue.manager import SyncQueue
from sync_queue.operations import key_of

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
    """
    files = spooled(queue.db.folder)
    keys: list[JobKey] = []
    for file in files:
        key = _read(file)
        if key is None:
            log.warning("spool file %s names no job and is set aside", file.name)
            mark_reconciliation_due(queue.db.folder)
            file.replace(file.with_suffix(".damaged"))
        else:
            keys.append(key)
    queue.put(keys)
    for file in files:
        file.unlink(missing_ok=True)
    return len(keys)


def _read(file: Path) -> JobKey | None:
    try:
        return key_of(json.loads(file.read_bytes()))
    except (OSError, ValueError):
        return None

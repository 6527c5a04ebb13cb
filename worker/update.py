"""Makes up for what was saved while Stash replaced our files: such a hook finds no script to start.

Stash deletes the files of a plugin one by one and writes the new ones (pkg/pkg/store.go); what is
saved in that third of a second leaves no trace with us. A scene shows it by its updated_at; what
happened to a tag, performer, studio or group, and which scenes were destroyed, a comparison finds.
"""

import logging
from collections.abc import Sequence
from pathlib import Path

from domain.clock import DAY, Clock
from sync_queue.due import GONE, mark_reconciliation_due
from sync_queue.state_file import StateFile
from worker import bulk
from worker.services import Services

log = logging.getLogger(__name__)

FILE = "code.json"

PATIENCE = 5.0  # seconds in which files that are being replaced are there again
LOOK = 0.1  # seconds between two looks
MARGIN = 60.0  # seconds that an update may take
LONGEST = 7 * DAY  # seconds; files that were copied with old times do not say when they came


def stamps(code: Sequence[Path]) -> list[int]:
    """When each of the plugin's files was written, in nanoseconds; 0 for one that is missing."""
    return [_written_at(file) for file in code]


def _written_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:  # it is just being deleted
        return 0


def is_complete(code: Sequence[Path], clock: Clock) -> bool:
    """Whether all files are there, if need be after a moment; they are not if we were removed."""
    deadline = clock.monotonic() + PATIENCE
    while 0 in stamps(code):
        if clock.monotonic() >= deadline:
            return False
        clock.sleep(LOOK)
    return True


def catch_up(code: Sequence[Path], services: Services) -> None:
    """Enqueue what changed since shortly before the files were replaced, once per update.

    Raises:
        StashUnavailable: Stash cannot say what changed; the next time is as good.
    """
    file = StateFile(services.folder / FILE)
    now, known = stamps(code), (file.look() or {}).get("written_at")
    if known == now or 0 in now:
        return
    if known is not None:
        since = max(max(now) / 1e9 - MARGIN, services.clock.now() - LONGEST)
        count = bulk.enqueue(services.queue, bulk.recent_scenes(services.stash, since))
        log.info("The plugin was updated; %d scenes that changed since then are enqueued", count)
        mark_reconciliation_due(services.folder, GONE)  # that of a tag shows by comparing all
    try:
        file.write({"written_at": now})
    except OSError as error:
        log.warning("%s cannot be written: %s", FILE, error.strerror)

"""Preview: everything happens except writes to Plex; each change is logged instead."""

import logging

from domain.outcome import Previewed, Skipped, Synced
from plex.describe import differences
from plex.images import is_new
from stash.images import Picture
from sync_queue import previewed
from worker.prepare import Target, Work
from worker.services import Services
from worker.settle import Settlement
from worker.writer import POSTER, Writer, Written

log = logging.getLogger(__name__)


class Previewer(Writer):
    """Says what a Writer would write."""

    def _write(self, work: Work, target: Target, written: Written) -> None:
        self._tell_notes(work, target)
        for line in differences(target.item, target.plan):
            log.info("scene %d: %s", work.scene.id, line)
        written.changed.extend(target.plan.changes)
        cover = self._cover(work, target, target.entry)
        memory = target.entry.images.get(POSTER)
        if isinstance(cover, Picture) and is_new(cover.data, memory):
            log.info("scene %d: %s → the cover in Stash", work.scene.id, POSTER)
            written.changed.append(POSTER)


def as_preview(settlement: Settlement) -> Settlement:
    """The same without anything to remember, because nothing was written."""
    match settlement.outcome:
        case Synced(changed):  # what is right already is still to be remembered as ours
            what = ", ".join(changed) or "nothing, Plex shows it already"
            return Settlement(settlement.job, Previewed(what))
        case Skipped(why) if settlement.holds is not None:  # the item is another scene's
            return Settlement(settlement.job, Previewed(why))
    return Settlement(settlement.job, settlement.outcome)


def end_preview(services: Services) -> None:
    """Enqueue what was previewed, once the user wants to see it in Plex."""
    if not services.config.dry_run and (count := previewed.rearm(services.queue)):
        log.info("Preview is off: %d scenes are enqueued to be written", count)

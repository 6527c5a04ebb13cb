"""Jobs about a tag, performer, studio or group: each becomes jobs of the scenes that have it."""

import logging

from domain.errors import QueueUnusable
from domain.job import JobKey, SyncJob
from domain.scene import Scene
from plex.fields import content_hash, wish
from sync_queue.due import GONE, mark_reconciliation_due
from sync_queue.operations import ack_job, send_to_back
from worker.services import Services

log = logging.getLogger(__name__)


def expand(services: Services, batch: list[SyncJob]) -> None:
    """Take what is about no scene out of *batch*; its scenes wait in the bulk queue afterwards.

    Behind the saves: while there are any in the batch, it goes to the end of its queue. Killed in
    the middle, it is done again: a scene that waits already waits once.

    Raises:
        StashUnavailable, UserError, QueueUnusable: the rest is still in *batch*.
    """
    things = [job for job in batch if job.key.kind != "scene"]
    is_later = len(things) < len(batch)
    for job in things:
        if not is_later:
            _expand(services, job.key)
        with services.queue.db.transaction():
            (send_to_back if is_later else ack_job)(services.queue, job)
        batch.remove(job)


def _expand(services: Services, thing: JobKey) -> None:
    count = _enqueue_scenes(services, thing)
    if count is None:
        # Nobody can say any more which scenes had it, but that they differ from what was
        # written can be seen: the background compares all of them, a page at a time.
        if not mark_reconciliation_due(services.folder, GONE):
            raise QueueUnusable(f"{thing} is gone from Stash, and word of it cannot be left")
        log.info("%s is gone from Stash: all scenes will be compared", thing)
    else:
        log.info("%s has changed: %d of its scenes are queued", thing, count)


def _enqueue_scenes(services: Services, thing: JobKey) -> int | None:
    """Enqueue those of its scenes that are no longer what was written; None if it is gone.

    One that was never written needs nothing: it will be read as it is then. An edit form sends the
    name along with whatever was changed, so most events change no scene.
    """
    count = 0
    after: int | None = 0
    while after is not None:
        page = services.stash.scenes_of(thing, after=after)
        if page is None:
            return None
        found, after = page
        hashes = services.ledger.hashes(list(found))
        changed = [
            key for key, one in found.items() if hashes.get(key, set()) - _now(services, one)
        ]
        count += services.queue.put((JobKey("scene", scene) for scene in changed), "bulk")
    return count


def _now(services: Services, found: object) -> set[str]:
    """The hash of the scene as it is; none if Stash cannot read it."""
    return {content_hash(wish(found, services.config))} if isinstance(found, Scene) else set()

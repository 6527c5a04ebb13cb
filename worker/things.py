"""Jobs about a tag, performer, studio or group: each becomes jobs of the scenes that have it."""

import logging

from domain.errors import QueueUnusable
from domain.job import JobKey, SyncJob
from domain.scene import Scene
from plex.fields import content_hash, wish
from sync_queue.due import GONE, mark_reconciliation_due
from sync_queue.operations import ack_job, has_waiting, send_to_back
from sync_queue.retry import rows_in_flight
from worker.services import Services

log = logging.getLogger(__name__)


def expand(services: Services, batch: list[SyncJob]) -> None:
    """Take what is about no scene out of *batch*; its scenes wait in the bulk queue afterwards.

    Behind the saves: while there are any in the batch, or when one comes between two pages, it
    goes to the end of its queue. Killed in the middle, it is done again: a scene that waits
    already waits once.

    Raises:
        StashUnavailable, UserError, QueueUnusable: the rest is still in *batch*.
    """
    things = [job for job in batch if job.key.kind != "scene"]
    is_later = len(things) < len(batch)
    for job in things:
        after: int | None = _where_it_stopped(services, job)
        if not is_later:
            after = _expand(services, job.key, after or 0)
        with services.queue.db.transaction():
            if after is None:
                ack_job(services.queue, job)
            else:
                send_to_back(services.queue, job)
                row = int(services.queue.db.number("SELECT last_insert_rowid()"))
                services.unfinished[job.key] = (row, after)
        batch.remove(job)


def _where_it_stopped(services: Services, job: SyncJob) -> int:
    """The scene after which to go on; 0 if the thing has changed again since then."""
    row, after = services.unfinished.pop(job.key, (0, 0))
    rows = rows_in_flight(services.queue, job.key)
    return after if rows == [row] else 0


def _expand(services: Services, thing: JobKey, after: int) -> int | None:
    """Return None when done, or the scene after which to go on."""
    found = _enqueue_scenes(services, thing, after)
    if found is None:
        # Nobody can say any more which scenes had it, but that they differ from what was
        # written can be seen: the background compares all of them, a page at a time.
        if not mark_reconciliation_due(services.folder, GONE):
            raise QueueUnusable(f"{thing} is gone from Stash, and word of it cannot be left")
        log.info("%s is gone from Stash: all scenes will be compared", thing)
        return None
    count, left = found
    more = "" if left is None else ", more follow after the saves"
    log.info("%s has changed: %d of its scenes are queued%s", thing, count, more)
    return left


def _enqueue_scenes(services: Services, thing: JobKey, first: int) -> tuple[int, int | None] | None:
    """Enqueue those of its scenes that are no longer what was written; None if it is gone.

    One that was never written needs nothing: it will be read as it is then. An edit form sends the
    name along with whatever was changed, so most events change no scene.

    Returns:
        How many, and the scene after which to go on; None instead of that after the last one.
    """
    count = 0
    after: int | None = first
    while after is not None:
        if after != first and has_waiting(services.queue, "default"):
            break
        page = services.stash.scenes_of(thing, after=after)
        if page is None:
            return None
        found, after = page
        hashes = services.ledger.hashes(list(found))
        changed = [
            key for key, one in found.items() if hashes.get(key, set()) - _now(services, one)
        ]
        count += services.queue.put((JobKey("scene", scene) for scene in changed), "bulk")
    return count, after


def _now(services: Services, found: object) -> set[str]:
    """The hash of the scene as it is; none if Stash cannot read it."""
    return {content_hash(wish(found, services.config))} if isinstance(found, Scene) else set()

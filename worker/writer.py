"""Writes one scene to its items: text and tags in one PUT, the poster if its bytes changed."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.ledger import ImageMemory, LedgerEntry
from plex.edit import edit_queries
from plex.images import sync_poster
from stash.images import Cover, NoPicture, NotModified, Picture
from stash.queries import seconds_of
from worker.prepare import Target, Work
from worker.services import Services

log = logging.getLogger(__name__)

POSTER = "poster"


@dataclass(slots=True)
class Written:
    """What has reached Plex so far; true also when the rest failed.

    Attributes:
        entries: what is to be remembered.
        changed: names of the fields and images that were written.
    """

    entries: list[LedgerEntry] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


class Writer:
    """Writes works and reports into a Written, which survives a failure in the middle."""

    def __init__(self, services: Services) -> None:
        self._with = services

    def write(self, work: Work, written: Written) -> None:
        """Make every target show the scene.

        Raises:
            PlexTemporaryError, PlexNotFound, PermanentError: this item fails.
            PlexServerDown, PlexRefused, StashUnavailable: nothing can be written now.
        """
        for target in work.targets:
            self._write(work, target, written)

    def _write(self, work: Work, target: Target, written: Written) -> None:
        self._tell_notes(work, target)
        item = target.item
        for query in edit_queries(target.plan):
            names = ", ".join(target.plan.changes)
            log.debug("scene %d: editing item %d: %s", work.scene.id, item.rating_key, names)
            self._with.plex.edit(item.section, (item.rating_key,), query)
        entry = replace(target.entry, fields=target.plan.fields, intent={})
        written.changed.extend(target.plan.changes)
        written.entries.append(entry)
        images, uploaded = self._images(work, target, entry)
        if uploaded:
            written.changed.append(POSTER)
        written.entries[-1] = replace(
            entry,
            images=images,
            updated_at=self._version(work),
            content_hash=work.content_hash,
            synced_at=self._with.clock.now(),
        )

    def _tell_notes(self, work: Work, target: Target) -> None:
        for note in target.plan.notes:
            log.info("scene %d: %s", work.scene.id, note)

    def _images(
        self, work: Work, target: Target, entry: LedgerEntry
    ) -> tuple[Mapping[str, ImageMemory], bool]:
        """The images after this.

        Args:
            entry: what is to be remembered of the text that has just been written.
        """
        memory = entry.images.get(POSTER)
        match self._cover(work, target, entry):
            case NotModified():
                return entry.images, False
            case NoPicture(etag=etag):
                # What was uploaded before stays: a poster is better than none.
                return {
                    **entry.images,
                    POSTER: replace(memory or ImageMemory(""), etag=etag),
                }, False
            case Picture(data, etag):
                new, sent = sync_poster(
                    self._with.plex,
                    target.item,
                    data,
                    memory,
                    etag,
                    announce=lambda doubt: self._store(entry, doubt),
                )
                return {**entry.images, POSTER: new}, sent

    def _cover(self, work: Work, target: Target, entry: LedgerEntry) -> Cover:
        """The scene's cover; Stash is asked only if the scene moved since the last time."""
        memory = entry.images.get(POSTER)
        if not self._with.config.sync_poster or self._is_the_users(target, memory):
            return NotModified()
        if memory is not None and "" != entry.updated_at == work.scene.updated_at:
            return NotModified()
        return self._with.stash.cover(work.scene.id, memory.etag if memory else "")

    def _store(self, entry: LedgerEntry, doubt: ImageMemory) -> None:
        """Remember at once, because nobody else would know of an upload that we do not survive."""
        with self._with.queue.db.transaction():
            self._with.ledger.store(replace(entry, images={**entry.images, POSTER: doubt}))

    def _is_the_users(self, target: Target, memory: ImageMemory | None) -> bool:
        """Whether somebody else chose the poster, and what others chose is to stay."""
        ours = memory is not None and (memory.sha1 or memory.earlier)
        return self._with.config.preserve_plex_edits and target.item.poster_locked and not ours

    def _version(self, work: Work) -> str:
        """The scene's version if it names one state of the scene that is wholly in Plex.

        "" if an edit could bear it too (Stash keeps whole seconds, so one within the second of
        our reading looks like the first), or if covers are left out, which are asked for by it.
        """
        at = seconds_of(work.scene.updated_at)
        certain = at is not None and work.read_at >= at + 1
        return work.scene.updated_at if certain and self._with.config.sync_poster else ""

"""Which items in Plex are a scene's: looked up in the index, confirmed in Plex itself."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.errors import PermanentError, PlexTemporaryError, TransientError
from domain.job import SceneId
from domain.plex_item import PlexItem, Section
from domain.scene import Scene
from plex.matcher import Ambiguous, Matched, NotInPlex, match
from plex.matcher import confirms as holds_file
from sync_queue import parked
from sync_queue.operations import get_stats
from worker.charge import Charge
from worker.reader import ItemReader, Unlisted, Unreadable
from worker.services import Services

log = logging.getLogger(__name__)

Found = tuple[PlexItem, ...] | Ambiguous | Unlisted | Unreadable | None
"""A scene's items; None if Plex has none of its files."""


def look_for_parked(services: Services, sections: Sequence[Section]) -> None:
    """Ask Plex what is new if scenes are parked; those whose file came get a job.

    Once in a process, because nobody tells us when Plex has scanned.

    Raises:
        PlexServerDown, UserError.
    """
    if not get_stats(services.folder / "queue")["parked"]:
        return
    try:
        _rearm(services, services.index.refresh(services.plex, sections))
    except PlexTemporaryError as error:
        log.warning("parked scenes are not looked for: %s", error)


def _rearm(services: Services, new: frozenset[str]) -> None:
    if rearmed := parked.rearm(services.queue, new):
        log.info("%d parked scenes are in Plex now", rearmed)


class Finder:
    """Finds the items of scenes; reads each once, so make a new one for each batch."""

    def __init__(
        self,
        services: Services,
        sections: Sequence[Section],
        charge: Charge,
    ) -> None:
        """Ask nothing yet.

        Args:
            charge: told with which scene a bug would be met.
        """
        self._with = services
        self._sections = sections
        self._charge = charge
        self._reader = ItemReader(services.plex)
        self._refreshed = False

    def find(self, scenes: Iterable[Scene]) -> dict[SceneId, Found]:
        """Look the scenes up; if any is missing, ask Plex once what is new and look again.

        Raises:
            PlexServerDown, UserError.
        """
        found = self._look_up(scenes := list(scenes))
        missing = [scene for scene in scenes if found[scene.id] is None]
        if missing and not self._refreshed:
            self._refreshed = True
            try:
                new = self._with.index.refresh(self._with.plex, self._sections)
            except (TransientError, PermanentError) as error:
                return found | {scene.id: Unlisted(str(error)) for scene in missing}
            _rearm(self._with, new)
            found.update(self._look_up(missing))
        return found

    def _look_up(self, scenes: Sequence[Scene]) -> dict[SceneId, Found]:
        matches: dict[SceneId, Matched | NotInPlex | Ambiguous] = {}
        for scene in scenes:
            with self._charge.to(scene.id):
                matches[scene.id] = match(
                    scene.files, self._with.index.candidates, self._with.path_map
                )
        self._reader.read(
            file.rating_key for m in matches.values() if isinstance(m, Matched) for file in m.files
        )
        return {
            identity: self._confirmed(m) if isinstance(m, Matched) else _or_none(m)
            for identity, m in matches.items()
        }

    def _confirmed(self, matched: Matched) -> Found:
        """The items that still hold the file; the index forgets the others."""
        items: list[PlexItem] = []
        for file in matched.files:
            if error := self._reader.failure(file.rating_key):
                return error
            item = self._reader.items.get(file.rating_key)
            if item is not None and holds_file(item, file):
                items.append(replace(item, section=file.section))  # Plex may not say
            else:
                self._with.index.forget(file.rating_key)
                self._reader.items.pop(file.rating_key, None)
        return tuple(items) or None


def _or_none(result: object) -> Ambiguous | None:
    return result if isinstance(result, Ambiguous) else None

"""Which items in Plex are a scene's: looked up in the index, confirmed in Plex itself."""

import logging
from collections.abc import Iterable, Sequence

from domain.job import SceneId
from domain.plex_item import PlexItem, RatingKey, Section
from domain.scene import Scene
from plex.matcher import Ambiguous, Matched, match
from plex.matcher import confirms as holds_file
from sync_queue import parked
from worker.services import Services

log = logging.getLogger(__name__)

PER_REQUEST = 100  # rating keys in one URL

Found = tuple[PlexItem, ...] | Ambiguous | None
"""A scene's items; None if Plex has none of its files."""


class Finder:
    """Finds the items of scenes; reads each once, so make a new one for each batch."""

    def __init__(self, services: Services, sections: Sequence[Section]) -> None:
        self._with = services
        self._sections = sections
        self._items: dict[RatingKey, PlexItem] = {}
        self._refreshed = False

    def find(self, scenes: Iterable[Scene]) -> dict[SceneId, Found]:
        """Look the scenes up; if any is missing, ask Plex once what is new and look again.

        Raises:
            PlexServerDown, PlexRefused, PlexTemporaryError.
        """
        found = self._look_up(scenes := list(scenes))
        missing = [scene for scene in scenes if found[scene.id] is None]
        if missing and not self._refreshed:
            self._refreshed = True
            new = self._with.index.refresh(self._with.plex, self._sections)
            if rearmed := parked.rearm(self._with.queue, new):
                log.info("%d parked scenes are in Plex now", rearmed)
            found.update(self._look_up(missing))
        return found

    def _look_up(self, scenes: Sequence[Scene]) -> dict[SceneId, Found]:
        matches = {
            scene.id: match(scene.files, self._with.index.candidates, self._with.path_map)
            for scene in scenes
        }
        self._read(
            file.rating_key for m in matches.values() if isinstance(m, Matched) for file in m.files
        )
        return {
            identity: self._confirmed(m) if isinstance(m, Matched) else _or_none(m)
            for identity, m in matches.items()
        }

    def _read(self, keys: Iterable[RatingKey]) -> None:
        unread = sorted({key for key in keys if key not in self._items})
        for start in range(0, len(unread), PER_REQUEST):
            self._items.update(self._with.plex.items(unread[start : start + PER_REQUEST]))

    def _confirmed(self, matched: Matched) -> Found:
        """The items that still hold the file; the index forgets the others."""
        items: list[PlexItem] = []
        for file in matched.files:
            item = self._items.get(file.rating_key)
            if item is not None and holds_file(item, file):
                items.append(item)
            else:
                self._with.index.forget(file.rating_key)
                self._items.pop(file.rating_key, None)
        return tuple(items) or None


def _or_none(result: object) -> Ambiguous | None:
    return result if isinstance(result, Ambiguous) else None

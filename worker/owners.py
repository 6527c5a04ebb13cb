"""Which scene an item belongs to, when it holds the files of several.

The lowest scene id that passes the gate has it. The others are told so, and get it when that
scene is gone, undescribed, or no longer in that item.
"""

from collections.abc import Mapping

from domain.job import SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from domain.scene import Scene
from worker.finder import Finder, Found
from worker.services import Services


class Owners:
    """Answers for the scenes of one batch."""

    def __init__(
        self,
        services: Services,
        finder: Finder,
        server: str,
        found: Mapping[SceneId, Found],
        read: frozenset[SceneId],
    ) -> None:
        """Read what the ledger says of the items, and the rivals that are not in the batch.

        Args:
            found: the scenes of the batch that pass the gate, and their items.
            read: every scene that was asked for, found or not.
        """
        self._items = {scene: _keys(items) for scene, items in found.items()}
        keys = {key for held in self._items.values() for key in held}
        self.entries = services.ledger.of_items(server, keys)
        strangers = {
            entry.scene_id
            for scene, held in self._items.items()
            for key in held
            for entry in self.entries.get(key, ())
            if entry.scene_id < scene and entry.scene_id not in read
        }
        if strangers:
            answers = services.stash.scenes(sorted(strangers))
            described = [s for s in answers.values() if isinstance(s, Scene) and s.has_metadata]
            self._items.update(
                {scene: _keys(items) for scene, items in finder.find(described).items()}
            )
            # What Stash cannot read now is still there, and keeps what it has.
            unread = {scene for scene, found in answers.items() if isinstance(found, Exception)}
            for key, entries in self.entries.items():
                for entry in entries:
                    if entry.scene_id in unread:
                        self._items[entry.scene_id] = self._items.get(
                            entry.scene_id, frozenset()
                        ) | {key}

    def owner(self, key: RatingKey, scene: SceneId) -> SceneId:
        """The scene that item *key* belongs to, one of whose files is *scene*'s."""
        return min(
            (rival for rival, held in self._items.items() if rival < scene and key in held),
            default=scene,
        )

    def memory(self, key: RatingKey, scene: SceneId) -> LedgerEntry | None:
        """What is remembered of the item; what another scene wrote there was written by us."""
        entries = self.entries.get(key, [])
        for entry in entries:
            if entry.scene_id == scene:
                return entry
        return entries[0] if entries else None

    def others(self, key: RatingKey, scene: SceneId) -> tuple[SceneId, ...]:
        """The other scenes that the ledger knows in the item."""
        return tuple(e.scene_id for e in self.entries.get(key, ()) if e.scene_id != scene)


def _keys(found: Found) -> frozenset[RatingKey]:
    return frozenset(i.rating_key for i in found) if isinstance(found, tuple) else frozenset()

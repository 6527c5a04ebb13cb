"""One page of scenes as both sides see it: Stash now, Plex by index, ledger and, if need be, item.

The ledger answers without a request wherever a scene was synced before. Items are read only for
scenes of which nothing is confirmed, a hundred with one request.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.job import SceneId
from domain.plex_item import PlexItem, RatingKey, Section, Value
from domain.scene import Scene
from plex.fields import content_hash, wish
from plex.matcher import Ambiguous, Matched, NotInPlex, match
from plex.paths import base_name
from plex.plan import make_plan
from stash.queries import seconds_of
from sync_queue.ledger import Version
from worker.reader import ItemReader
from worker.services import Services


@dataclass(slots=True)
class Sides:
    """What is known of the scenes of one page.

    Attributes:
        scenes: those that are described and have a file.
        keys: the items of each, those of other scenes left out; none for a scene that is not
            in Plex, and for one whose items are all another's.
        taken: scenes all of whose items belong to another scene.
        ambiguous: scenes of which paths do not tell which file is theirs.
        unread: scenes of which nothing can be concluded now, although Plex answers, and why.
        uncertain: scenes that are confirmed, but perhaps not the latest version or poster.
        sync_timestamps: Unix seconds of the version that is confirmed of all its items.
        shown: what the item shows of which nothing is confirmed.
        differing: our names of the fields in which Plex is known to show something else;
            empty if only that is known.
        matched_paths: Stash's paths of scenes that Plex has.
    """

    scenes: list[Scene]
    keys: dict[SceneId, tuple[RatingKey, ...]] = field(default_factory=dict)
    taken: set[SceneId] = field(default_factory=set)
    ambiguous: set[SceneId] = field(default_factory=set)
    unread: dict[SceneId, str] = field(default_factory=dict)
    uncertain: set[SceneId] = field(default_factory=set)
    sync_timestamps: dict[SceneId, float] = field(default_factory=dict)
    shown: dict[SceneId, Mapping[str, Value]] = field(default_factory=dict)
    differing: dict[SceneId, tuple[str, ...]] = field(default_factory=dict)
    matched_paths: set[str] = field(default_factory=set)


class SideBySide:
    """Looks at page after page; remembers which items have been seen to belong to a scene."""

    def __init__(self, services: Services, sections: Sequence[Section], *, meets_all: bool) -> None:
        """Begin.

        Args:
            sections: the chosen libraries; the index has just been brought up to date.
            meets_all: all scenes will come, so that of those with one item the lowest comes
                first; otherwise the ledger is believed as to which scene has an item.
        """
        self._with = services
        self._meets_all = meets_all
        self._server = services.plex.server()
        listed = services.index.listed()
        self._restless = [one.title for one in sections if one.key not in listed]
        self._empty = [one.title for one in sections if not services.index.count(one.key)]
        self._seen: set[RatingKey] = set()
        self._possible: set[RatingKey] = set()

    def pass_over(self, scene: Scene) -> None:
        """Nobody has described it: its items are no strangers, and another scene may have them."""
        self._note_possible(scene, self._found(scene))

    def strangers(self) -> Iterator[tuple[RatingKey, str]]:
        """Items that are no scene's, each with one of its files."""
        known = self._seen | self._possible
        return ((key, path) for key, path in self._with.index.all_items() if key not in known)

    def look(self, scenes: Sequence[Scene], unreadable: Sequence[SceneId] = ()) -> Sides:
        """Compare scenes that are described and have a file; ascending by id, page after page.

        Args:
            unreadable: scenes among them that Stash cannot read now; they keep what they had.

        Raises:
            PlexServerDown, UserError.
        """
        sides = Sides(list(scenes))
        self._match(sides, self._keepers(unreadable))
        ids = [scene.id for scene in scenes]
        versions = self._with.ledger.versions(self._server, ids)
        unread = self._confirm(sides, versions)
        self._read(sides, unread)
        self._doubt(sides, versions.keys())
        return sides

    def _keepers(self, unreadable: Sequence[SceneId]) -> dict[RatingKey, SceneId]:
        """The lowest of these scenes in each item that they are known to have."""
        versions = self._with.ledger.versions(self._server, unreadable)
        return {key: one for one in sorted(versions, reverse=True) for key in versions[one]}

    def _match(self, sides: Sides, keepers: Mapping[RatingKey, SceneId]) -> None:
        ids = [scene.id for scene in sides.scenes]
        contended = set()
        if not self._meets_all:
            contended = self._with.ledger.contended(self._server, ids)
        for scene in sides.scenes:
            found = self._found(scene)
            if isinstance(found, Ambiguous):
                sides.ambiguous.add(scene.id)
                self._note_possible(scene, found)
            if not isinstance(found, Matched):
                continue
            sides.matched_paths.update(file.path for file in scene.files)
            keys = tuple(file.rating_key for file in found.files)
            # The lowest scene has an item, and this comes first.
            own = tuple(
                key
                for key in keys
                if key not in self._seen
                and keepers.get(key, scene.id) >= scene.id
                and (scene.id, key) not in contended
            )
            self._seen.update(keys)
            if own:
                sides.keys[scene.id] = own
            else:
                sides.taken.add(scene.id)
        self._seen.update(keepers)

    def _found(self, scene: Scene) -> Matched | NotInPlex | Ambiguous:
        return match(scene.files, self._with.index.candidates, self._with.path_map)

    def _note_possible(self, scene: Scene, found: Matched | NotInPlex | Ambiguous) -> None:
        if isinstance(found, Matched):
            self._possible.update(file.rating_key for file in found.files)
        elif isinstance(found, Ambiguous):
            for file in scene.files:
                hits = self._with.index.candidates(base_name(file.path))
                self._possible.update(hit.rating_key for hit in hits if hit.path in found.paths)

    def _doubt(self, sides: Sides, known: Collection[SceneId]) -> None:
        """Do not take for missing what may be in a library that was not seen as it is."""
        for scene in sides.scenes:
            if scene.id in sides.keys or scene.id in sides.taken | sides.ambiguous:
                continue
            if self._restless:
                why = "changes while it is listed, so what it lacks is not known: wait for Plex"
                sides.unread[scene.id] = f'library "{self._restless[0]}" {why}'
            elif self._empty and scene.id in known:
                why = "is empty in Plex: let it scan, or take the library out of plex_library"
                sides.unread[scene.id] = f'it was in Plex, and library "{self._empty[0]}" {why}'

    def _confirm(
        self, sides: Sides, versions: Mapping[SceneId, Mapping[RatingKey, Version]]
    ) -> dict[RatingKey, Scene]:
        """Note what the ledger answers; return the items that must be read, and for whom."""
        unread: dict[RatingKey, Scene] = {}
        for scene in sides.scenes:
            # Without a hash a write was begun, and nothing is confirmed.
            known = {k: v for k, v in versions.get(scene.id, {}).items() if v.content_hash}
            confirmed = [known[key] for key in sides.keys.get(scene.id, ()) if key in known]
            unread |= {key: scene for key in sides.keys.get(scene.id, ()) if key not in known}
            if not confirmed:
                continue
            # Of a version without a time the text is certain, and the poster is not.
            times = [seconds_of(v.updated_at) or 0.0 for v in confirmed if v.updated_at]
            sides.sync_timestamps[scene.id] = min(times, default=math.inf)
            if len(times) < len(confirmed) and self._with.config.sync_poster:
                sides.uncertain.add(scene.id)
            now = content_hash(wish(scene, self._with.config))
            if any(version.content_hash != now for version in confirmed):
                sides.differing[scene.id] = self._changed_fields(scene)
        return unread

    def _changed_fields(self, scene: Scene) -> tuple[str, ...]:
        """The fields that are no longer what was written."""
        wished = wish(scene, self._with.config)
        names: dict[str, None] = {}
        for entry in self._with.ledger.of_scene(self._server, scene.id):
            for name, value in wished.items():
                memory = entry.fields.get(name)
                if (value or memory) and (memory is None or memory.written != value):
                    names[name] = None
        return tuple(names)

    def _read(self, sides: Sides, unread: Mapping[RatingKey, Scene]) -> None:
        reader = ItemReader(self._with.plex)
        reader.read(unread)
        for key, scene in unread.items():
            item = reader.items.get(key)
            if item is not None:
                self._note_shown(sides, scene, item)
            elif failure := reader.failure(key):  # nothing is concluded from that
                sides.unread[scene.id] = getattr(failure, "why", "") or str(failure)
            else:
                self._is_gone(sides, key, scene)

    def _is_gone(self, sides: Sides, key: RatingKey, scene: Scene) -> None:
        """The index was wrong: Plex has dropped the item meanwhile."""
        self._with.index.forget(key)
        left = tuple(other for other in sides.keys.get(scene.id, ()) if other != key)
        if left:
            sides.keys[scene.id] = left
        else:
            sides.keys.pop(scene.id, None)
            sides.matched_paths.difference_update(file.path for file in scene.files)

    def _note_shown(self, sides: Sides, scene: Scene, item: PlexItem) -> None:
        sides.shown.setdefault(scene.id, item.values)
        wished = wish(scene, self._with.config)
        preserve = self._with.config.preserve_plex_edits
        plan = make_plan(item, wished, None, preserve_edits=preserve)
        if plan.changes:
            earlier = sides.differing.get(scene.id, ())
            sides.differing[scene.id] = tuple(dict.fromkeys((*earlier, *plan.changes)))

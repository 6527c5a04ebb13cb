"""What a user does to tags, performers, studios and groups: the change, and the hook's input.

The scenes that have them are not touched, and have no hook (internal/api/resolver_mutation_tag.go
and its neighbours).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .hooks import Document, PluginInputs
from .library import Library, Shelf
from .model import Scene, Tag


class Things:
    """Changes to what scenes refer to; each returns the stdin document of its hook."""

    library: Library
    _inputs: PluginInputs

    def rename_tag(self, old: str, new: str) -> Document:
        """Rename a tag; scenes.updated_at stays."""
        return self._rename("Tag", self.library.tags, old, new)

    def rename_performer(self, old: str, new: str) -> Document:
        """Rename a performer; scenes.updated_at stays."""
        return self._rename("Performer", self.library.performers, old, new)

    def rename_studio(self, old: str, new: str) -> Document:
        """Rename a studio; scenes.updated_at stays."""
        return self._rename("Studio", self.library.studios, old, new)

    def rename_group(self, old: str, new: str) -> Document:
        """Rename a group; scenes.updated_at stays."""
        return self._rename(self._group, self.library.groups, old, new)

    def destroy_tag(self, name: str) -> Document:
        """Delete a tag; its scenes lose it and scenes.updated_at stays."""

        def let_go(scene: Scene, gone: int) -> None:
            scene.tags = [tag for tag in scene.tags if tag.id != gone]

        return self._destroy("Tag", self.library.tags, name, let_go)

    def destroy_performer(self, name: str) -> Document:
        """Delete a performer; likewise."""

        def let_go(scene: Scene, gone: int) -> None:
            scene.performers = [each for each in scene.performers if each.id != gone]

        return self._destroy("Performer", self.library.performers, name, let_go)

    def destroy_studio(self, name: str) -> Document:
        """Delete a studio; likewise."""

        def let_go(scene: Scene, gone: int) -> None:
            if scene.studio is not None and scene.studio.id == gone:
                scene.studio = None

        return self._destroy("Studio", self.library.studios, name, let_go)

    def destroy_group(self, name: str) -> Document:
        """Delete a group; likewise."""

        def let_go(scene: Scene, gone: int) -> None:
            scene.groups = [place for place in scene.groups if place.group.id != gone]

        return self._destroy(self._group, self.library.groups, name, let_go)

    def merge_tags(self, sources: Sequence[str], into: str) -> Document:
        """Merge tags into another one: one hook, which names that one; none for those gone."""
        tags = self.library.tags
        with self.library.lock:
            target, gone = tags.named(into), [tags.remove(name) for name in sources]
            for scene in self.library.scenes.values():
                merged = [target if tag in gone else tag for tag in scene.tags]
                scene.tags = list(dict.fromkeys(merged))
            sent = {"source": [str(tag.id) for tag in gone], "destination": str(target.id)}
            return self._inputs.thing("Tag.Merge.Post", target.id, sent)

    def edit_things(
        self, kind: str, ids: Sequence[int], fields: Mapping[str, Any]
    ) -> list[Document]:
        """Return the hooks of a bulk edit, which can change no name; nothing is changed.

        Args:
            kind: "Tag", "Performer", "Studio" or "Group".
            fields: as they are sent, beside the ids.
        """
        sent = {"ids": [str(each) for each in ids], **fields}
        names = list(sent)
        return [self._inputs.thing(f"{kind}.Update.Post", each, sent, names) for each in ids]

    @property
    def _group(self) -> str:
        """What a group is called in triggers; from v0.27 on Movie.* follows each Group.*."""
        return "Group" if self.library.version.has_groups else "Movie"

    def _rename(self, kind: str, shelf: Shelf[Any], old: str, new: str) -> Document:
        with self.library.lock:
            thing = shelf.rename(old, new)
            sent = {"id": str(thing.id), "name": new}
            return self._inputs.thing(f"{kind}.Update.Post", thing.id, sent, list(sent))

    def _destroy(
        self, kind: str, shelf: Shelf[Any], name: str, let_go: Callable[[Scene, int], None]
    ) -> Document:
        with self.library.lock:
            thing = shelf.remove(name)
            for scene in self.library.scenes.values():
                let_go(scene, thing.id)
            if isinstance(thing, Tag):
                for other in self.library.tags:
                    other.parents = [tag for tag in other.parents if tag is not thing]
                    other.children = [tag for tag in other.children if tag is not thing]
            return self._inputs.thing(f"{kind}.Destroy.Post", thing.id, {"id": str(thing.id)})

"""What a user does to scenes: the change, and the hook inputs that Stash sends for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .editing import Input, apply_update, bulk_as_update
from .hooks import Document, PluginInputs
from .library import Library
from .model import Scene

Hooked = list[tuple[Scene, Document]]


class Editor:
    """Carries out Stash's scene mutations on a library.

    Every method returns, scene by scene in the order of the hooks, what was changed and the
    stdin document of the hook.
    """

    def __init__(self, library: Library, inputs: PluginInputs):
        self._library = library
        self._inputs = inputs

    def update(self, sent: Input) -> Hooked:
        """Do a sceneUpdate."""
        with self._library.lock:
            scene = self._change(sent)
            return [(scene, self._inputs.hook("Scene.Update.Post", scene.id, sent))]

    def update_all(self, inputs: Sequence[Input]) -> Hooked:
        """Do a scenesUpdate: each hook gets the whole array."""
        with self._library.lock:
            scenes = [self._change(sent) for sent in inputs]
            return [(each, self._inputs.hook("scenesUpdate", each.id, inputs)) for each in scenes]

    def update_bulk(self, sent: Input) -> Hooked:
        """Do a bulkSceneUpdate: one input with ids and modes, repeated for each scene."""
        with self._library.lock:
            scenes = [self._library.scene(number) for number in sent.get("ids") or ()]
            for scene in scenes:
                self._apply(scene, bulk_as_update(scene, sent))
            return [(each, self._inputs.hook("bulkSceneUpdate", each.id, sent)) for each in scenes]

    def destroy(self, sent: Input) -> Hooked:
        """Do a sceneDestroy."""
        with self._library.lock:
            scene = self._library.remove(self._library.scene(sent["id"]).id)
            return [(scene, self._inputs.hook("Scene.Destroy.Post", scene.id, sent))]

    def destroy_all(self, sent: Input) -> Hooked:
        """Do a scenesDestroy: all ids, and the file facts of the one whose hook it is."""
        with self._library.lock:
            scenes = [self._library.remove(int(number)) for number in sent["ids"]]
            return [(each, self._inputs.hook("scenesDestroy", each.id, sent)) for each in scenes]

    def change_silently(self, scene_id: int, sent: Input, *, bump_updated_at: bool) -> None:
        """Change a scene as auto-tag, merge or an import does: no hook."""
        with self._library.lock:
            scene = self._library.scene(scene_id)
            apply_update(self._library, scene, sent)
            if bump_updated_at:
                scene.updated_at = self._library.stamp()

    def _change(self, sent: Input) -> Scene:
        scene = self._library.scene(sent["id"])
        self._apply(scene, sent)
        return scene

    def _apply(self, scene: Scene, sent: dict[str, Any]) -> None:
        apply_update(self._library, scene, sent)
        scene.updated_at = self._library.stamp()

"""What a test says to the library of a loopback Stash, and the hook inputs that follow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .editing import apply_update, as_date, as_update_input
from .hooks import Document, PluginInputs
from .library import Library
from .model import Scene, VideoFile
from .mutations import Editor
from .things import Things

Group = str | tuple[str, int | None]

_COUNTERS = ("o_counter", "play_count", "play_duration", "resume_time", "last_played_at")
_NO_FILES: tuple[Mapping[str, Any], ...] = ()


class Content(Things):
    """Scenes and what they refer to, changed in the ways that Stash knows."""

    library: Library
    _editor: Editor
    _inputs: PluginInputs

    def add_scene(
        self,
        title: str = "",
        details: str = "",
        date: str | None = None,
        rating100: int | None = None,
        studio: str | None = None,
        performers: Iterable[str] = (),
        tags: Iterable[str] = (),
        groups: Iterable[Group] = (),
        files: Iterable[Mapping[str, Any]] | None = None,
        code: str = "",
        director: str = "",
        cover: bytes | None = None,
        organized: bool = False,
        urls: Iterable[str] = (),
        *,
        scene_id: int | None = None,
        updated_at: str | None = None,
    ) -> int:
        """Add a scene; return its id.

        Args:
            files: facts of each file, the primary one first: ``path`` and what VideoFile has;
                by default one file named after the scene's id.
            groups: names, or pairs of name and scene index.
            updated_at: as Stash would print it; by default now.
        """
        library = self.library
        with library.lock:
            day = as_date(date, library.version)
            scene = library.add(scene_id, files if files is not None else _NO_FILES)
            if files is None:
                scene.files = [library.file(path=f"/data/scene-{scene.id}.mp4")]
            scene.title, scene.details, scene.code, scene.director = title, details, code, director
            scene.date, scene.rating100, scene.organized = day, rating100, organized
            scene.studio = library.studios.named(studio) if studio else None
            scene.performers = [library.performers.named(name) for name in performers]
            scene.tags = [library.tags.named(name) for name in tags]
            scene.groups = [library.membership(group) for group in groups]
            scene.urls, scene.cover = list(urls), cover
            scene.updated_at = updated_at or scene.updated_at
            return scene.id

    def scene(self, scene_id: int) -> Scene:
        """Return the scene itself: what is set on it is changed at once."""
        return self.library.scenes[scene_id]

    def edit(self, scene_id: int, **changes: Any) -> Document:
        """Save a scene as the edit form does; return the stdin document of the hook.

        Takes the names of SceneUpdateInput, and ``studio``, ``performers``, ``tags``,
        ``groups`` by name and ``cover`` as bytes.
        """
        sent = {"id": str(scene_id), **as_update_input(self.library, changes)}
        return self._editor.update(sent)[0][1]

    def edit_many(self, changes: Mapping[int, Mapping[str, Any]]) -> list[Document]:
        """Save several scenes with one scenesUpdate; return the hooks' documents in order."""
        inputs = [
            {"id": str(scene_id), **as_update_input(self.library, each)}
            for scene_id, each in changes.items()
        ]
        return [document for _, document in self._editor.update_all(inputs)]

    def edit_bulk(self, scene_ids: Sequence[int], **sent: Any) -> list[Document]:
        """Do a bulkSceneUpdate, with the names of BulkSceneUpdateInput; return the documents."""
        ids = [str(scene_id) for scene_id in scene_ids]
        return [document for _, document in self._editor.update_bulk({"ids": ids, **sent})]

    def change_silently(self, scene_id: int, bump_updated_at: bool = True, **changes: Any) -> None:
        """Change a scene without a hook, as auto-tag, a merge or an import does.

        Also takes the counters (``play_count``, ...) and ``files``.
        """
        with self.library.lock:
            scene = self.scene(scene_id)
            for name in [name for name in changes if name in _COUNTERS]:
                setattr(scene, name, changes.pop(name))
            if "files" in changes:
                scene.files = [self.library.file(**each) for each in changes.pop("files")]
            apply_update(self.library, scene, as_update_input(self.library, changes))
            if bump_updated_at:
                scene.updated_at = self.library.stamp()

    def destroy(self, scene_id: int, **flags: bool) -> Document:
        """Delete a scene; return the hook's document. Flags: delete_file, delete_generated."""
        return self._editor.destroy({"id": str(scene_id), **flags})[0][1]

    def set_cover(self, scene_id: int, cover: bytes | None) -> None:
        """Give a scene its cover, as the scan's generator does: bumped, no hook."""
        with self.library.lock:
            scene = self.scene(scene_id)
            scene.cover = cover
            scene.updated_at = self.library.stamp()

    def scan_adds(self, path: str = "/data/new.mp4", size: int = 1000, **facts: Any) -> int:
        """Let a scan find a new file; return the new scene's id."""
        return self.add_scene(files=[{"path": path, "size": size, **facts}])

    def scan_joins(self, scene_id: int, path: str, size: int = 1000, **facts: Any) -> None:
        """Let a scan find another file of a known scene (same hash)."""
        with self.library.lock:
            scene = self.scene(scene_id)
            scene.files.append(self.library.file(path=path, size=size, **facts))
            scene.updated_at = self.library.stamp()

    def scan_finds_moved(self, scene_id: int, path: str) -> VideoFile:
        """Move the primary file: its row changes, the scene's updated_at does not."""
        with self.library.lock:
            file = self.scene(scene_id).files[0]
            file.path = path
            file.updated_at = self.library.stamp()
            return file

    def hook_input(
        self,
        kind: str,
        id: int,
        input: Any = None,
        input_fields: Sequence[str] | None = None,
    ) -> Document:
        """Return the stdin document of a hook; kinds: see PluginInputs.hook."""
        with self.library.lock:
            return self._inputs.hook(kind, id, input, input_fields)

    def task_input(self, mode: str, **args: Any) -> Document:
        """Return the stdin document of a task."""
        return self._inputs.task(mode, args)

"""The resolvers of Query and Mutation, named like their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from .hooks import Document
from .jobs import Jobs
from .library import Library, Shelf, as_id
from .model import Job, Scene
from .mutations import Editor, Hooked
from .query import Found, find_named, find_scenes

Input = Mapping[str, Any]
Settings = dict[str, Any]


class Roots:
    """Resolves root fields.

    Attributes:
        on_hook: called with each hook's stdin document before a mutation is answered, as Stash
            waits for its hooks; None while nobody listens.
        general: the fields of configuration.general.
        plugin_settings: stored values per plugin id.
    """

    def __init__(self, library: Library, editor: Editor, jobs: Jobs, version: str):
        self._library = library
        self._editor = editor
        self._jobs = jobs
        self._version = version
        self.on_hook: Callable[[Document], object] | None = None
        self.general: Callable[[], dict[str, Any]] = dict
        self.plugin_settings: dict[str, Settings] = {}

    def version(self) -> SimpleNamespace:
        return SimpleNamespace(
            version=self._version, hash="cf3489efd", build_time="2026-01-11 00:00:00"
        )

    def systemStatus(self) -> SimpleNamespace:
        general = self.general()
        return SimpleNamespace(
            databaseSchema=75,
            databasePath=general["databasePath"],
            configPath=general["configFilePath"],
            appSchema=75,
            status="OK",
            os="linux",
            workingDir="/",
            homeDir="/root",
        )

    def configuration(self) -> _Configuration:
        return _Configuration(SimpleNamespace(**self.general()), self.plugin_settings)

    def stats(self) -> SimpleNamespace:
        library = self._library
        files = [file for scene in library.scenes.values() for file in scene.files]
        return SimpleNamespace(
            scene_count=len(library.scenes),
            scenes_size=float(sum(file.size for file in files)),
            scenes_duration=sum(file.duration for file in files),
            image_count=0,
            gallery_count=0,
            performer_count=len(library.performers),
            studio_count=len(library.studios),
            group_count=len(library.groups),
            movie_count=len(library.groups),
            tag_count=len(library.tags),
        )

    def findScene(self, id: str | None = None, checksum: str | None = None) -> Scene | None:
        if id is not None:
            return self._library.scenes.get(as_id(id))
        scenes = self._library.scenes.values()
        return next((each for each in scenes if checksum and each.checksum == checksum), None)

    def findScenes(
        self,
        scene_filter: Input | None = None,
        scene_ids: Sequence[int] | None = None,
        ids: Sequence[str] | None = None,
        filter: Input | None = None,
    ) -> Found:
        with self._library.lock:
            chosen = ids or scene_ids or ()
            return find_scenes(self._library, ids=chosen, find=filter, where=scene_filter)

    def findPerformer(self, id: str) -> Any:
        return self._library.performers.by_id.get(as_id(id))

    def findStudio(self, id: str) -> Any:
        return self._library.studios.by_id.get(as_id(id))

    def findTag(self, id: str) -> Any:
        return self._library.tags.by_id.get(as_id(id))

    def findGroup(self, id: str) -> Any:
        return self._library.groups.by_id.get(as_id(id))

    findMovie = findGroup

    def findPerformers(
        self,
        performer_filter: Input | None = None,
        performer_ids: Sequence[int] | None = None,
        ids: Sequence[str] | None = None,
        filter: Input | None = None,
    ) -> SimpleNamespace:
        chosen = ids or [str(number) for number in performer_ids or ()]
        return self._named("performers", self._library.performers, chosen, filter, performer_filter)

    def findStudios(
        self,
        studio_filter: Input | None = None,
        ids: Sequence[str] | None = None,
        filter: Input | None = None,
    ) -> SimpleNamespace:
        return self._named("studios", self._library.studios, ids, filter, studio_filter)

    def findTags(
        self,
        tag_filter: Input | None = None,
        ids: Sequence[str] | None = None,
        filter: Input | None = None,
    ) -> SimpleNamespace:
        return self._named("tags", self._library.tags, ids, filter, tag_filter)

    def findGroups(
        self,
        group_filter: Input | None = None,
        ids: Sequence[str] | None = None,
        filter: Input | None = None,
    ) -> SimpleNamespace:
        return self._named("groups", self._library.groups, ids, filter, group_filter)

    def findMovies(
        self,
        movie_filter: Input | None = None,
        ids: Sequence[str] | None = None,
        filter: Input | None = None,
    ) -> SimpleNamespace:
        return self._named("movies", self._library.groups, ids, filter, movie_filter)

    def jobQueue(self) -> list[Job] | None:
        return self._jobs.waiting() or None

    def findJob(self, input: Input) -> Job | None:
        return self._jobs.by_id.get(as_id(input["id"]))

    def sceneUpdate(self, input: Input) -> Scene | None:
        return self._hooked(self._editor.update(dict(input)))[0]

    def scenesUpdate(self, input: Sequence[Input]) -> list[Scene | None]:
        return self._hooked(self._editor.update_all([dict(each) for each in input]))

    def bulkSceneUpdate(self, input: Input) -> list[Scene | None]:
        return self._hooked(self._editor.update_bulk(dict(input)))

    def sceneDestroy(self, input: Input) -> bool:
        self._hooked(self._editor.destroy(dict(input)))
        return True

    def scenesDestroy(self, input: Input) -> bool:
        self._hooked(self._editor.destroy_all(dict(input)))
        return True

    def configurePlugin(self, plugin_id: str, input: Settings) -> Settings:
        self.plugin_settings[plugin_id] = dict(input)
        return self.plugin_settings[plugin_id]

    def runPluginTask(
        self,
        plugin_id: str,
        task_name: str | None = None,
        description: str | None = None,
        args: Sequence[Input] | None = None,
        args_map: Input | None = None,
    ) -> str:
        named = args_map if args_map is not None else _args_map(args or ())
        shown = description or task_name or plugin_id
        job = self._jobs.add(f"Running plugin task: {shown}")
        job.plugin_id, job.task_name, job.args = plugin_id, task_name, dict(named)
        return str(job.id)

    def stopJob(self, job_id: str) -> bool:
        self._jobs.stop(as_id(job_id))
        return True

    def _named(
        self,
        kind: str,
        shelf: Shelf[Any],
        ids: Sequence[str] | None,
        find: Input | None,
        where: Input | None,
    ) -> SimpleNamespace:
        with self._library.lock:
            count, things = find_named(
                self._library, shelf, ids=ids or (), find=find, where=where, kind=kind[:-1]
            )
        return SimpleNamespace(**{"count": count, kind: things})

    def _hooked(self, changed: Hooked) -> list[Scene | None]:
        """Run the hooks of a mutation, one after another, then read the scenes again."""
        for _, document in changed:
            if self.on_hook is not None:
                self.on_hook(document)
        return [self._library.scenes.get(scene.id) for scene, _ in changed]


class _Configuration:
    ui: Settings = {}  # noqa: RUF012 -- never changed

    def __init__(self, general: SimpleNamespace, plugin_settings: Mapping[str, Settings]):
        self.general = general
        self._settings = plugin_settings

    def plugins(self, include: Sequence[str] | None = None) -> dict[str, Settings]:
        """Return stored values; without a list those of all plugins, and never an empty map."""
        chosen = include or list(self._settings)
        return {name: self._settings[name] for name in chosen if self._settings.get(name)}


def _args_map(args: Sequence[Input]) -> dict[str, Any]:
    return {each["key"]: _arg_value(each.get("value")) for each in args}


def _arg_value(value: Input | None) -> Any:
    value = value or {}
    for kind in ("str", "i", "b", "f"):
        if value.get(kind) is not None:
            return value[kind]
    if value.get("o") is not None:
        return _args_map(value["o"])
    if value.get("a") is not None:
        return [_arg_value(each) for each in value["a"]]
    return None

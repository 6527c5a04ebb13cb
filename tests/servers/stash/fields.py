"""How each GraphQL field is read off the library's objects; by default by its own name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Protocol
from urllib.parse import urlencode

from .library import Library
from .model import Group, Performer, Scene, Studio, Tag, VideoFile, epoch

# Called with the object, the context and the field's arguments.
Getter = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Context:
    """What a field needs besides its object.

    Attributes:
        base_url: scheme and host as the request named them; URLs in results begin with it.
        api_key: the configured key; empty for none.
        counts: how often each thing is used, counted once per answer.
    """

    library: Library
    base_url: str
    api_key: str
    counts: dict[Any, Counter[Any]] = field(default_factory=dict)


class _Dated(Protocol):
    id: int
    updated_at: str
    image: bytes | None


def getter_for(type_name: str, name: str) -> Getter:
    """Return how the field *name* of *type_name* is read."""
    if name == "__typename":
        return lambda thing, context: type_name
    special = _GETTERS.get(type_name, {}).get(name)
    if special is not None:
        return special
    read = attrgetter(name)
    return lambda thing, context: read(thing)


def as_go_prints(get: Getter) -> Getter:
    """Return a getter of floats: Go prints a whole one without a point."""

    def read(thing: Any, context: Context) -> float | None:
        value: float | None = get(thing, context)
        return int(value) if value is not None and value == int(value) else value

    return read


def _constant(value: Any) -> Getter:
    return lambda thing, context, **arguments: value


def _id(thing: Any, context: Context) -> str:
    return str(thing.id)


def _first_url(thing: Any, context: Context) -> str | None:
    return thing.urls[0] if thing.urls else None


def _screenshot(scene: Scene, context: Context) -> str:
    return f"{context.base_url}/scene/{scene.id}/screenshot?t={epoch(scene.updated_at)}"


def _stream(scene: Scene, context: Context) -> str:
    # The key itself stands in the answer: never log it.
    query = "?" + urlencode({"apikey": context.api_key}) if context.api_key else ""
    return f"{context.base_url}/scene/{scene.id}/stream{query}"


def _scene_url(end: str) -> Getter:
    return lambda scene, context: f"{context.base_url}/scene/{scene.id}/{end}"


def _hashed_url(end: str) -> Getter:
    return lambda scene, context: f"{context.base_url}/scene/{scene.oshash}_{end}"


def _image_path(kind: str, end: str = "image") -> Getter:
    def path(thing: _Dated, context: Context) -> str:
        default = "" if thing.image else "&default=true"
        stamp = epoch(thing.updated_at)
        return f"{context.base_url}/{kind}/{thing.id}/{end}?t={stamp}{default}"

    return path


def _back_image_path(group: Group, context: Context) -> str | None:
    if not group.back_image:
        return None
    return f"{context.base_url}/group/{group.id}/backimage?t={epoch(group.updated_at)}"


def _count_scenes(used_by: Callable[[Scene], Iterable[Any]]) -> Getter:
    def count(thing: Any, context: Context, depth: int | None = None) -> int:
        if used_by not in context.counts:
            scenes = context.library.scenes.values()
            context.counts[used_by] = Counter(used for each in scenes for used in used_by(each))
        return context.counts[used_by][thing]

    return count


def _performers_of(scene: Scene) -> Iterable[Performer]:
    return scene.performers


def _tags_of(scene: Scene) -> Iterable[Tag]:
    return scene.tags


def _studio_of(scene: Scene) -> Iterable[Studio]:
    return [scene.studio] if scene.studio else []


def _groups_of(scene: Scene) -> Iterable[Group]:
    return [place.group for place in scene.groups]


def _fingerprint(file: VideoFile, context: Context, type: str) -> str | None:
    return next((each.value for each in file.fingerprints if each.type == type), None)


@dataclass(frozen=True, slots=True)
class _Folder:
    id: int
    path: str


def _folder(file: VideoFile, context: Context) -> _Folder:
    return _Folder(1, file.folder)


def _itself(thing: Any, context: Context) -> Any:
    return thing


_GROUP: dict[str, Getter] = {
    "id": _id,
    "url": _first_url,
    "front_image_path": _image_path("group", "frontimage"),
    "back_image_path": _back_image_path,
    "scene_count": _count_scenes(_groups_of),
}

_GETTERS: dict[str, dict[str, Getter]] = {
    "Scene": {
        "id": _id,
        "url": _first_url,
        "paths": _itself,
        "galleries": _constant([]),
        "captions": _constant(None),
        "interactive": _constant(False),
        "interactive_speed": _constant(None),
        "play_history": _constant([]),
        "o_history": _constant([]),
        "movies": lambda scene, context: scene.groups,
    },
    "SceneMovie": {"movie": lambda place, context: place.group},
    "ScenePathsType": {
        "screenshot": _screenshot,
        "preview": _scene_url("preview"),
        "stream": _stream,
        "webp": _scene_url("webp"),
        "vtt": _hashed_url("thumbs.vtt"),
        "sprite": _hashed_url("sprite.jpg"),
        "funscript": _scene_url("funscript"),
        "interactive_heatmap": _scene_url("interactive_heatmap"),
        "caption": _scene_url("caption"),
    },
    "VideoFile": {
        "id": _id,
        "parent_folder_id": _constant("1"),
        "zip_file_id": _constant(None),
        "parent_folder": _folder,
        "fingerprint": _fingerprint,
    },
    "Folder": {"id": _id},
    "SceneMarker": {"id": _id},
    "Performer": {
        "id": _id,
        "url": _first_url,
        "alias_list": lambda performer, context: performer.aliases,
        "image_path": _image_path("performer"),
        "scene_count": _count_scenes(_performers_of),
        "custom_fields": _constant({}),
    },
    "Studio": {
        "id": _id,
        "url": _first_url,
        "image_path": _image_path("studio"),
        "scene_count": _count_scenes(_studio_of),
    },
    "Tag": {
        "id": _id,
        "image_path": _image_path("tag"),
        "scene_count": _count_scenes(_tags_of),
    },
    "Group": _GROUP,
    "Movie": _GROUP,
    "ConfigResult": {
        "plugins": lambda configuration, context, include=None: configuration.plugins(include),
    },
    "Job": {
        "id": _id,
        "subTasks": _constant(None),
        "startTime": lambda job, context: job.start_time,
        "endTime": lambda job, context: job.end_time,
        "addTime": lambda job, context: job.add_time,
    },
}

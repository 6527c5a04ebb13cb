"""Changes to scenes: friendly keywords to Stash's inputs, and inputs to the library."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from .library import Library
from .model import Membership, Scene, StashError, StashID
from .version import Version

Input = dict[str, Any]

# SceneUpdateInput in the order of its Go struct (pkg/models/scene.go): a hook sends every key.
UPDATE_KEYS = (
    "clientMutationId", "id", "title", "code", "details", "director", "url", "urls", "date",
    "rating100", "o_counter", "organized", "studio_id", "gallery_ids", "performer_ids", "movies",
    "groups", "tag_ids", "cover_image", "stash_ids", "resume_time", "play_duration", "play_count",
    "primary_file_id",
)  # fmt: skip
_TEXTS = ("title", "code", "details", "director")
_DATA_URL = re.compile(r"^data:.+/(.+);base64,(.*)$", re.DOTALL)
_PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")


def as_update_input(library: Library, changes: Mapping[str, Any]) -> Input:
    """Return *changes* under the names of SceneUpdateInput.

    Besides those names, ``studio``, ``performers``, ``tags`` and ``groups`` take names, which
    are created on demand, and ``cover`` takes the image's bytes.
    """
    translated: Input = {}
    for key, value in changes.items():
        name, converted = _translate(library, key, value)
        if name not in UPDATE_KEYS:
            raise TypeError(f"a scene has no {key!r}")
        translated[name] = converted
    return translated


def _translate(library: Library, key: str, value: Any) -> tuple[str, Any]:
    match key:
        case "studio":
            return "studio_id", None if value is None else str(library.studios.named(value).id)
        case "performers":
            return "performer_ids", [str(library.performers.named(each).id) for each in value]
        case "tags":
            return "tag_ids", [str(library.tags.named(each).id) for each in value]
        case "groups" if not any(isinstance(each, dict) for each in value):
            return _memberships(library, [library.membership(each) for each in value])
        case "cover":
            return "cover_image", as_data_url(value)
        case "urls":
            return key, list(value)
        case _:
            return key, value


def _memberships(library: Library, places: Iterable[Membership]) -> tuple[str, list[Input]]:
    name, reference = (
        ("groups", "group_id") if library.version.has_groups else ("movies", "movie_id")
    )
    return name, [
        {reference: str(place.group.id), "scene_index": place.scene_index} for place in places
    ]


def completed(sent: Mapping[str, Any], version: Version) -> Input:
    """Return the input as Go prints it: every key, null where nothing was sent."""
    return {key: sent.get(key) for key in UPDATE_KEYS if key != "groups" or version.has_groups}


def apply_update(library: Library, scene: Scene, sent: Mapping[str, Any]) -> None:
    """Do to *scene* what sceneUpdate does with the keys that were *sent*; no time is touched."""
    if "title" in sent and not (sent["title"] or "").strip() and not scene.files:
        raise StashError("title must be set if scene has no files")
    day = as_date(sent["date"], library.version) if "date" in sent else scene.date
    cover = as_image(sent.get("cover_image"))
    _apply_references(library, scene, sent)
    for key in _TEXTS:
        if key in sent:
            setattr(scene, key, (sent[key] or "").strip())
    for key in ("organized", "play_duration"):
        if sent.get(key) is not None:
            setattr(scene, key, sent[key])
    if "rating100" in sent:
        scene.rating100 = sent["rating100"]
    if "urls" in sent or "url" in sent:
        scene.urls = list(sent.get("urls") or ([sent["url"]] if sent.get("url") else []))
    scene.date = day
    scene.cover = cover or scene.cover


def _apply_references(library: Library, scene: Scene, sent: Mapping[str, Any]) -> None:
    if "studio_id" in sent:
        studio_id = sent["studio_id"]
        scene.studio = library.studios.with_id(studio_id) if studio_id else None
    if "performer_ids" in sent:
        scene.performers = [library.performers.with_id(n) for n in sent["performer_ids"] or ()]
    if "tag_ids" in sent:
        scene.tags = [library.tags.with_id(n) for n in sent["tag_ids"] or ()]
    places = sent.get("groups", sent.get("movies"))
    if "groups" in sent or "movies" in sent:
        scene.groups = [_place(library, each) for each in places or ()]
    if "stash_ids" in sent:
        scene.stash_ids = [
            StashID(each["endpoint"], each["stash_id"], each.get("updated_at") or library.stamp())
            for each in sent["stash_ids"] or ()
        ]


def _place(library: Library, sent: Mapping[str, Any]) -> Membership:
    group = library.groups.with_id(sent["group_id"] if "group_id" in sent else sent["movie_id"])
    return Membership(group, sent.get("scene_index"))


def bulk_as_update(scene: Scene, sent: Mapping[str, Any]) -> Input:
    """Return what a bulkSceneUpdate asks of one scene, as an update."""
    update: Input = {}
    for key, value in sent.items():
        if key == "tag_ids":
            update[key] = _combine([tag.id for tag in scene.tags], value)
        elif key == "performer_ids":
            update[key] = _combine([performer.id for performer in scene.performers], value)
        elif key == "urls":
            update[key] = _merge(scene.urls, value["values"] or (), value["mode"])
        elif key not in ("ids", "clientMutationId"):
            update[key] = value
    return update


def _combine(present: Iterable[int], change: Mapping[str, Any]) -> list[str]:
    return _merge([str(number) for number in present], change["ids"] or (), change["mode"])


def _merge(present: list[str], given: Iterable[str], mode: str) -> list[str]:
    match mode:
        case "SET":
            return list(given)
        case "ADD":
            return list(dict.fromkeys([*present, *given]))
        case _:
            return [each for each in present if each not in set(given)]


def as_date(text: str | None, version: Version) -> str | None:
    """Read a date as Stash does: whole days, from v0.30 also months and years."""
    if not text:
        return None
    if version.has_partial_dates and _PARTIAL_DATE.fullmatch(text):
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise StashError(f'converting date: failed to parse date "{text}"') from None


def as_data_url(image: bytes | None) -> str | None:
    """Return an image as the edit form sends it."""
    return None if image is None else "data:image/jpeg;base64," + base64.b64encode(image).decode()


def as_image(sent: str | None) -> bytes | None:
    """Read a cover_image: a data URL, or (from identify) bare base64; "" leaves the cover alone."""
    if not sent:
        return None
    found = _DATA_URL.match(sent)
    return base64.b64decode(found[2] if found else sent)

"""A scene from the object that GraphQL answers with."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from domain.errors import UnreadableScene
from domain.job import SceneId
from domain.scene import Scene, SceneFile
from validation.text import multi_line, one_line

_PARTIAL_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?", re.ASCII)


class _Malformed(Exception):
    """The field that does not hold what the schema says."""


def parse_scene(raw: Mapping[str, Any]) -> Scene:
    """Read a scene; fields that are absent, null or empty are empty.

    A date that no calendar has counts as absent, for Plex answers 500 to it.

    Raises:
        UnreadableScene: a field holds something that the schema does not allow.
    """
    scene_id = raw.get("id")
    try:
        return _scene(raw)
    except _Malformed as field:
        raise UnreadableScene(
            f"scene {str(scene_id)[:20]}: Stash sent something unreadable as its {field}"
        ) from None


def _scene(raw: Mapping[str, Any]) -> Scene:
    rating = _number(raw, "rating100")
    return Scene(
        id=SceneId(_identity(raw)),
        updated_at=_text(raw, "updated_at"),
        title=one_line(_text(raw, "title")),
        details=multi_line(_text(raw, "details")),
        date=_date(_text(raw, "date")),
        rating100=None if rating is None else min(max(rating, 0), 100),
        studio=one_line(_text(_object(raw, "studio"), "name")),
        performers=_names(_objects(raw, "performers")),
        tags=_names(_objects(raw, "tags")),
        groups=_names(_groups(raw)),
        files=tuple(_files(raw)),
    )


def _groups(raw: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    # Stash before v0.27 calls them movies.
    for several, one in (("groups", "group"), ("movies", "movie")):
        for entry in _objects(raw, several):
            yield _object(entry, one)


def _files(raw: Mapping[str, Any]) -> Iterator[SceneFile]:
    for entry in _objects(raw, "files"):
        if path := _text(entry, "path"):
            yield SceneFile(path, _number(entry, "size"))


def _names(entries: Iterator[Mapping[str, Any]]) -> tuple[str, ...]:
    names = (one_line(_text(entry, "name")) for entry in entries)
    return tuple(dict.fromkeys(filter(None, names)))


def _date(text: str) -> str:
    if _PARTIAL_DATE.fullmatch(text):
        return text
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _identity(raw: Mapping[str, Any]) -> int:
    number = _number(raw, "id")
    if number is None or number <= 0:
        raise _Malformed("id")
    return number


def _number(raw: Mapping[str, Any], key: str) -> int | None:
    value = raw.get(key)
    if value is None or value == "":
        return None
    try:
        return int(value)  # ids and, in some versions, sizes are strings
    except (ValueError, TypeError, OverflowError):
        raise _Malformed(key) from None


def _text(raw: Mapping[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _Malformed(key)
    return value


def _object(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _Malformed(key)
    return value


def _objects(raw: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    entries = raw.get(key)
    if not isinstance(entries, list | tuple | None):
        raise _Malformed(key)
    for entry in entries or ():
        if not isinstance(entry, Mapping):
            raise _Malformed(key)
        yield entry

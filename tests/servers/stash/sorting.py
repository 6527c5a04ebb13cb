"""Orders that Stash can give a list of scenes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from .criteria import first_day
from .model import Scene, StashError


@lru_cache(maxsize=200_000)
def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return the sort key of COLLATE NATURAL_CI: numbers by value, case ignored."""
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part.lower())
        for part in re.split(r"(\d+)", text)
        if part
    )


# pkg/sqlite/scene.go, sceneSortOptions. What is None here is allowed by Stash, not modelled.
_SORTS: dict[str, Callable[[Scene], Any] | None] = {
    "id": lambda scene: scene.id,
    "created_at": lambda scene: scene.created_at,
    "updated_at": lambda scene: scene.updated_at,
    "title": lambda scene: natural(scene.title or (scene.files[0].basename if scene.files else "")),
    "path": lambda scene: natural(scene.path),
    "code": lambda scene: scene.code or None,
    "date": lambda scene: first_day(scene.date) if scene.date else None,
    "rating": lambda scene: scene.rating100,
    "organized": lambda scene: scene.organized,
    "studio": lambda scene: natural(scene.studio.name) if scene.studio else None,
    "file_mod_time": lambda scene: scene.files[0].mod_time if scene.files else None,
    "filesize": lambda scene: scene.files[0].size if scene.files else None,
    "duration": lambda scene: scene.files[0].duration if scene.files else None,
    "file_count": lambda scene: len(scene.files),
    "tag_count": lambda scene: len(scene.tags),
    "performer_count": lambda scene: len(scene.performers),
    "o_counter": lambda scene: scene.o_counter,
    "play_count": lambda scene: scene.play_count,
    "play_duration": lambda scene: scene.play_duration,
    "resume_time": lambda scene: scene.resume_time,
} | dict.fromkeys(
    ("bitrate", "framerate", "group_scene_number", "interactive", "interactive_speed",
     "last_o_at", "last_played_at", "movie_scene_number", "perceptual_similarity", "random",
     "resolution", "performer_age")
)  # fmt: skip


def sort_key(sort: str) -> Callable[[Scene], Any] | None:
    """Return how to sort; None for id (or nothing), the order the table is in."""
    if sort in ("", "id"):
        return None
    if sort not in _SORTS:
        raise StashError(f"invalid sort: {sort}")
    key = _SORTS[sort]
    if key is None:
        raise StashError(f"the loopback Stash does not model sort {sort}")
    return key


def ordered(
    scenes: list[Scene], find: Mapping[str, Any], key: Callable[[Scene], Any] | None
) -> list[Scene]:
    backwards = find.get("direction") == "DESC"
    if key is None:
        return scenes[::-1] if backwards else scenes
    by_title = sorted(scenes, key=lambda scene: natural(scene.title or str(scene.id)))
    # NULL sorts before everything in SQLite.
    return sorted(by_title, key=lambda it: _nulls_first(key(it)), reverse=backwards)


def _nulls_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, 0 if value is None else value)

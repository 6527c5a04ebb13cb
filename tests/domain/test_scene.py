"""The gate: a scene that nobody has described is not written to Plex."""

from dataclasses import replace
from typing import Any

import pytest

from domain.job import SceneId
from domain.scene import Scene, SceneFile

BARE = Scene(SceneId(1), "2024-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "described",
    [
        {"studio": "Studio"},
        {"performers": ("Ann",)},
        {"tags": ("tag",)},
        {"details": "It rains."},
        {"date": "2024"},
    ],
    ids=lambda described: next(iter(described)),
)
def test_one_fact_of_somebodys_is_enough_to_be_written(described: dict[str, Any]) -> None:
    assert replace(BARE, **described).has_metadata


@pytest.mark.parametrize(
    "automatic",
    [
        {},
        {"title": "IMG_0001"},
        {"rating100": 100},
        {"groups": ("Group",)},
        {"files": (SceneFile("/data/a.mp4", 1),)},
    ],
    ids=lambda automatic: next(iter(automatic), "nothing"),
)
def test_what_stash_makes_up_is_not_enough_to_be_written(automatic: dict[str, Any]) -> None:
    assert not replace(BARE, **automatic).has_metadata

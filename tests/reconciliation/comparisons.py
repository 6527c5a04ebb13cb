"""Rows of a comparison, runs that leave them, and what is held in the end."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.plex_item import RatingKey
from reconciliation.comparison import Comparison, Group, Row, Summary

GROUPS: tuple[Group, ...] = ("stash_only", "matched", "plex_only")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder, and files created as the plugin's processes do."""
    before = os.umask(0o077)
    yield tmp_path / "stash2plex"
    os.umask(before)


def matched(scene: int, title: str = "A") -> Row:
    return Row("matched", scene, "in_step", 100 + scene, title, f"/data/{scene}.mp4")


def differing(scene: int) -> Row:
    why = "it changed in Stash after it was synced"
    return Row(
        "matched", scene, "differs", 100 + scene, "A", f"/data/{scene}.mp4", "title,date", why, True
    )


def missing(scene: int) -> Row:
    why = "Plex has none of its files"
    return Row("stash_only", scene, "missing", None, "A", f"/data/{scene}.mp4", "", why, True)


def run(
    folder: Path, scope: str, *rows: Row, strangers: tuple[int, ...] = (), now: float = 50.0
) -> None:
    """A run that comes to its end."""
    with Comparison.begin(folder, scope, now) as comparison:
        comparison.add(rows)
        if scope == "all":
            comparison.add_plex_only((RatingKey(key), f"/plex/{key}.mp4") for key in strangers)
        comparison.finish(now + 7)


def held(folder: Path) -> dict[str, list[Row]]:
    """All rows of each group."""
    with closing(Comparison(folder)) as comparison:
        return {group: comparison.page(group) for group in GROUPS}


def ids(folder: Path) -> dict[str, list[int]]:
    return {group: [row.id for row in rows] for group, rows in held(folder).items()}


def summary(folder: Path) -> Summary | None:
    with closing(Comparison(folder)) as comparison:
        return comparison.summary()

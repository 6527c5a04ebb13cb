"""Comparisons as a run leaves them, and the report as a reader finds it."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from reconciliation.comparison import Comparison, Row
from reconciliation.report import write_report

BEGAN, ENDED, NOW = 1_800_000_000.0, 1_800_000_060.0, 1_800_000_120.0

ROWS = (
    Row("stash_only", 1, "missing", None, "A Walk", "/a/A Walk.mkv", "", "Plex lacks it", True),
    Row("matched", 2, "differs", 902, "B", "/a/b.mkv", "tags,rating", "it changed"),
    Row("matched", 3, "in_step", 903, "C", "/a/c.mkv"),
    Row("matched", 4, "shared", None, "D", "/a/d.mkv"),
    Row("plex_only", 77, "only_in_plex", 77, "", "/p/stranger.mp4"),
)


TRICKS = (
    "</script><script>window.harmed = 1</script>",
    "<!-- <script> & \"quotes\" 'and' `more` \\",
    "line\u2028and\u2029paragraph",
    "\u05e9\u05dc\u05d5\u05dd \u202egnp.exe",
    "\U0001f469\u200d\U0001f680 caf\u00e9",
    '<img src=x onerror="window.harmed = 1">',
)
"""Titles that would harm a page which does not take care."""


def compare(
    folder: Path, rows: Iterable[Row] = ROWS, *, ended: bool = True, scope: str = "all"
) -> None:
    with Comparison.begin(folder, scope, BEGAN) as comparison:
        comparison.add(rows)
        if ended:
            comparison.finish(ENDED)


def write(folder: Path, *, obfuscate_paths: bool = False) -> str:
    return write_report(folder, obfuscate_paths=obfuscate_paths, now=NOW)


def page(folder: Path) -> str:
    return (folder / "reconciliation_report.html").read_text(encoding="utf-8")


def document(folder: Path) -> dict[str, Any]:
    text = (folder / "reconciliation_report.json").read_bytes()
    found: dict[str, Any] = json.loads(text)
    return found


def library(size: int) -> Iterator[Row]:
    return (
        Row("matched", n, "in_step", n, f"Film {n}", f"/media/{n}.mkv") for n in range(1, size + 1)
    )

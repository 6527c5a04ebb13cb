"""The last comparison as two files: a page for people, a document for programs.

Both are written in one pass, a batch of rows at a time, and hold the same rows.
"""

import base64
import hashlib
import json
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, TextIO, get_args

from domain.errors import TransientError
from reconciliation import comparison
from reconciliation.comparison import Comparison, Group, Row, Summary
from stash.scrubber import Scrubber, code_for
from sync_queue import host

PAGE = "reconciliation_report.html"
DOCUMENT = "reconciliation_report.json"

NOTHING = "There is nothing to report yet: run Reconcile Library (All) first"

_BATCH = 1000  # rows that are held in memory at once
_TEMPLATE = Path(__file__).with_name("page.html")
_DATA = "<!--{data}-->"


def write_report(data_dir: Path, *, obfuscate_paths: bool, now: float) -> str:
    """Write both files into *data_dir*, in the place of earlier ones.

    Args:
        obfuscate_paths: write a code for each path, and no title that is a file name.
        now: Unix seconds.

    Returns:
        One sentence with the path and the counts; without a comparison, what to do first.

    Raises:
        TransientError: the comparison cannot be read, or the report cannot be written.
    """
    if not (data_dir / comparison.FILE).exists():  # opening it would make one
        return NOTHING
    with closing(Comparison(data_dir)) as compared:
        summary = compared.summary()
        if summary is None:
            return NOTHING
        counts = _write(data_dir, compared, summary, obfuscate_paths=obfuscate_paths, now=now)
    # The whole path would become a code where paths are hidden.
    where = f"{PAGE} in the plugin's data folder" if obfuscate_paths else str(data_dir / PAGE)
    end = "" if summary.ended_at is not None else "; the latest run did not come to its end"
    return (
        f"Wrote {where}: {counts['stash_only']} only in Stash, {counts['matched']} in both "
        f"({counts['differs']} differ), {counts['plex_only']} only in Plex{end}"
    )


def _write(
    folder: Path, compared: Comparison, summary: Summary, *, obfuscate_paths: bool, now: float
) -> Counter[str]:
    """Write them; return how many rows each group and each state has."""
    head, tail = _frame()
    counts: Counter[str] = Counter()
    hide = _Hidden() if obfuscate_paths else None
    try:
        with _in_place_of(folder / PAGE, folder / DOCUMENT) as (page, document):
            page.write(head)
            document.writelines(("{", '"rows": ['))
            between = "\n"
            for rows in _batches(compared):
                shown = [hide.row(row) for row in rows] if hide else rows
                _write_block(page, 'class="rows"', [_for_the_page(row) for row in shown])
                for row in shown:
                    document.write(between + json.dumps(_for_programs(row)))
                    between = ",\n"
                counts.update(row.state for row in rows)
                counts[rows[0].place] += len(rows)
            about = _about(summary, counts, obfuscate_paths=obfuscate_paths, now=now)
            _write_block(page, 'id="summary"', about)
            page.write(tail)
            document.write(f'\n], "summary": {json.dumps(about)}}}\n')
    except OSError as error:
        raise TransientError(f"the report cannot be written: {error.strerror}") from error
    return counts


def _batches(compared: Comparison) -> Iterator[list[Row]]:
    for place in get_args(Group):
        after = 0
        while rows := compared.page(place, after=after, limit=_BATCH):
            yield rows
            after = rows[-1].id


def _about(
    summary: Summary, counts: Mapping[str, int], *, obfuscate_paths: bool, now: float
) -> dict[str, Any]:
    """The summary; its counts are those of the rows that were written.

    A run may add others meanwhile.
    """
    return {
        "scope": summary.scope,
        "is_complete": summary.ended_at is not None,
        "ended_at": summary.ended_at,
        "written_at": now,
        "paths_are_hidden": obfuscate_paths,
        "counts": {state: counts[state] for state in get_args(comparison.State)},
    }


def _for_programs(row: Row) -> dict[str, Any]:
    return {
        "group": row.place,
        "state": row.state,
        "scene_id": None if row.place == "plex_only" else row.id,
        "rating_key": row.rating_key,
        "title": row.title,
        "path": row.path,
        "fields": row.fields.split(",") if row.fields else [],
        "reason": row.reason,
        "queued": row.queued,
    }


def _for_the_page(row: Row) -> list[Any]:
    """The row as the page's script takes it: without names, for a library has many rows."""
    texts = (row.title, row.path, row.fields, row.reason)
    return [row.state, row.id, row.rating_key, *texts, int(row.queued)]


def _write_block(page: TextIO, attribute: str, data: Any) -> None:
    """Write data that a browser reads as text, whatever is in it: no tag, no comment, no end."""
    text = json.dumps(data, separators=(",", ":"))  # ASCII: U+2028 and the like are escaped
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    page.write(f'<script type="application/json" {attribute}>{text}</script>\n')


def _frame() -> tuple[str, str]:
    """The page before and after its data; its policy allows its own script and style alone."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    style, script = (_hash_of(tag, text) for tag in ("style", "script"))
    policy = (
        f"default-src 'none'; style-src {style}; script-src {script}; "
        "base-uri 'none'; form-action 'none'"
    )
    head, _, tail = text.replace("%policy%", policy).partition(_DATA)
    return head, tail


def _hash_of(tag: str, page: str) -> str:
    inside = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    content = inside[1] if inside else ""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


class _Hidden:
    """Rows without their paths."""

    def __init__(self) -> None:
        self._scrub = Scrubber(obfuscate_paths=True).text

    def row(self, row: Row) -> Row:
        """The row with a code for its path, and without a title that Stash made of it."""
        is_name = _folded(row.title) in map(_folded, _names(row.path))
        return row._replace(
            path=code_for(row.path),
            title="" if is_name else self._scrub(row.title),
            reason=self._scrub(row.reason),
        )


def _names(path: str) -> tuple[str, ...]:
    """What a title may be that is made of the path, which may be of another system."""
    kind = PureWindowsPath if "\\" in path else PurePosixPath
    return (path, kind(path).name, kind(path).stem)


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


@contextmanager
def _in_place_of(*paths: Path) -> Iterator[list[TextIO]]:
    """Files for our eyes only, which take the places of *paths* when all are complete."""
    drafts: list[Path] = []
    files: list[TextIO] = []
    try:
        with ExitStack() as opened:
            for path in paths:
                handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
                drafts.append(Path(name))
                out = os.fdopen(handle, "w", encoding="utf-8", newline="\n")
                files.append(opened.enter_context(out))
            yield files
            for file in files:
                file.flush()
                os.fsync(file.fileno())
        for draft, path in zip(drafts, paths, strict=True):
            host.replace(draft, path)
    finally:
        for draft in drafts:
            draft.unlink(missing_ok=True)  # gone already if all went well

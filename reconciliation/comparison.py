"""What the last runs found, scene by scene: only in Stash, in both, only in Plex.

An SQLite file of its own beside the queue, kept by scene id, so that any page of it is answered
at once. A cache: deleting it costs the next report.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, NamedTuple

from domain.errors import TransientError
from domain.job import SceneId
from domain.plex_item import RatingKey
from reconciliation.detector import GapResult
from reconciliation.sides import Sides

FILE = "comparison.db"

Group = Literal["stash_only", "matched", "plex_only"]
State = Literal["missing", "ambiguous", "differs", "in_step", "shared", "only_in_plex"]

_BATCH = 1000  # rows that are held in memory at once

_VERSION = 0x53325101  # no other program's, so that a foreign file is not taken for ours

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS run (
    number INTEGER PRIMARY KEY, scope TEXT NOT NULL, began_at REAL NOT NULL, ended_at REAL) STRICT;
CREATE TABLE IF NOT EXISTS side (
    place TEXT NOT NULL, id INTEGER NOT NULL, state TEXT NOT NULL, rating_key INTEGER,
    title TEXT NOT NULL, path TEXT NOT NULL, fields TEXT NOT NULL, reason TEXT NOT NULL,
    queued INTEGER NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (place, id)) STRICT, WITHOUT ROWID;
PRAGMA user_version={_VERSION};
COMMIT;
"""


_REASONS: Mapping[State, str] = {
    "ambiguous": "several files in Plex could be it",
    "shared": "its item in Plex belongs to another scene",
}


class Row(NamedTuple):
    """One scene, or one item that belongs to no scene.

    Attributes:
        id: the scene's, or the item's rating key where no scene is.
        rating_key: None if Plex has no item.
        title: as Stash has it; "" where no scene is.
        path: of its first file: as Stash sees it, or as Plex does where no scene is.
        fields: our names of those that differ, separated by commas; "" if none is known to.
        reason: why it is a gap; "" if it is none.
        queued: whether the run has given it a job.
    """

    place: Group
    id: int
    state: State
    rating_key: int | None
    title: str
    path: str
    fields: str = ""
    reason: str = ""
    queued: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """What a comparison holds.

    Attributes:
        scope: of the latest run, or of the one that did not come to its end.
        ended_at: Unix seconds; None if that run did not come to its end.
        counts: rows by state.
    """

    scope: str
    ended_at: float | None
    counts: Mapping[str, int]


def rows_of(
    sides: Sides, gaps: Mapping[SceneId, GapResult], queued: frozenset[SceneId]
) -> Iterator[Row]:
    """The rows of one page."""
    for scene in sides.scenes:
        if scene.id in sides.unread:
            continue
        gap, keys = gaps.get(scene.id), sides.keys.get(scene.id, ())
        state: State = "in_step"
        if gap is not None:
            state = "missing" if gap.gap_type == "missing" else "differs"
        elif scene.id in sides.ambiguous:
            state = "ambiguous"
        elif scene.id in sides.taken:
            state = "shared"
        yield Row(
            "stash_only" if state in ("missing", "ambiguous") else "matched",
            scene.id,
            state,
            keys[0] if keys else None,
            scene.title,
            scene.files[0].path,
            ",".join(sides.differing.get(scene.id, ())) if gap else "",
            gap.reason if gap else _REASONS.get(state, ""),
            scene.id in queued,
        )


class Comparison:
    """The file; one run at a time writes it.

    Its methods raise TransientError if it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        """Open it; one that is damaged, or not ours, is begun anew."""
        self._path = folder / FILE
        self._run = 0
        self._whole = False
        with self._in_our_words():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _is_ours(self._path):
                self._remove()
            self._path.touch(mode=0o600)
            self._db = sqlite3.connect(self._path, 30)
            self._db.executescript(_TABLES)

    @classmethod
    @contextmanager
    def begin(cls, folder: Path, scope: str, now: float) -> "Iterator[Comparison]":
        """Begin a run; a run of all scenes replaces what earlier ones have found."""
        with closing(cls(folder)) as comparison:
            comparison._begin(scope, now)
            yield comparison

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, rows: Iterable[Row]) -> None:
        """Remember rows, in the place of what was known of their scenes."""
        with self._in_our_words(), self._db:
            found = [(*row, self._run) for row in rows]
            others = {"stash_only": "matched", "matched": "stash_only"}
            self._db.executemany(
                "DELETE FROM side WHERE place = ? AND id = ?",
                [(others[row[0]], row[1]) for row in found if row[0] in others],
            )
            self._db.executemany(
                "DELETE FROM side WHERE place = 'plex_only' AND id = ?",
                [(row[3],) for row in found if row[0] == "matched" and row[3] is not None],
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO side VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", found
            )

    def keep(self, scenes: Iterable[SceneId]) -> None:
        """What was known of scenes that cannot be read now stays."""
        with self._in_our_words(), self._db:
            self._db.executemany(
                "UPDATE side SET run = ? WHERE place != 'plex_only' AND id = ?",
                [(self._run, scene) for scene in scenes],
            )

    def add_plex_only(self, items: Iterable[tuple[RatingKey, str]]) -> None:
        """Remember items that are no scene's."""
        rows = (
            Row("plex_only", int(key), "only_in_plex", int(key), "", path) for key, path in items
        )
        while some := list(islice(rows, _BATCH)):
            self.add(some)

    def finish(self, now: float) -> None:
        """The run is through: what a run of all scenes did not meet is gone.

        An earlier run of all scenes that did not come to its end is made up for by nothing less.
        """
        with self._in_our_words(), self._db:
            if self._whole:
                self._db.execute("DELETE FROM side WHERE run < ?", (self._run,))
            self._db.execute("UPDATE run SET ended_at = ? WHERE number = ?", (now, self._run))
            self._db.execute(
                "DELETE FROM run WHERE number < ? AND (? OR scope != 'all' OR ended_at NOT NULL)",
                (self._run, self._whole),
            )

    def summary(self) -> Summary | None:
        """What it holds; None if there was no run yet."""
        with self._in_our_words():
            run = self._db.execute(
                "SELECT scope, ended_at FROM run ORDER BY ended_at ISNULL DESC, number DESC LIMIT 1"
            ).fetchone()
            counts = dict(self._db.execute("SELECT state, count(*) FROM side GROUP BY state"))
        return Summary(run[0], run[1], counts) if run else None

    def page(self, place: Group, *, after: int = 0, limit: int = 200) -> list[Row]:
        """The rows of a group with the lowest ids above *after*."""
        with self._in_our_words():
            rows = self._db.execute(
                "SELECT place, id, state, rating_key, title, path, fields, reason, queued "
                "FROM side WHERE place = ? AND id > ? ORDER BY id LIMIT ?",
                (place, after, limit),
            ).fetchall()
        return [Row._make((*row[:8], bool(row[8]))) for row in rows]

    def _begin(self, scope: str, now: float) -> None:
        self._whole = scope == "all"
        with self._in_our_words(), self._db:
            begin = "INSERT INTO run (scope, began_at) VALUES (?, ?)"
            self._run = self._db.execute(begin, (scope, now)).lastrowid or 0

    def _remove(self) -> None:
        for leftover in ("", "-journal"):
            Path(f"{self._path}{leftover}").unlink(missing_ok=True)

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except (OSError, sqlite3.OperationalError, sqlite3.IntegrityError) as error:
            raise TransientError(f"the comparison cannot be kept: {error}") from error
        except sqlite3.DatabaseError as error:  # NOTADB, CORRUPT: neither of the above
            self.close()  # or Windows would keep the file
            self._remove()
            raise TransientError("the comparison was damaged, and is begun anew") from error


def _is_ours(path: Path) -> bool:
    """Whether the file is a comparison, or is to be one."""
    if not path.exists() or not path.stat().st_size:
        return True
    with closing(sqlite3.connect(path, 30)) as connection:
        try:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION)
        except sqlite3.OperationalError:  # locked, not readable: no reason to throw it away
            raise
        except sqlite3.DatabaseError:
            return False

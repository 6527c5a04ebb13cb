"""The path index on disk: an SQLite file that may be deleted at any time."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.errors import TransientError
from domain.plex_item import IndexedFile, RatingKey, SectionKey
from plex.parse import Page
from plex.paths import SizedPath, base_name

_VERSION = 0x53325002  # no other program's, so that a foreign file is not taken for ours

_TABLES = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS section (
    key INTEGER PRIMARY KEY, server TEXT NOT NULL, run INTEGER NOT NULL DEFAULT 0,
    reported INTEGER NOT NULL DEFAULT 0, newest INTEGER NOT NULL DEFAULT 0,
    unindexed INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS file (
    rating_key INTEGER NOT NULL, path TEXT NOT NULL, size INTEGER, section INTEGER NOT NULL,
    base_name TEXT NOT NULL, trashed INTEGER NOT NULL, run INTEGER NOT NULL,
    first_run INTEGER NOT NULL, PRIMARY KEY (rating_key, path)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS file_base_name ON file (base_name, path);
CREATE INDEX IF NOT EXISTS file_section ON file (section, rating_key);
PRAGMA user_version={_VERSION};
COMMIT;
"""

_UPSERT = """
INSERT INTO file (rating_key, path, size, section, base_name, trashed, run, first_run)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ifnull((SELECT run FROM section WHERE key = ?4), ?7))
ON CONFLICT (rating_key, path) DO UPDATE SET
    size = excluded.size, section = excluded.section,
    trashed = excluded.trashed, run = max(run, excluded.run)
"""


@dataclass(frozen=True, slots=True)
class Listed:
    """How far a library has been listed.

    Attributes:
        newest: Unix seconds by Plex's clock of the latest change that was seen.
        unindexed: by how much the listing's total exceeds the items we have; None until the
            library was listed from end to end without being changed meanwhile.
    """

    newest: int
    unindexed: int | None


class IndexFile:
    """Plex's files by base name, and how far each library was listed.

    A run is one listing of a library, complete or of what changed. Runs may overlap; a file is
    new to whoever asks after the library's latest run at the time when it was found.
    """

    def __init__(self, path: Path, patience: float) -> None:
        """Open the file; one that is damaged or not ours is begun anew.

        Args:
            patience: seconds to wait while another process writes.

        Raises:
            TransientError: there is no place for it.
        """
        self._path = path
        self._patience = patience
        self._connection = self._open()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing.

        Raises:
            TransientError: the file cannot be used now; if it is damaged, it is empty next time.
        """
        try:
            with self._connection:
                yield self._connection
        except sqlite3.OperationalError as error:
            raise TransientError(f"the path index cannot be used: {error}") from error
        except sqlite3.DatabaseError as error:
            self._connection.close()
            self._connection = self._open(anew=True)
            raise TransientError("the path index was damaged and is built again") from error

    def candidates(self, name: str, path: str = "") -> tuple[IndexedFile, ...]:
        """Files with that base name; those in Plex's trash only if there are no others.

        Args:
            path: only those with exactly this path, which are not in the trash; "" for all.

        The trash cannot be left out: what is in it while a disk is away comes back unannounced.
        """
        query = "SELECT rating_key, section, path, size, trashed FROM file WHERE base_name = ?"
        values: tuple[str, ...] = (name,)
        if path:
            query, values = f"{query} AND path = ? AND NOT trashed", (name, path)
        with self.transaction() as db:
            rows = db.execute(query, values).fetchall()
        kept = [row for row in rows if not row[4]] or rows
        return tuple(IndexedFile(*row[:4]) for row in kept)

    def count(self, section: SectionKey | None = None) -> int:
        """How many items there are, in all or in one library."""
        with self.transaction() as db:
            return _number(
                db,
                "SELECT count(DISTINCT rating_key) FROM file WHERE ?1 IS NULL OR section = ?1",
                section,
            )

    def forget(self, key: RatingKey) -> None:
        """Drop an item."""
        with self.transaction() as db:
            db.execute("DELETE FROM file WHERE rating_key = ?", (key,))

    def forget_all(self) -> None:
        """Drop every item, and that any library was ever listed."""
        with self.transaction() as db:
            db.execute("DELETE FROM file")
            db.execute("UPDATE section SET newest = 0, unindexed = NULL")

    def belong_to(self, server: str, sections: Iterable[SectionKey]) -> None:
        """Drop what is of another server or of other libraries."""
        keys = list(sections)
        with self.transaction() as db:
            listed = db.execute("SELECT key, server FROM section").fetchall()
            for key, known_server in listed:
                if known_server != server or key not in keys:
                    db.execute("DELETE FROM section WHERE key = ?", (key,))
                    db.execute("DELETE FROM file WHERE section = ?", (key,))
            db.executemany(
                "INSERT OR IGNORE INTO section (key, server) VALUES (?, ?)",
                [(key, server) for key in keys],
            )

    def listed(self, section: SectionKey) -> Listed:
        """How far a library was listed."""
        return self.libraries().get(section, Listed(0, None))

    def libraries(self) -> dict[SectionKey, Listed]:
        """How far each library was listed; Listed(0, None) for one that is new or was dropped."""
        with self.transaction() as db:
            rows = db.execute("SELECT key, newest, unindexed FROM section").fetchall()
        return {SectionKey(key): Listed(newest, unindexed) for key, newest, unindexed in rows}

    def begin_run(self, section: SectionKey) -> int:
        """Return the number of a new run."""
        with self.transaction() as db:
            db.execute("UPDATE section SET run = run + 1 WHERE key = ?", (section,))
            return _number(db, "SELECT run FROM section WHERE key = ?", section)

    def store(self, page: Page, section: SectionKey, run: int) -> None:
        """Remember the files of a page, and no others of its items."""
        rows = [
            (
                f.rating_key,
                f.path,
                f.size,
                section,
                base_name(f.path),
                f.rating_key in page.trashed,
                run,
            )
            for f in page.files
        ]
        keys = {file.rating_key for file in page.files}.union(page.without_files)
        with self.transaction() as db:
            db.executemany(_UPSERT, rows)
            db.executemany(
                "DELETE FROM file WHERE rating_key = ? AND run < ?", [(key, run) for key in keys]
            )

    def found_in_run(self, section: SectionKey, run: int) -> int:
        """How many items a run has seen files of, or a later one that began meanwhile."""
        with self.transaction() as db:
            return _number(
                db,
                "SELECT count(DISTINCT rating_key) FROM file WHERE section = ? AND run >= ?",
                section,
                run,
            )

    def drop_unseen(self, section: SectionKey, run: int) -> None:
        """Drop what a complete run did not see: Plex has it no more."""
        with self.transaction() as db:
            # Not those of later runs: another process may be listing the library too.
            db.execute("DELETE FROM file WHERE section = ? AND run < ?", (section, run))

    def finish_run(self, section: SectionKey, listed: Listed) -> None:
        """Remember how far the library is listed now."""
        with self.transaction() as db:
            db.execute(
                "UPDATE section SET newest = max(newest, ?), unindexed = ? WHERE key = ?",
                (listed.newest, listed.unindexed, section),
            )

    def all_items(self) -> Iterator[tuple[RatingKey, str]]:
        """Every item with one of its files, by key."""
        after = -1
        while True:
            with self.transaction() as db:
                rows = db.execute(
                    "SELECT rating_key, min(path) FROM file WHERE rating_key > ? "
                    "GROUP BY rating_key ORDER BY rating_key LIMIT 1000",
                    (after,),
                ).fetchall()
            if not rows:
                return
            yield from ((RatingKey(key), path) for key, path in rows)
            after = rows[-1][0]

    def all_files(self) -> list[SizedPath]:
        """Every file of every item."""
        with self.transaction() as db:
            return db.execute("SELECT path, size FROM file").fetchall()

    def report_new(self, section: SectionKey) -> frozenset[str]:
        """Base names that have come since this was asked last."""
        with self.transaction() as db:
            names = db.execute(
                "SELECT DISTINCT base_name FROM file JOIN section ON section.key = file.section"
                " WHERE file.section = ? AND first_run > reported",
                (section,),
            ).fetchall()
            # What a listing finds that goes on beside this is of a later run, and news.
            db.execute("UPDATE section SET reported = run, run = run + 1 WHERE key = ?", (section,))
        return frozenset(name for (name,) in names)

    def _open(self, *, anew: bool = False) -> sqlite3.Connection:
        try:
            if anew or not _is_ours(self._path, self._patience):
                for leftover in ("", "-journal", "-wal", "-shm"):
                    Path(f"{self._path}{leftover}").unlink(missing_ok=True)
            is_new = not self._path.exists() or not self._path.stat().st_size
            self._path.touch(mode=0o600)
            connection = sqlite3.connect(self._path, self._patience)
            if is_new:
                connection.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise TransientError("the path index cannot be opened or made") from error
        return connection


def _is_ours(path: Path, patience: float) -> bool:
    """Whether the file is an index of this version, or is to be one."""
    if not path.exists() or not path.stat().st_size:
        return True
    with closing(sqlite3.connect(path, patience)) as connection:
        try:
            return _number(connection, "PRAGMA user_version") == _VERSION
        except sqlite3.OperationalError:  # locked, not readable: no reason to throw it away
            raise
        except sqlite3.DatabaseError:
            return False


def _number(db: sqlite3.Connection, sql: str, *values: object) -> int:
    row = db.execute(sql, values).fetchone()
    return int(row[0]) if row else 0

"""Changes to Stash's own database that no client can make.

The tables of files are the same in v0.26 and v0.30.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

PATIENCE = 30.0  # seconds for Stash to end its own write

VIDEO = {
    "duration": 2, "video_codec": "h264", "format": "mp4", "audio_codec": "aac", "width": 64,
    "height": 36, "frame_rate": 5, "bit_rate": 1000,
}  # fmt: skip


def add_file(database: Path, path: Path, size: int) -> int:
    """Enter a video as a scan would that needs no ffmpeg, and make no scene of it."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    times = {"mod_time": now, "created_at": now, "updated_at": now}
    with _writing(database) as db:
        folder = db.execute("SELECT id FROM folders WHERE path = ?", (str(path.parent),)).fetchone()
        folder_id = folder[0] if folder else _insert(db, "folders", path=str(path.parent), **times)
        file = _insert(
            db, "files", basename=path.name, parent_folder_id=folder_id, size=size, **times
        )
        _insert(db, "video_files", file_id=file, **VIDEO)
    return file


def set_updated(database: Path, scene: int, when: str) -> None:
    """Let a scene have been updated at *when*, as Stash writes times."""
    with _writing(database) as db:
        db.execute("UPDATE scenes SET updated_at = ? WHERE id = ?", (when, scene))


@contextmanager
def _writing(database: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(database, timeout=PATIENCE)) as db, db:
        yield db


def _insert(db: sqlite3.Connection, table: str, **values: object) -> int:
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    row = db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
    assert row.lastrowid is not None
    return row.lastrowid

"""What can befall the queue's files, and the scenes whose edits that must not cost."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Self

from sync_queue.inbox import LOST
from tests.invocation.circumstances import hold_off, record
from tests.invocation.witness import titles_shown
from tests.world import World

PAGE = 4096  # bytes of SQLite's pages

# root writes where nobody may, until it gives up CAP_DAC_OVERRIDE (1) and
# CAP_DAC_READ_SEARCH (2) for itself and its children: PR_CAPBSET_DROP of prctl(2).
AS_ANY_USER = "import ctypes\nfor right in (1, 2): ctypes.CDLL(None).prctl(24, right, 0, 0, 0)"


class Day:
    """Scenes in a world, the queue of a normal morning, and a copy of that.

    Attributes:
        known: was synced long ago.
        held: is saved before the disaster; only the queue knows.
        during: is saved while it lasts.
        later: is saved when it is over.
        copy: of the queue's folder, as a backup would have it.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.known, self.held, self.during, self.later = self.scenes = [
            world.add(name, title="Old") for name in ("known", "held", "during", "later")
        ]
        self.copy = world.folder / "copy of the queue"

    def begin(self) -> Self:
        """Sync all; nothing runs and nothing waits afterwards."""
        record(self.world, *self.scenes[1:])
        self.world.hook(self.known)
        self.world.until(lambda: self.shows("Old", "Old", "Old", "Old"))
        self.world.until_drained()
        self.world.kill_background()
        with closing(sqlite3.connect(queue_of(self.world) / "data.db")) as connection:
            assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        self.copy.mkdir()
        shutil.copy(file_of(self), self.copy)
        return self

    def strike_while_idle(self, strike: "Strike") -> None:
        """Hold an edit in the queue and nowhere else when it happens."""
        hold_off(self.world)
        self.world.save(self.held, title="Held")
        strike(self)

    def strike_while_at_work(self, strike: "Strike") -> None:
        """Let it happen during the background's first write, just after an edit came in."""
        struck: list[bool] = []

        def once(_: object) -> None:
            if self.world.plex.count("PUT") and not struck:
                self.world.stash.edit(self.held, title="Held")
                record(self.world, self.held)
                strike(self)
                struck.append(True)

        self.world.plex.clear_requests()
        self.world.plex.on_request = once
        self.world.save(self.known, title="Held")
        self.world.until(lambda: struck)

    def leave_in_the_journal(self) -> None:
        """Hold an edit in the journal only, as a background that was killed leaves it."""
        self.world.stash.edit(self.held, title="Held")
        with closing(sqlite3.connect(file_of(self))) as reader:
            reader.execute("SELECT COUNT(*) FROM ack_queue_default").fetchone()
            record(self.world, self.held)
            crashed = self.copy.with_name("as the crash left it")
            shutil.copytree(queue_of(self.world), crashed)
        shutil.rmtree(queue_of(self.world))
        crashed.rename(queue_of(self.world))

    def save_and_settle(self) -> None:
        """Save once more and wait until Plex has that and whatever else anybody knows of."""
        self.world.save(self.later, title="Later")
        self.world.until(lambda: self.world.shown(self.later)["title"] == "Later")
        self.world.until(lambda: not self.is_told() and not self.world.due())

    def shows(self, *titles: str) -> bool:
        """Whether Plex shows the scenes so, in their order."""
        return titles_shown(self.world, self.scenes[: len(titles)]) == list(titles)

    def is_told(self) -> bool:
        """Whether somebody knows that all scenes are to be checked."""
        return (self.world.data_dir / LOST).exists()


Strike = Callable[[Day], None]


def queue_of(world: World) -> Path:
    return world.data_dir / "queue"


def file_of(day: Day) -> Path:
    return queue_of(day.world) / "data.db"


# Damage


def bad_header(day: Day) -> None:
    overwrite(file_of(day), bytes(100))


def bad_page(day: Day) -> None:
    """The page in the middle that holds the jobs."""
    with closing(sqlite3.connect(f"{file_of(day).as_uri()}?mode=ro", uri=True)) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ack_queue_default'"
        ).fetchone()
    overwrite(file_of(day), bytes(PAGE), at=(root - 1) * PAGE)


def truncated(day: Day) -> None:
    os.truncate(file_of(day), file_of(day).stat().st_size // 2)


def bad_journal(day: Day) -> None:
    journal = file_of(day).with_name("data.db-wal")
    overwrite(journal, b"garbage!" * (journal.stat().st_size // 8))


def overwrite(file: Path, content: bytes, *, at: int = 0) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(content)


# Loss


def deleted(day: Day) -> None:
    for file in queue_of(day.world).iterdir():
        file.unlink()


def folder_deleted(day: Day) -> None:
    shutil.rmtree(queue_of(day.world))


def folder_moved(day: Day) -> None:
    queue_of(day.world).rename(day.world.data_dir / "queue.old")


def older_copy(day: Day) -> None:
    """A folder from the backup takes the place of the one that is there."""
    folder_moved(day)
    shutil.copytree(day.copy, queue_of(day.world))


def older_content(day: Day) -> None:
    """Files from the backup are written over those that are there."""
    for file in day.copy.iterdir():
        shutil.copyfile(file, queue_of(day.world) / file.name)


def another_kind(day: Day) -> None:
    """A folder takes the place of the file."""
    deleted(day)
    file_of(day).mkdir()


def everything_in(day: Day) -> list[Path]:
    return [*day.world.data_dir.rglob("*"), day.world.data_dir]


@contextmanager
def read_only(*paths: Path) -> Iterator[None]:
    """Let nobody write there meanwhile who needs a permission for it."""
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)

"""What the tests look at: answers, bytes on disk, processes, locks."""

import json
import sqlite3
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

from tests.servers.stash import PluginResult
from tests.world import World


def answer_of(result: PluginResult) -> dict[str, Any]:
    """The one JSON document on stdout; fails if there is anything else."""
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    assert set(document) in ({"output"}, {"error"})
    return document


def error_of(result: PluginResult) -> str:
    """The error that was answered, which Stash logs: a sentence, said once, and no traceback."""
    error: str = answer_of(result)["error"]
    assert ("error", error) not in result.logs
    assert b"Traceback" not in result.stderr
    assert "bug in" not in error
    return error


def rows(world: World, table: str = "ack_queue_default", column: str = "data") -> list[Any]:
    """One column of a table in the queue's database, in order; [] while there is none."""
    file = world.data_dir / "queue" / "data.db"
    if not file.exists():
        return []
    connection = sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)
    try:
        return [row[0] for row in connection.execute(f"SELECT {column} FROM {table}")]
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):  # the first drain makes all but the queue's
            return []
        raise
    finally:
        connection.close()


def spooled(world: World) -> list[bytes]:
    """What the spool files hold."""
    return [file.read_bytes() for file in sorted((world.data_dir / "spool").glob("*"))]


def job(scene: int) -> bytes:
    """All that is stored of an event."""
    return b'{"kind": "scene", "id": %d}' % scene


def backgrounds(world: World) -> list[int]:
    """Pids of the background processes that live."""
    return [pid for pid in world.processes() if "--background" in arguments(pid)]


def arguments(pid: int) -> list[str]:
    """The command line of a process; [] once it is over."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


def lock_holders(lock: Path) -> set[str]:
    """Who holds a lock, by the kernel's word; those that wait for it do not count.

    The list is not read at a stroke: one that lets go and its successor may both be in it. So
    only who is there twice counts.
    """
    return _listed(lock) & _listed(lock)


def _listed(lock: Path) -> set[str]:
    if not lock.exists():  # the first process was killed before it made one
        return set()
    inode = lock.stat().st_ino
    held = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    return {f[4] for f in held if f[1] == "FLOCK" and f[5].endswith(f":{inode}")}


class Sampler:
    """Looks, while a block runs, how many processes drain and how many hold the drain lock."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.most_holders = 0
        self.seen: set[int] = set()
        self.most_at_once = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        lock = self._world.data_dir / "drain.lock"
        while not self._over.wait(0.01):
            if lock.exists():
                self.most_holders = max(self.most_holders, len(lock_holders(lock)))
            living = backgrounds(self._world)
            self.seen.update(living)
            self.most_at_once = max(self.most_at_once, len(living))


def titles_shown(world: World, scenes: Iterable[int]) -> list[str]:
    """The titles that Plex shows of some scenes."""
    return [world.shown(scene)["title"] for scene in scenes]

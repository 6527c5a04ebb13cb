"""An actual Stash, the loopback Plex, and the plugin between them."""

import base64
import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, Self

from sync_queue import host
from sync_queue.operations import get_stats
from sync_queue.wake import DRAIN_LOCK
from tests.real import database
from tests.real.stash_server import RealStash, until
from tests.servers.plex import LoopbackPlex
from tests.world import MARK, PLEX_TOKEN, picture


class RealWorld:
    """Starts both and ends everything; the plugin's settings are filled in.

    Attributes:
        data_dir: the plugin's data folder.
    """

    def __init__(self, stash: RealStash) -> None:
        self.stash = stash
        self.plex = LoopbackPlex(token=PLEX_TOKEN)
        self.data_dir = stash.folder / "stash2plex"
        self._stack = ExitStack()
        self._paths: dict[int, str] = {}

    def __enter__(self) -> Self:
        self._stack.enter_context(self.plex)
        self.plex.add_section("Scenes", locations=(str(self.stash.library),))
        self._stack.callback(self.kill_background)
        self._stack.enter_context(self.stash)
        self.configure()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def configure(self, **settings: Any) -> None:
        """Fill in the plugin's settings; what is not named is unset."""
        self.stash.configure(plex_url=self.plex.url, plex_token=PLEX_TOKEN, **settings)

    # Library

    def add(self, name: str, **facts: Any) -> int:
        """Create a scene with one file, which has its item in Plex; return its id."""
        path = self.stash.library / f"{name}.mp4"
        file = database.add_file(self.stash.database, path, 1000)
        self.plex.add_item(str(path), 1000)
        scene = self.create("scene", file_ids=[str(file)], **facts)
        self._paths[scene] = str(path)
        return scene

    def create(self, kind: str, **facts: Any) -> int:
        """Create a studio, performer, tag or scene; return its id."""
        mutation = (
            f"mutation($input: {kind.capitalize()}CreateInput!)"
            f"{{ made: {kind}Create(input: $input) {{ id }} }}"
        )
        return int(self.stash.ask(mutation, input=facts)["made"]["id"])

    def save(self, scene: int, **changes: Any) -> float:
        """Save a scene as the edit form does; return the seconds until Stash answered."""
        started = time.perf_counter()
        self.stash.ask(
            "mutation($input: SceneUpdateInput!) { sceneUpdate(input: $input) { id } }",
            input={"id": str(scene), **changes},
        )
        return time.perf_counter() - started

    def shown(self, scene: int) -> dict[str, Any]:
        """What Plex shows of a scene."""
        return self.plex.shown(self.plex.key_of(self._paths[scene]))

    def titles(self, scenes: list[int]) -> list[str]:
        """The titles that Plex shows."""
        return [self.shown(scene)["title"] for scene in scenes]

    # The plugin

    def waiting(self) -> list[int]:
        """The scenes whose jobs wait in the queue, in order of their ids."""
        with closing(sqlite3.connect(self.data_dir / "queue" / "data.db")) as db:
            rows = db.execute("SELECT data FROM ack_queue_default WHERE status < 2").fetchall()
        return sorted(json.loads(data)["id"] for (data,) in rows)

    def remembered(self) -> list[int]:
        """The scenes that stand in the ledger."""
        with closing(sqlite3.connect(self.data_dir / "queue" / "data.db")) as db:
            return [scene for (scene,) in db.execute("SELECT scene_id FROM ledger ORDER BY 1")]

    def until_drained(self) -> None:
        """Wait until nothing waits in the queue and nothing is at work."""
        until(lambda: not self._due())

    def until_nobody_drains(self) -> None:
        """Wait until the background process has ended."""
        until(self._is_idle)

    def background_log(self) -> str:
        """What the background process wrote."""
        log = self.data_dir / "background.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    def processes(self) -> Iterator[int]:
        """Pids of Stash and of whatever it and the plugin started."""
        mark = f"{MARK}={self.stash.folder}\0".encode()
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                    yield int(entry.name)
            except OSError:
                continue

    def kill_background(self) -> None:
        """Kill -9 whatever is left; once Stash has been stopped."""
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _is_idle(self) -> bool:
        lock = host.try_lock(str(self.data_dir / DRAIN_LOCK))
        if lock is not None:
            host.unlock(lock)
        return lock is not None

    def _due(self) -> int:
        stats = get_stats(self.data_dir / "queue")
        return stats["pending"] + stats["in_progress"]


def cover(name: str) -> str:
    """A small picture as Stash's edit form sends one."""
    return "data:image/jpeg;base64," + base64.b64encode(picture(name)).decode()

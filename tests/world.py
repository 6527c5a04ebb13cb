"""A Stash, a Plex, and the plugin between them: what the tests, the demo and the bench play in."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from domain.clock import Clock, SystemClock
from sync_queue import host
from sync_queue.manager import QueueManager
from sync_queue.operations import get_stats
from sync_queue.wake import DRAIN_LOCK
from tests.servers.plex import LoopbackPlex
from tests.servers.stash import LoopbackStash, PluginResult, run_plugin
from validation.config import load_config
from worker.processor import SyncWorker
from worker.services import Services, connect

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "Stash2Plex.py"
MARK = "STASH2PLEX_TEST"

PLEX_TOKEN = "tok-PLEX-SECRET-9f31c7"
API_KEY = "key-STASH-SECRET-77ab02"

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(64)


def picture(name: str) -> bytes:
    """A small JPEG-like file, different for each name."""
    return JPEG + name.encode()


class FrozenClock:
    """Stands still until it is moved; sleeping moves it."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.time = now
        self.elapsed = 0.0

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.elapsed

    def sleep(self, seconds: float) -> None:
        self.move(seconds)

    def move(self, seconds: float) -> None:
        self.time += seconds
        self.elapsed += max(0.0, seconds)


class World:
    """One Stash and one Plex on loopback with the plugin's data folder between them.

    Attributes:
        folder: where Stash's config.yml would be.
        data_dir: the plugin's data folder.
        results: of every invocation, for the search for secrets.
        cookies: that invocations were given, for the same search.
    """

    def __init__(self, folder: Path, *, script: Path = SCRIPT, python: str = sys.executable):
        self.folder = folder
        self.script = script
        self.python = python
        self.data_dir = folder / "stash2plex"
        self.plex = LoopbackPlex(token=PLEX_TOKEN)
        self.stash = LoopbackStash(data_dir=folder)
        self.section = 0
        self.results: list[PluginResult] = []
        self.cookies: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._stack.enter_context(self.plex)
        self._stack.enter_context(self.stash)
        self.section = self.plex.add_section("Scenes", locations=("/data",))
        self.stash.api_key = API_KEY
        self.stash.settings = {"plex_url": self.plex.url, "plex_token": PLEX_TOKEN}
        return self

    def __exit__(self, *_: object) -> None:
        self.kill_background()
        self._stack.close()

    # Library

    def add(self, name: str, *, in_plex: bool = True, size: int = 1000, **facts: Any) -> int:
        """Add a scene with one file /data/<name>.mp4, and its item in Plex; return its id."""
        path = f"/data/{name}.mp4"
        facts.setdefault("studio", "Studio")
        scene = self.stash.add_scene(files=[{"path": path, "size": size}], **facts)
        if in_plex:
            self.plex.add_item(path, size, self.section)
        return scene

    def key(self, scene: int) -> int:
        """The rating key of the item that holds the scene's first file."""
        return self.plex.key_of(self.stash.scene(scene).path)

    def shown(self, scene: int) -> dict[str, Any]:
        """What Plex shows of the scene."""
        return self.plex.shown(self.key(scene))

    # The plugin as Stash starts it

    def run(self, document: Mapping[str, Any] | bytes, **options: Any) -> PluginResult:
        """One invocation."""
        env = {**os.environ, MARK: str(self.folder), **options.pop("env", {})}
        options.setdefault("python", self.python)
        self.cookies.update(_cookie_in(document))
        result = run_plugin(self.script, document, env=env, **options)
        self.results.append(result)
        return result

    def hook(self, scene: int, kind: str = "Scene.Create.Post", **options: Any) -> PluginResult:
        """The hook of a new scene, or of another event."""
        return self.run(self.stash.hook_input(kind, scene), **options)

    def save(self, scene: int, **changes: Any) -> PluginResult:
        """Save a scene as the edit form does, hook included."""
        return self.run(self.stash.edit(scene, **changes))

    def task(self, mode: str, **options: Any) -> PluginResult:
        """Press a task's button."""
        return self.run(self.stash.task_input(mode), **options)

    def until(self, condition: Callable[[], object], *, within: float = 15.0) -> None:
        """Wait until something is true; fail if it is not in time."""
        deadline = time.monotonic() + within
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not within {within} s; queue: {self.queue_stats()}; "
                    f"background: {self.background_log()[-2000:]}"
                )
            time.sleep(0.02)

    def until_drained(self, *, within: float = 30.0) -> None:
        """Wait until nothing waits in the queue and nothing is at work."""
        self.until(lambda: not self.due(), within=within)

    def due(self) -> int:
        """How many jobs could be processed now or are at work."""
        stats = self.queue_stats()
        return stats["pending"] + stats["in_progress"]

    def queue_stats(self) -> dict[str, int]:
        """The counts of the queue."""
        return dict(get_stats(self.data_dir / "queue"))  # type: ignore[arg-type]

    def background_log(self) -> str:
        """What the background process wrote."""
        log = self.data_dir / "background.log"
        return log.read_text("utf-8", "replace") if log.exists() else ""

    # The drain within this process, under a clock that stands still

    def services(self, clock: Clock | None = None, **settings: Any) -> Services:
        """Connections for a drain in this process; close them with close_services."""
        from stash.client import StashClient
        from stash.connection import Connection

        raw = {**self.stash.settings, **settings}
        stash = StashClient(Connection.from_server(self.stash.connection(self.folder)))
        self._stack.callback(stash.close)
        manager = QueueManager(self.data_dir, clock=clock or SystemClock())
        self._stack.callback(manager.close)
        services = connect(load_config(raw).config, stash, manager)
        self._stack.callback(services.close)
        return services

    def worker(self, clock: Clock | None = None, **settings: Any) -> SyncWorker:
        """A drain in this process, holding the drain lock."""
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = host.try_lock(str(self.data_dir / "drain.lock"))
        assert lock is not None, "somebody drains already"
        self._stack.callback(host.unlock, lock)
        return SyncWorker(self.services(clock, **settings))

    # Our processes

    def processes(self) -> Iterator[int]:
        """Pids of the processes that invocations of this world have left behind."""
        mark = f"{MARK}={self.folder}\0".encode()
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes():
                    yield int(entry.name)
            except OSError:
                continue

    def kill_background(self) -> None:
        """Kill -9 whatever runs in the background."""
        killed = list(self.processes())
        for pid in killed:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.until(lambda: not any(map(_is_alive, self.processes())))
        if killed and self.data_dir.exists():
            # The kernel frees its lock a moment later; a test may hold that itself.
            lock = host.wait_lock(str(self.data_dir / DRAIN_LOCK), patience=1.0)
            if lock is not None:
                host.unlock(lock)


def _is_alive(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


def _cookie_in(document: Mapping[str, Any] | bytes) -> set[str]:
    """The session that an invocation is given, if any."""
    connection = document.get("server_connection") if isinstance(document, Mapping) else None
    cookie = connection.get("SessionCookie") if isinstance(connection, Mapping) else None
    return {str(cookie["Value"])} if isinstance(cookie, Mapping) and cookie.get("Value") else set()

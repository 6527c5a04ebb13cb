"""A Plex and a Stash in a process of their own, so that a drain's CPU time is its own."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

from tests.servers.plex import LoopbackPlex
from tests.servers.stash import LoopbackStash
from tests.world import API_KEY, PLEX_TOKEN, picture


class Servers:
    """What the benchmark asks the other process to do; arguments and answers are plain values."""

    def __init__(self, folder: str) -> None:
        self._plex = LoopbackPlex(token=PLEX_TOKEN).start()
        self._stash = LoopbackStash(data_dir=folder).start()
        self._section = self._plex.add_section("Scenes", locations=("/data",))
        self._stash.api_key = API_KEY
        self._stash.settings = {"plex_url": self._plex.url, "plex_token": PLEX_TOKEN}
        self._edits = 0

    def add(self, count: int) -> list[int]:
        """Add scenes with everything that is synced, and their items; return their ids."""
        return [self._add(number) for number in range(count)]

    def _add(self, number: int) -> int:
        path = f"/data/{number // 50}/scene {number}.mp4"
        self._plex.add_item(path, 1000, self._section)
        return self._stash.add_scene(
            title=f"Scene {number}",
            details=f"What happens in scene {number}.\n" + "It is a long story. " * 20,
            date=f"20{number % 20:02d}-05-17",
            rating100=number % 101,
            studio=f"Studio {number % 20}",
            performers=[f"Performer {(number + n) % 200}" for n in range(3)],
            tags=[f"Tag {(number * n) % 300}" for n in range(1, 9)],
            cover=picture(f"{number}"),
            files=[{"path": path, "size": 1000}],
        )

    def edit(self, scenes: Sequence[int]) -> None:
        """Change the texts of scenes; afterwards their second is over.

        Stash keeps whole seconds, so what is read within the second of an edit must be asked
        for again; that would be another measurement.
        """
        self._edits += 1
        for scene in scenes:
            self._stash.change_silently(
                scene, title=self._title(scene), details=f"Edit {self._edits}", rating100=50
            )
        time.sleep(1.1)

    def shown(self, scenes: Sequence[int]) -> int:
        """How many of the scenes Plex shows as they were edited last."""
        keys = {scene: self.key(scene) for scene in scenes}
        return sum(self._plex.shown(keys[s])["title"] == self._title(s) for s in scenes)

    def key(self, scene: int) -> int:
        """The rating key of a scene's item."""
        return self._plex.key_of(self._stash.scene(scene).path)

    def _title(self, scene: int) -> str:
        return f"Scene {scene}, edit {self._edits}"

    def set_latency(self, seconds: float) -> None:
        """Let Plex take so long for each answer."""
        self._plex.latency = seconds

    def requests(self) -> dict[str, int]:
        """Count what arrived since this was asked last, by server and method or kind."""
        plex = Counter(f"plex {request.method}" for request in self._plex.requests)
        stash = Counter(f"stash {request.kind}" for request in self._stash.requests)
        self._plex.clear_requests()
        self._stash.clear_requests()
        return dict(plex + stash)

    def violations(self) -> list[str]:
        """What Plex should never have been asked."""
        return [*self._plex.violations, *map(repr, self._stash.crashes)]

    def plex_url(self) -> str:
        """Where Plex is."""
        return self._plex.url

    def connection(self) -> dict[str, Any]:
        """Stash's server_connection."""
        return self._stash.connection()


class _Manager(BaseManager):
    pass


_Manager.register("Servers", Servers)


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """Both servers, in another process for as long as this is open."""
    folder.mkdir(parents=True, exist_ok=True)
    with _Manager(ctx=get_context("spawn")) as manager:
        yield manager.Servers(str(folder))  # type: ignore[attr-defined]  # made by register()

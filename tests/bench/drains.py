"""What a drain costs: its speed, its CPU time, and every request it makes."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import requests

from domain.job import JobKey, SceneId
from sync_queue.manager import QueueManager
from tests.bench.servers import Servers, servers
from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_least, at_most, exactly
from tests.world import PLEX_TOKEN, ROOT

LATENCY = 0.005  # seconds


@dataclass(frozen=True, slots=True)
class Drain:
    """One drain.

    Attributes:
        rate: scenes per second.
        cpu: milliseconds of the drain's CPU time per scene.
        requests: per scene, by server and method or kind.
    """

    rate: float
    cpu: float
    requests: dict[str, float]

    def per_scene(self, kind: str) -> float:
        """Requests of one kind per scene."""
        return self.requests.get(kind, 0.0)


class Scenario:
    """A library that is in Plex already, with a warm index.

    Attributes:
        first_contact: the drain that brought it there.
    """

    def __init__(self, servers: Servers, folder: Path, scenes: int) -> None:
        self.servers = servers
        self._data_dir = folder / "stash2plex"
        self._ids = servers.add(scenes)
        self.first_contact = self.drain(scenes)

    def drain(self, scenes: int) -> Drain:
        """Enqueue so many scenes and drain them in a new process."""
        manager = QueueManager(self._data_dir)
        manager.get_queue().put(JobKey("scene", SceneId(i)) for i in self._ids[:scenes])
        manager.close()
        self.servers.requests()
        order = {"folder": str(self._data_dir), "connection": self.servers.connection()}
        taken = json.loads(
            subprocess.run(
                [sys.executable, "-m", "tests.bench.drainer"],
                input=json.dumps(order).encode(), stdout=subprocess.PIPE, cwd=ROOT, check=True,
            ).stdout
        )  # fmt: skip
        assert taken["succeeded"] == taken["processed"] == scenes, taken
        counted = self.servers.requests()
        return Drain(
            scenes / taken["seconds"],
            taken["cpu"] / scenes * 1000,
            {kind: number / scenes for kind, number in counted.items()},
        )

    def changed(self, scenes: int) -> Drain:
        """Edit the texts of so many scenes, and drain them; Plex must show them all."""
        self.servers.edit(self._ids[:scenes])
        drain = self.drain(scenes)
        assert self.servers.shown(self._ids[:scenes]) == scenes
        return drain

    def stream(self, count: int) -> float:
        """Requests per second of one connection that does nothing but edit, one after another."""
        session = requests.Session()
        session.headers["X-Plex-Token"] = PLEX_TOKEN
        url = f"{self.servers.plex_url()}/library/sections/1/all"
        keys = [self.servers.key(scene) for scene in self._ids[:count]]
        started = time.perf_counter()
        for key in keys:
            query = {"type": "1", "id": str(key), "summary.value": "A", "summary.locked": "1"}
            session.put(url, params=query).raise_for_status()
        rate = count / (time.perf_counter() - started)
        session.close()
        return rate


def measure(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """All rows about drains."""
    most = max(scenes for scenes, _ in sizes.drains)
    with servers(folder) as both:
        scenario = Scenario(both, folder, most)
        yield from _first(most, scenario.first_contact)
        for scenes, repeats in sizes.drains:
            yield from _changed(scenes, [scenario.changed(scenes) for _ in range(repeats)])
        yield from unchanged(most, scenario.drain(most))
        yield _against_a_stream(scenario, sizes)
        wrong = both.violations()
        assert not wrong, wrong


def _first(scenes: int, drain: Drain) -> Iterator[Row]:
    name = f"first drain of {scenes:,} scenes, with posters"
    yield exactly(f"{name}: PUT", drain.per_scene("plex PUT"), 1, " per scene")
    yield exactly(f"{name}: POST", drain.per_scene("plex POST"), 1, " per scene")
    yield at_most(f"{name}: GET to Plex", drain.per_scene("plex GET"), 0.05, " per scene")
    yield Row(f"{name}: speed", "none", f"{drain.rate:,.0f} scenes/s, {drain.cpu:.2f} ms CPU")


def _changed(scenes: int, drains: Sequence[Drain]) -> Iterator[Row]:
    name = f"drain of {scenes:,} changed scenes"
    rate, cpu = median(d.rate for d in drains), median(d.cpu for d in drains)
    yield at_least(f"{name}: speed", rate, 100, " scenes/s")
    yield at_most(f"{name}: CPU", cpu, 4, " ms per scene")
    worst = max(drains, key=lambda drain: sum(drain.requests.values()))
    yield exactly(f"{name}: PUT", worst.per_scene("plex PUT"), 1, " per scene")
    yield exactly(f"{name}: POST", worst.per_scene("plex POST"), 0, " per scene")
    yield at_most(f"{name}: GET to Plex", worst.per_scene("plex GET"), 0.05, " per scene")
    queries, images = worst.per_scene("stash graphql"), worst.per_scene("stash image")
    yield at_most(f"{name}: queries to Stash", queries, 0.05, " per scene")
    yield at_most(f"{name}: image GET to Stash", images, 1, " per scene")


def unchanged(scenes: int, drain: Drain) -> Iterator[Row]:
    name = f"drain of {scenes:,} unchanged scenes"
    writes = drain.per_scene("plex PUT") + drain.per_scene("plex POST")
    yield exactly(f"{name}: writes", writes, 0)
    yield at_most(f"{name}: GET to Plex", drain.per_scene("plex GET"), 0.02, " per scene")
    both = drain.per_scene("stash graphql") + drain.per_scene("stash image")
    yield at_most(f"{name}: requests to Stash", both, 0.02, " per scene")
    yield Row(f"{name}: speed", "none", f"{drain.rate:,.0f} scenes/s, {drain.cpu:.2f} ms CPU")


def _against_a_stream(scenario: Scenario, sizes: Sizes) -> Row:
    """The drain's speed where Plex takes its time."""
    scenes = sizes.slow_drain
    scenario.servers.set_latency(LATENCY)
    drains, streams = [], []
    for _ in range(sizes.slow_drains):
        streams.append(scenario.stream(scenes))
        drains.append(scenario.changed(scenes).rate)
    share = median(drains) / median(streams) * 100
    what = f"drain of {scenes:,} changed scenes, Plex takes 5 ms"
    note = f" ({median(drains):.0f} of {median(streams):.0f} per second)"
    return at_least(what, share, 50, " % of one stream", note)

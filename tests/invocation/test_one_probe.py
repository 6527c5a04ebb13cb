"""Many processes meet a breaker whose time is over: one of them asks Plex, and may be killed."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from tests.invocation.circumstances import record
from tests.invocation.outages import breaker, invoke, plex_went_away, records
from tests.invocation.witness import backgrounds, titles_shown
from tests.servers.plex import Request
from tests.servers.stash import PluginResult
from tests.world import World

KINDS = ("hook", "queue_status", "process_queue", "outage_summary")
TWENTY = 20


@pytest.fixture
def scenes(world: World) -> list[int]:
    """They were edited while Plex was away; nobody drains, and Plex is due to be asked."""
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(4)]
    record(world, *scenes)
    plex_went_away(world, ago=100)
    return scenes


class Crowd:
    """Twenty processes at once, while Plex keeps everybody waiting.

    Attributes:
        results: of all of them.
        asked: how many requests Plex had until all others had met the one that asks.
    """

    def __init__(self, world: World, scene: int) -> None:
        self._world, self._scene = world, scene
        world.stash.settings["read_timeout"] = 60
        self._plex_answers = threading.Event()
        world.plex.on_request = self._keep_waiting
        with ThreadPoolExecutor(TWENTY) as threads:
            runs = [threads.submit(self._start, number) for number in range(TWENTY)]
            # Those that drain or follow cannot end before Plex has answered.
            others = [run for n, run in enumerate(runs) if _kind(n) != "process_queue"]
            world.until(lambda: all(run.done() for run in others), within=60)
            world.until(lambda: self._settings_asked() >= TWENTY * 3 // 4, within=60)
            world.until(lambda: world.plex.requests)
            self.asked = len(world.plex.requests)
            self._plex_answers.set()
        self.results = [run.result() for run in runs]

    def _keep_waiting(self, _: Request) -> None:
        self._plex_answers.wait(60)

    def _start(self, number: int) -> PluginResult:
        return invoke(self._world, _kind(number), self._scene)

    def _settings_asked(self) -> int:
        return sum(request.operation == "version" for request in self._world.stash.requests)


def _kind(number: int) -> str:
    return KINDS[number % len(KINDS)]


def test_recv_02_of_twenty_processes_one_asks_plex_and_all_is_drained(
    world: World, scenes: list[int]
) -> None:
    crowd = Crowd(world, scenes[0])

    assert crowd.asked == 1
    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(4)], within=30)
    world.until_drained()
    (record,) = records(world)
    assert record.ended_at is not None


@pytest.mark.proof
def test_when_plex_does_not_answer_the_one_none_of_the_others_asks_it_again(
    world: World, scenes: list[int]
) -> None:
    world.plex.weather(503)

    crowd = Crowd(world, scenes[0])
    assert crowd.asked == 1
    world.until(lambda: len(world.plex.requests) == 4, within=60)

    probes = [request.at for request in world.plex.requests]
    assert min(later - earlier for earlier, later in pairwise(probes)) > 4.9
    assert breaker(world)["reopened"] == 1
    assert len(records(world)) == 1


@pytest.mark.parametrize("kind", ["hook", "process_queue"])
def test_a_process_that_is_killed_while_it_asks_leaves_the_next_one_free_to_ask(
    world: World, scenes: list[int], kind: str
) -> None:
    killed: list[int] = []

    def kill(_: Request) -> None:
        killed.extend(backgrounds(world) if kind == "hook" else world.processes())
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        world.plex.on_request = None

    world.plex.on_request = kill
    world.plex.weather("hang")
    world.hook(scenes[0]) if kind == "hook" else world.task(kind)
    world.until(lambda: killed and not backgrounds(world))
    assert breaker(world)["state"] in ("open", "half_open")
    world.plex.weather("fine")

    invoke(world, "queue_status", scenes[0])

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(4)], within=30)
    world.until_drained()
    assert breaker(world)["state"] == "closed"

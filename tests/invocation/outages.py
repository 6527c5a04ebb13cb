"""Outages as processes meet them, and what they leave behind."""

import gc
import json
import time
from collections.abc import Sequence
from functools import partial
from itertools import takewhile
from typing import Any

from stash.connection import Connection
from tests.invocation.witness import answer_of, rows
from tests.servers.stash import PluginResult
from tests.worker.stage import hook
from tests.worker.timeline import Timeline
from tests.world import World
from worker.background import Background
from worker.connector import Connector
from worker.outage_history import OutageHistory, OutageRecord, format_duration

WAITING, BURIED, HELD_UP = "Waiting", "Buried", "Held Up"


def plex_went_away(world: World, *, ago: float) -> None:
    """Leave behind what a process leaves that found out, so many seconds ago, and was killed."""
    world.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    opened_at = time.time() - ago
    breaker = {"state": "open", "failure_count": 5, "success_count": 0, "opened_at": opened_at}
    (world.data_dir / "circuit_breaker.json").write_text(json.dumps(breaker))
    outages = {"outages": [{"started_at": opened_at}]}
    (world.data_dir / "outage_history.json").write_text(json.dumps(outages))


def breaker(world: World) -> dict[str, Any]:
    """The breaker's file; {} if there is none."""
    file = world.data_dir / "circuit_breaker.json"
    document: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return document


def records(world: World) -> list[OutageRecord]:
    """The outages that are known."""
    return OutageHistory(world.data_dir).get_history()


def invoke(world: World, kind: str, scene: int) -> PluginResult:
    """A hook of *scene*, or a task by its mode; it must not fail."""
    result = world.hook(scene) if kind == "hook" else world.task(kind)
    assert "output" in answer_of(result)
    return result


def edit_for(world: World, scenes: Sequence[int], *, seconds: float) -> None:
    """Let hooks of *scenes* arrive, evenly over so many seconds."""
    began = time.monotonic()
    for place, scene in enumerate(scenes):
        due = began + place * seconds / len(scenes)
        world.until(lambda due=due: time.monotonic() >= due, within=seconds)  # type: ignore[misc]
        assert answer_of(world.hook(scene))["output"].startswith("recorded; background ")
    world.until(lambda: time.monotonic() >= began + seconds, within=seconds)


def assert_nothing_was_charged(world: World) -> None:
    """No job bears an attempt, and none was given up."""
    assert rows(world, "retry", "id") == []
    assert rows(world, "dead_letter", "id") == []


class PastOutage:
    """Five minutes without Plex, half an hour ago, of which two scenes still suffer.

    Attributes:
        waiting: was put off for two hours before it began.
        buried: was given up just before it began.
        held_up: was edited meanwhile, and reached Plex afterwards.
        length: how long it took, as the user reads it.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.waiting, self.buried, self.held_up = self.scenes = [
            world.add(title.casefold(), title=title) for title in (WAITING, BURIED, HELD_UP)
        ]
        self._clock = Timeline()
        self._clock.time = time.time() - 1800
        self._play()

    def _play(self) -> None:
        world, clock, key = self._world, self._clock, self._world.key(self.buried)
        world.data_dir.mkdir(mode=0o700, parents=True)
        world.plex.weather(429, only="PUT", retry_after=7000)
        hook(world, self.waiting)
        clock.at(5, partial(world.plex.weather, "fine"))
        clock.at(5, partial(world.plex.chokes_on, key))
        clock.at(5, partial(world.stash.settings.update, max_retries=1))
        clock.at(6, partial(hook, world, self.buried))
        clock.at(20, partial(world.plex.weather, 503))
        clock.at(30, partial(hook, world, self.held_up))
        clock.at(320, partial(world.plex.weather, "fine"))
        clock.at(320, partial(world.plex.chokes_on, key, None))
        connection = Connection.from_server(world.stash.connection(world.folder))
        connector = Connector(world.data_dir, connection, clock)
        Background(world.data_dir, connector, clock, is_outdated=lambda: clock.elapsed > 500).run()
        connector.close()
        (record,) = records(world)
        self.length = format_duration(record.duration or 0.0)
        gc.collect()  # persist-queue closes its connections when it is collected


def told(result: PluginResult) -> list[str]:
    """What a task has logged for the user."""
    return [text for level, text in result.logs if level in ("info", "warning")]


def section(result: PluginResult, title: str) -> list[str]:
    """The lines of one section of a task's log."""
    lines = told(result)
    following = lines[lines.index(f"=== {title} ===") + 1 :]
    return list(takewhile(lambda line: not line.startswith("==="), following))

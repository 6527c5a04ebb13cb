"""A queue in a certain state before the plugin is started, the buttons, and drains held at work."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import yaml

from stash.connection import Connection
from tests.invocation.witness import answer_of
from tests.servers.plex import Request
from tests.servers.stash import PluginResult
from tests.sync_queue.states import give_up, set_apart, wait
from tests.sync_queue.store import Store
from tests.world import ROOT, FrozenClock, World
from worker.connector import Connector

DAY = 86_400.0  # seconds


def store(world: World, *, days_ago: float = 0.0) -> Store:
    """The queue of a world, by a clock that stands still."""
    return Store(world.data_dir, FrozenClock(time.time() - days_ago * DAY))


def give_up_on(
    world: World, *scenes: int, cause: str = "PlexTemporaryError", days_ago: float = 0.0
) -> None:
    """Let scenes be dead letters; while nothing is in the queue."""
    with store(world, days_ago=days_ago) as queue:
        for scene in scenes:
            give_up(queue, scene, cause)


def put_off(world: World, *scenes: int, seconds: float = 600.0, days_ago: float = 0.0) -> None:
    """Let scenes wait for a retry; while nothing is in the queue."""
    with store(world, days_ago=days_ago) as queue:
        for scene in scenes:
            wait(queue, scene, seconds)


def park(world: World, *scenes: int) -> None:
    """Let scenes be missing in Plex; while nothing is in the queue."""
    with store(world) as queue:
        for scene in scenes:
            set_apart(queue, scene)


def enqueue_in_bulk(world: World, *scenes: int) -> None:
    """Let scenes wait behind those that hooks have recorded."""
    with store(world) as queue:
        queue.put(*scenes, queue="bulk")


def put_into_queue(world: World, *scenes: int) -> None:
    """Like `record`, for so many scenes that a durable row for each would take too long."""
    with store(world) as queue:
        queue.put(*scenes)


def breaker_says(world: World, **facts: object) -> None:
    """Leave a circuit breaker behind."""
    word = {"state": "closed", "failure_count": 0, "success_count": 0, "opened_at": None}
    world.data_dir.mkdir(mode=0o700, exist_ok=True)
    (world.data_dir / "circuit_breaker.json").write_text(json.dumps(word | facts))


def press(world: World, mode: str, **args: object) -> PluginResult:
    """Start a task with arguments, as a program does that asks Stash to run it."""
    return world.run(world.stash.task_input(mode, **args))


def button(world: World, name: str) -> PluginResult:
    """Press the button of that name, with the arguments that stand in the manifest."""
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))
    (task,) = (task for task in manifest["tasks"] if task["name"] == name)
    return press(world, **task["defaultArgs"])


def answer_to(world: World, mode: str, **args: object) -> str:
    """Press a button; the answer, which Stash's log shows too."""
    result = press(world, mode, **args)
    answer: str = answer_of(result)["output"]
    assert ("info", answer) in result.logs
    return answer


def at_the_write(world: World, number: int, do: Callable[[], object]) -> None:
    """Let something happen when a certain write arrives at Plex."""

    def watch(request: Request) -> None:
        if request.method == "PUT" and world.plex.count("PUT") == number:
            do()

    world.plex.on_request = watch


def cancelled_at_the_write(world: World, number: int) -> None:
    """Stash stops Process Queue with SIGKILL while it is at a certain write."""
    task: list[int] = []
    at_the_write(world, number, lambda: os.kill(task[0], signal.SIGKILL))
    assert world.task("process_queue", on_start=task.append).error == "signal: killed"
    world.plex.on_request = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A write that Plex does not answer yet.

    Attributes:
        came: whether it has arrived.
        may_go: whether it is answered.
    """

    came: threading.Event = field(default_factory=threading.Event)
    may_go: threading.Event = field(default_factory=threading.Event)


@contextmanager
def held_at_a_write(world: World, number: int = 1) -> Iterator[Hold]:
    """Keep Plex from answering a certain write until it may, or the block is left."""
    hold = Hold()

    def wait_for_it() -> None:
        hold.came.set()
        hold.may_go.wait(25)  # a test that failed leaves nothing hanging

    at_the_write(world, number, wait_for_it)
    try:
        yield hold
    finally:
        hold.may_go.set()
        world.plex.on_request = None


def measured(world: World, *, jobs: int, seconds: float) -> None:
    """Let so many jobs have taken so long before."""
    world.data_dir.mkdir(mode=0o700, exist_ok=True)
    document = {"jobs_processed": jobs, "total_processing_time": seconds}
    (world.data_dir / "stats.json").write_text(json.dumps(document))


def in_this_process(
    world: World, clock: FrozenClock, task: Callable[..., str], *, seconds_per_write: float
) -> str:
    """Run a task under a clock that moves when Plex writes; its summary."""
    world.stash.now = lambda: datetime.fromtimestamp(clock.now(), UTC)
    world.plex.clock = clock.now
    world.plex.before_answer = lambda _: clock.move(seconds_per_write)
    stash = Connection.from_server(world.stash.connection(world.folder))
    connector = Connector(world.data_dir, stash, clock)
    try:
        config = connector.read_settings()
        return task(config, connector.stash, connector.queue_manager, lambda _: None)
    finally:
        connector.close()

"""What the tests of the drain get: a stage, with the clock that moves it."""

import gc
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stash.connection import Connection
from tests.worker.stage import EventfulClock, Stage
from tests.world import World
from worker.background import Background
from worker.connector import Connector
from worker.logs import OURS

Live = Callable[..., bool]
Task = Callable[..., str]
Run = Callable[[Task], str]


@pytest.fixture
def clock() -> EventfulClock:
    return EventfulClock()


@pytest.fixture(scope="session", autouse=True)
def what_is_imported_stays() -> None:
    """Spare `no_queue_is_left_to_other_threads` looking at all modules each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_queue_is_left_to_other_threads() -> Iterator[None]:
    """persist-queue closes its connections when it is collected, and only this thread may."""
    yield
    gc.collect()


@pytest.fixture
def stage(world: World, clock: EventfulClock) -> Stage:
    return Stage(world, clock)


@pytest.fixture
def live(world: World, stage: Stage, clock: EventfulClock) -> Iterator[Live]:
    """Live one life of the background; True if it was helpless."""
    connectors: list[Connector] = []

    def live(unrecorded: bytes = b"", **options: Any) -> bool:
        connection = Connection.from_server(world.stash.connection(world.folder))
        connectors.append(Connector(world.data_dir, connection, clock))
        return Background(world.data_dir, connectors[-1], clock, **options).run(unrecorded)

    world.data_dir.mkdir(parents=True)
    yield live
    for connector in connectors:
        connector.close()


@pytest.fixture
def bar() -> list[float]:
    """Every position of the progress bar."""
    return []


@pytest.fixture
def connector(world: World, clock: EventfulClock) -> Iterator[Connector]:
    """The connections of a task."""
    connection = Connection.from_server(world.stash.connection(world.folder))
    connector = Connector(world.data_dir, connection, clock)
    yield connector
    connector.close()


@pytest.fixture
def run(stage: Stage, connector: Connector, bar: list[float]) -> Run:
    """Run a task as a button does."""

    def run(task: Task) -> str:
        config = connector.read_settings()
        return task(config, connector.stash, connector.queue_manager, bar.append)

    stage.reopen()  # to look at the queue and to fill it, without its lock
    return run


@pytest.fixture
def loggers_as_before() -> Iterator[None]:
    """Give our loggers back, to which a task or the background attaches its handler."""
    yield
    for name in OURS:
        logger = logging.getLogger(name)
        for handler in logger.handlers[:]:
            logger.removeHandler(handler)
            handler.close()
        logger.propagate = True
        logger.setLevel(logging.NOTSET)

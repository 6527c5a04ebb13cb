"""What the tests of the queue get: a data folder with a queue, under a clock that stands still."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.database import Database
from sync_queue.ledger import Ledger
from sync_queue.manager import SyncQueue
from tests.sync_queue.store import Store
from tests.world import FrozenClock


@pytest.fixture
def as_the_entrypoint() -> Iterator[None]:
    """Create files as the plugin's processes do."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture
def folder(tmp_path: Path, as_the_entrypoint: None) -> Path:
    """An empty data folder."""
    folder = tmp_path / "stash2plex"
    folder.mkdir()
    return folder


@pytest.fixture
def store(folder: Path, clock: FrozenClock) -> Iterator[Store]:
    with Store(folder, clock) as store:
        yield store


@pytest.fixture
def queue(store: Store) -> SyncQueue:
    return store.queue


@pytest.fixture
def db(queue: SyncQueue) -> Database:
    return queue.db


@pytest.fixture
def ledger(db: Database) -> Ledger:
    return Ledger(db)


@pytest.fixture
def suspect(store: Store) -> Store:
    """Scene 1 was at work, among others, when a worker died."""
    store.event(1)
    store.work_at(store.take())
    store.die()
    return store

from collections.abc import Iterator

import pytest

from stash.client import StashClient
from stash.connection import Connection
from tests.servers.stash import LoopbackStash


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as stash:
        yield stash
        assert stash.crashes == []


@pytest.fixture
def seven(stash: LoopbackStash) -> LoopbackStash:
    """Seven scenes, numbered from 1, of which the third is gone."""
    for number in range(1, 8):
        stash.add_scene(title=f"T{number}")
    stash.destroy(3)
    stash.clear_requests()
    return stash


@pytest.fixture
def client(stash: LoopbackStash) -> Iterator[StashClient]:
    client = StashClient(Connection.from_server(stash.connection()))
    yield client
    client.close()


@pytest.fixture
def hasty_client(stash: LoopbackStash) -> Iterator[StashClient]:
    """A client that waits for half a second in all."""
    connection = Connection.from_server(stash.connection())
    client = StashClient(connection, connect_timeout=0.25, read_timeout=0.25)
    yield client
    client.close()

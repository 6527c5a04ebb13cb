"""A Plex on loopback with one library, and our client for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from domain.plex_item import Section, SectionKey
from plex.client import PlexClient
from plex.index import PathIndex
from tests.servers.plex import LoopbackPlex

SCENES = SectionKey(1)


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex() as server:
        server.add_section("Scenes")
        yield server
        assert server.violations == []


@pytest.fixture
def connect(plex: LoopbackPlex) -> Iterator[Callable[..., PlexClient]]:
    """Make clients; the last argument wins over what the loopback Plex expects."""
    with ExitStack() as stack:

        def make(**changes: object) -> PlexClient:
            options = {"url": plex.url, "token": plex.token, "client_identifier": "our-id"}
            client = PlexClient(**(options | {"connect_timeout": 1, "read_timeout": 5} | changes))  # type: ignore[arg-type]
            return stack.enter_context(closing(client))

        yield make


@pytest.fixture
def client(connect: Callable[..., PlexClient]) -> PlexClient:
    return connect()


@pytest.fixture
def sections(client: PlexClient) -> tuple[Section, ...]:
    return client.sections()


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    return tmp_path / "plex_index.db"


@pytest.fixture
def index(index_path: Path) -> Iterator[PathIndex]:
    with closing(PathIndex(index_path)) as opened:
        yield opened

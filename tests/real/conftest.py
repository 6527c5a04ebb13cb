"""What the tests within an actual Stash get; without one they are skipped and say so."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.real.stash_server import RealStash
from tests.real.world import RealWorld
from tests.world import PLEX_TOKEN

Start = Callable[..., RealWorld]


@pytest.fixture(scope="session")
def stash_binary() -> Path:
    """The server that STASH_BIN names."""
    return _named("STASH_BIN", "a Stash server to run the plugin in")


@pytest.fixture(scope="session")
def schema_folder() -> Path:
    """The folder with Stash's *.graphql files that STASH_SCHEMA_DIR names."""
    return _named("STASH_SCHEMA_DIR", "a folder with the graphql files of a Stash")


def _named(variable: str, what: str) -> Path:
    if not (name := os.environ.get(variable)):
        pytest.skip(f"{variable} does not name {what}")
    path = Path(name).absolute()
    assert path.exists(), f"{variable} names {what}, but there is no {path}"
    return path


@pytest.fixture
def start(stash_binary: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts one world, with options of RealStash; afterwards no harm was done."""
    with ExitStack() as stack:
        worlds: list[RealWorld] = []

        def start(**options: Any) -> RealWorld:
            stash = RealStash(stash_binary, tmp_path / "stash", **options)
            worlds.append(stack.enter_context(RealWorld(stash)))
            return worlds[0]

        yield start
        for world in worlds:
            assert world.plex.violations == []
            assert_no_secret_escaped(world)


@pytest.fixture
def world(start: Start) -> RealWorld:
    """An actual Stash with no peculiarities."""
    return start()


def assert_no_secret_escaped(world: RealWorld) -> None:
    """Fail if the token stands anywhere but in Stash's settings."""
    places = [world.stash.log_file, *world.data_dir.rglob("*")]
    for pid in world.processes():
        places += [Path(f"/proc/{pid}/cmdline"), Path(f"/proc/{pid}/environ")]
    for place in places:
        assert PLEX_TOKEN.encode() not in _content(place), f"the token stands in {place}"


def _content(place: Path) -> bytes:
    try:
        return place.read_bytes()
    except OSError:  # a folder, or gone with its process
        return b""

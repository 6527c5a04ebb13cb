"""What every test gets: a world to play in, and a search for secrets when it is over."""

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.world import API_KEY, PLEX_TOKEN, FrozenClock, World


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A Stash and a Plex on loopback; afterwards no secret has escaped, no harm was done."""
    with World(tmp_path / "config") as world:
        yield world
        secrets = [PLEX_TOKEN, API_KEY, *world.cookies]
        processes = _command_lines_and_environments(world)
    assert world.plex.violations == []
    assert world.stash.crashes == []
    for secret in secrets:
        for spelled in {secret.encode(), quote(secret, safe="").encode()}:
            _assert_absent(spelled, processes, "command line or environment")
            for result in world.results:
                _assert_absent(spelled, [result.stdout, result.stderr], "answer or log")
            for file in world.data_dir.rglob("*"):
                if file.is_file():
                    _assert_absent(spelled, [file.read_bytes()], file.name)
            targets = [r.target.encode() for r in world.plex.requests]
            targets += [f"{r.path}?{r.query}".encode() for r in world.stash.requests]
            _assert_absent(spelled, targets, "URL")


@pytest.fixture(autouse=True)
def no_secret_in_the_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Whatever is logged or printed by this process holds no planted secret."""
    caplog.set_level(logging.DEBUG)
    yield
    out, err = capfd.readouterr()
    for secret in (PLEX_TOKEN, API_KEY):
        assert secret not in caplog.text
        assert secret not in out + err


def _command_lines_and_environments(world: World) -> list[bytes]:
    found = []
    for pid in world.processes():
        for name in ("cmdline", "environ"):
            try:
                found.append(Path(f"/proc/{pid}/{name}").read_bytes())
            except OSError:
                continue
    return found


def _assert_absent(secret: bytes, places: list[bytes], where: str) -> None:
    for place in places:
        assert secret not in place, f"a secret stands in {where}"

"""process_queue.py as a user or cron starts it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.world import API_KEY, PLEX_TOKEN, ROOT, World

SCRIPT = ROOT / "process_queue.py"


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended; *log* is what stood on stderr."""

    code: int
    out: str
    log: str

    @property
    def document(self) -> dict[str, Any]:
        """What it answered for programs: all that stood on stdout."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def last_line(self) -> str:
        """What it said to the user where it could do nothing; there is no traceback."""
        assert "Traceback" not in self.log
        return self.log.strip().splitlines()[-1]


def environment(world: World, **changes: str) -> dict[str, str]:
    """Ours, without what belongs to Stash2Plex; knows where Stash is."""
    ours = ("STASH_", "PLEX_", "STASH2PLEX_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**env, "STASH_URL": world.stash.url, **changes}


def command(world: World, *arguments: str | Path) -> list[str]:
    """The command line, which holds no secret."""
    return [sys.executable, str(SCRIPT), "--data-dir", str(world.data_dir), *map(str, arguments)]


@contextmanager
def started(
    argv: list[str], env: Mapping[str, str], **options: Any
) -> Iterator[subprocess.Popen[str]]:
    """A process that ends with the block at the latest."""
    process = subprocess.Popen(argv, env=env, cwd="/", text=True, **options)
    with process:
        try:
            yield process
        finally:
            process.kill()


def end_of(process: "subprocess.Popen[str]", read: str = "") -> Ended:
    """Wait until it ends; no secret stands in what it printed.

    Args:
        read: what was read of stderr before.
    """
    out, log = process.communicate(timeout=60)
    ended = Ended(process.returncode, out, read + log)
    for secret in (PLEX_TOKEN, API_KEY):
        assert secret not in ended.out + ended.log
    return ended


def terminal(world: World, *arguments: str | Path, **changes: str) -> Ended:
    """Start it and wait until it ends; *changes* are variables of the environment."""
    return run(command(world, *arguments), environment(world, **changes))


def run(argv: list[str], env: Mapping[str, str]) -> Ended:
    """Start a command line and wait until it ends."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(argv, env, **pipes) as process:
        return end_of(process)


@contextmanager
def watched(world: World, *arguments: str, **changes: str) -> Iterator["subprocess.Popen[str]"]:
    """Start it; its stdout and stderr are pipes."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with started(command(world, *arguments), environment(world, **changes), **pipes) as process:
        yield process


def read_until(process: "subprocess.Popen[str]", text: str) -> str:
    """Read stderr until a line holds *text*; what was read."""
    assert process.stderr is not None
    read = ""
    for line in process.stderr:
        read += line
        if text in line:
            return read
    raise AssertionError(f"it ended without saying {text!r}: {read}")

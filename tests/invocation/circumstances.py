"""What the plugin may find when it is started."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync_queue import host, inbox
from tests.world import ROOT, World

PACKAGES = ("persistqueue", "plexapi", "pydantic", "requests", "stashapi")

PLUGIN = (
    "Stash2Plex.py", "Stash2Plex.yml", "requirements.txt", "constraints.txt", "doctor", "domain",
    "plex", "reconciliation", "stash", "sync_queue", "transport", "validation", "worker",
)  # fmt: skip


def hold_off(world: World, seconds: float = 1000.0) -> None:
    """Let hooks start nothing for so long."""
    world.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    word = {"why": "the test wants it", "not_before": time.time() + seconds}
    (world.data_dir / "background.json").write_text(json.dumps(word))


def time_passes(world: World) -> None:
    """Let the time in which hooks start nothing be over."""
    (world.data_dir / "background.json").unlink()


def without_packages(folder: Path) -> dict[str, str]:
    """The environment of a Python that has none of our dependencies, and no pip to get them."""
    folder.mkdir(exist_ok=True)
    for name in (*PACKAGES, "pip"):
        (folder / f"{name}.py").write_text(f"raise ImportError('No module named {name!r}')\n")
    return {"PYTHONPATH": str(folder)}


def record(world: World, *scenes: int) -> None:
    """Record events as hooks do, in this process, which is faster."""
    for scene in scenes:
        inbox.record(str(world.data_dir), inbox.payload("scene", scene))


def installed_copy(folder: Path) -> Path:
    """Install the plugin once more; return its script."""
    folder.mkdir(parents=True)
    for name in PLUGIN:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc"))
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder / "Stash2Plex.py"


@contextmanager
def somebody_holds(lock: Path) -> Iterator[None]:
    """Let a lock be taken meanwhile."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    held = host.try_lock(str(lock))
    assert held is not None
    try:
        yield
    finally:
        host.unlock(held)


def wrapped(folder: Path, lines: str) -> str:
    """A Python that does *lines* before it becomes the real one; return its path."""
    folder.mkdir(exist_ok=True)
    file = folder / "python3"
    # -I: of the plugin's folder nothing is imported before the plugin is.
    code = f"#!{sys.executable} -I\nimport os, resource, sys\n{lines}\n"
    file.write_text(code + f"os.execv({sys.executable!r}, [{sys.executable!r}, *sys.argv[1:]])\n")
    file.chmod(0o755)
    return os.fspath(file)


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A file system of its own in *folder*; the test is skipped where none can be mounted."""
    mount = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False)
    except OSError as error:
        pytest.skip(f"no file system can be mounted here: {error}")
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    yield
    subprocess.run(["umount", "--lazy", str(folder)], check=True)

"""Installing within this process, and waiting for one that installs elsewhere."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from worker.installer import PATIENCE, Installer


class Told(list[str]):
    """What an installer told."""

    def __call__(self, line: str) -> None:
        self.append(line)


def install(
    script: Path, target: Path, *, broken: int | None = None, patience: float = PATIENCE
) -> list[str]:
    """Install as the plugin does; what was told."""
    told = Told()
    Installer(str(script), target, told, patience=patience).install("no thing", broken=broken)
    return told


def until(condition: Callable[[], object], *, within: float = 30.0) -> None:
    """Wait until something is true; fail if it is not in time."""
    deadline = time.monotonic() + within
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not within {within} s"
        pause.wait(0.02)

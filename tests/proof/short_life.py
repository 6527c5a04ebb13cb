"""The background process with a clock on which the minutes that it waits pass at once.

A program of its own: Stash's connection on stdin, the data folder as its argument.
"""

import json
import os
import sys
from pathlib import Path

from domain.clock import SystemClock
from worker.launch import run_background


class Impatient(SystemClock):
    """Whoever sleeps on it finds the time gone by."""

    def __init__(self) -> None:
        self._slept = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds


def main(folder: str) -> None:
    """Live as the background does, lock and log included."""
    os.umask(0o077)
    run_background(
        Path(folder), json.load(sys.stdin), Impatient(), lock=None, unrecorded=b"", code=()
    )


if __name__ == "__main__":
    main(sys.argv[1])

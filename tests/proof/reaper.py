"""Ends a process at a chosen point of what it does to its databases and files."""

import json
import os
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

CHANGING = frozenset(
    {"close", "mkdir", "open", "rename", "replace", "rmdir", "unlink", "utime", "write"}
)  # functions after which files, or the locks on them, may be others than before


class Reaper:
    """Counts the points at which this process can die, and kills it at one of them.

    A point is the moment before each SQL statement, by SQLite's own word, and so also before
    those that the sqlite3 module adds; and the moment after each call that changes a file or
    closes a connection. What is after one statement is before the next, or after the last
    call. Connections are found by Python's audit hook, whoever opens them.

    Attributes:
        points: those that were passed.
    """

    def __init__(self, die_at: int = 0) -> None:
        """Kill at point number *die_at*; 0 for none."""
        self.points: list[str] = []
        self._die_at = die_at
        self._is_armed = False
        self._opened: list[sqlite3.Connection] = []
        sys.addaudithook(self._on_audit)
        sys.setprofile(self._on_call)

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Count, and kill, within this block and at its end."""
        self._is_armed = True
        yield
        self._pass("after all of it")
        self._is_armed = False

    def _on_audit(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "sqlite3.connect/handle":
            self._opened.append(args[0])  # it takes a callback only when it is complete

    def _on_statement(self, statement: str) -> None:
        self._pass(f"before {' '.join(statement.split())[:60]}")

    def _on_call(self, frame: FrameType, event: str, called: Any) -> None:
        if event != "c_return":
            return
        if called is sqlite3.connect:
            self._opened.pop().set_trace_callback(self._on_statement)
        if _changes_files(called):
            self._pass(f"after {called.__name__}")

    def _pass(self, point: str) -> None:
        if not self._is_armed:
            return
        self.points.append(point)
        if len(self.points) == self._die_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _changes_files(called: Any) -> bool:
    if isinstance(getattr(called, "__self__", None), sqlite3.Connection):
        return bool(called.__name__ == "close")
    return called.__module__ == os.open.__module__ and called.__name__ in CHANGING


def in_a_child(act: Callable[[], object]) -> Any:
    """Do something in a process of its own; what it returned, or None if it was killed."""
    reader, writer = os.pipe()
    if (pid := os.fork()) == 0:
        status = 1
        try:
            os.write(writer, json.dumps(act()).encode())
            status = 0
        except BaseException:  # noqa: BLE001 -- a child that went on would be a second parent
            traceback.print_exc()
        os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    assert status == 0, "a process failed for another reason than a kill"
    return json.loads(said)

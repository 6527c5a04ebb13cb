"""The start of a background process: its lives, one after the other; needs no package itself."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from domain.clock import SystemClock
from domain.errors import NotInstalled
from stash import protocol
from sync_queue import host, wake
from worker.packages import add_packages

LIVES = 10  # of a process that meets bugs; each costs the scene at work a life too

Guarded = Callable[..., dict[str, object]]
"""Calls a function with arguments and returns {"output": …}, or {"error": …} if it failed."""


def live(
    script: str, arguments: Sequence[str], guarded: Guarded, reconcile: Callable[..., None]
) -> int:
    """Be the background process; a bug ends one life, and the job at work is charged with it.

    Args:
        script: the plugin's entrypoint.
        arguments: the descriptor of the drain lock, if the starter handed it over.
        reconcile: runs the reconciliation that is due, if one is.

    Returns:
        The exit code.
    """
    host.leave_session()
    try:
        message = json.load(sys.stdin.buffer)
    except ValueError:
        return 1  # who started us was killed before it could say for whom
    message["lock"] = int(arguments[0]) if arguments else _take_lock(message)
    if message["lock"] is None:
        return 0  # another one drains
    for _ in range(LIVES):
        document = guarded(_live_once, script, message, reconcile)
        if "error" not in document:
            return 0
        wake.tell(str(document["error"]))
    return 1


def _take_lock(message: dict[str, Any]) -> int | None:
    """Before anything dear is imported: of many that a burst of saves has started, one stays."""
    folder = Path(protocol.data_dir(message["server_connection"]))
    return host.wait_lock(str(folder / wake.DRAIN_LOCK), patience=wake.TAKE_OVER)


def _live_once(script: str, message: dict[str, Any], reconcile: Callable[..., None]) -> str:
    """One life and what comes after it."""
    connection = message["server_connection"]
    data_dir = protocol.data_dir(connection)
    try:
        add_packages(script, data_dir, wake.tell)
    except NotInstalled as error:
        wake.hold_off(data_dir, str(error))
        return "held off"
    from worker.launch import run_background  # noqa: PLC0415 -- it needs the packages

    is_outdated = run_background(
        Path(data_dir),
        connection,
        SystemClock(),
        lock=message.pop("lock", None),
        unrecorded=str(message["unrecorded"]).encode(),
        code=[Path(script), Path(script).with_suffix(".yml")],
        reconcile=reconcile,
    )
    if is_outdated:
        wake.wake(data_dir, script, connection, insist=True)
    return "ended"

"""How a hook or a task makes sure that a background process is alive.

Part of the hook path. Whoever gets the drain lock hands it to the process it starts, so there
is no election and exactly one process; where a lock cannot be handed over (Windows), the
started process takes it itself.
"""

import json
import os
import sys
import time

from sync_queue import host

DRAIN_LOCK = "drain.lock"
LOG = "background.log"
STATE = "background.json"

STARTED = "started"
RUNNING = "running"
HELD_OFF = "held off"


def wake(
    data_dir: str,
    script: str,
    connection: dict[str, object],
    *,
    unrecorded: str = "",
    insist: bool = False,
) -> str:
    """Start a background process unless one drains already.

    Args:
        data_dir: where the queue is.
        script: the plugin's entrypoint.
        connection: Stash's server_connection; travels through a pipe, because command lines
            and environments can be read by others and it holds the session cookie.
        unrecorded: a job that nobody could write down; the process is its only memory.
        insist: start it even if the last one left word that only the user can help.

    Returns:
        STARTED, RUNNING or HELD_OFF.

    Raises:
        OSError: no process could be started.
    """
    if not insist and _not_before(data_dir) > time.time():
        return HELD_OFF
    lock = host.try_lock(os.path.join(data_dir, DRAIN_LOCK))
    if lock is None:
        return RUNNING
    message = json.dumps({"server_connection": connection, "unrecorded": unrecorded}).encode()
    argv = [sys.executable or "python3", script, "--background"]
    try:
        if host.POSIX:
            argv.append(str(lock))
        else:
            host.unlock(lock)
        host.start_detached(
            argv,
            stdin=message,
            stderr=os.path.join(data_dir, LOG),
            keep=lock if host.POSIX else None,
        )
    finally:
        if host.POSIX:
            host.unlock(lock)  # the child's copy of the descriptor keeps it
    return STARTED


def _not_before(data_dir: str) -> float:
    """Unix seconds before which a hook starts nothing; 0 if the file does not say."""
    try:
        with open(os.path.join(data_dir, STATE), "rb") as file:
            return float(json.load(file)["not_before"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0.0

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

TAKE_OVER = 0.1  # seconds; where a lock cannot be handed over, the starter has just let go of it

STARTED = "started"
RUNNING = "running"
HELD_OFF = "held off"

HOLD_OFF = (60.0, 1800.0)  # seconds: the first time, and the most


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
        STARTED, RUNNING, HELD_OFF, or why it could not be started: what the caller has done
        before is no less done.
    """
    if not insist and _is_held_off(data_dir, str(connection.get("Dir") or "")):
        return HELD_OFF
    message = json.dumps({"server_connection": connection, "unrecorded": unrecorded}).encode()
    try:
        return STARTED if _start(data_dir, script, message) else RUNNING
    except OSError as error:
        return f"not started ({error.strerror})"


def _start(data_dir: str, script: str, message: bytes) -> bool:
    """Start a process, unless another drains."""
    lock = host.try_lock(os.path.join(data_dir, DRAIN_LOCK))
    if lock is None:
        return False
    argv = [sys.executable or "python3", script, "--background"]
    host.hand_over(lock, argv, stdin=message, stderr=os.path.join(data_dir, LOG))
    return True


def hold_off(data_dir: str, why: str) -> None:
    """Leave word that only the user can help: hooks record, but start nothing for a while.

    Needs no package, so that a process that lacks one can say so.
    """
    tell(why)
    now = time.time()
    last = _last_word(data_dir)
    wait = how_long(last.get("held_off") if last.get("why") == why else None)
    word = {"ended_at": now, "why": why, "held_off": wait, "not_before": now + wait}
    draft = os.path.join(data_dir, f"{STATE}.{os.getpid()}.tmp")
    try:
        with open(draft, "w", encoding="utf-8") as file:
            json.dump(word, file, indent=2)
        host.replace(draft, os.path.join(data_dir, STATE))
    except OSError:
        pass  # the next hook tries in vain once more; the log has the reason


def how_long(last: object) -> float:
    """Seconds to hold off, after as many as *last* for the same reason; None for the first time."""
    return min(HOLD_OFF[1], 2 * _seconds(last) or HOLD_OFF[0])


def tell(why: str) -> None:
    """A last line from a background process, whose stderr is its log."""
    stamp = time.strftime("%Y-%m-%d %H:%M:%S")
    try:
        os.write(2, f"{stamp} WARNING {why}\n".encode("utf-8", "replace"))
    except OSError:
        pass  # a full disk


def _is_held_off(data_dir: str, config_dir: str) -> bool:
    """Whether hooks are to start nothing now.

    Not if Stash's configuration was written since: the user may just have mended it.
    """
    word = _last_word(data_dir)
    left = _seconds(word.get("not_before")) - time.time()
    if not 0 < left <= HOLD_OFF[1]:  # what is further away was dated by a clock gone wrong
        return False
    try:
        mended_at = os.stat(os.path.join(config_dir, "config.yml")).st_mtime
    except OSError:
        return True
    return mended_at <= _seconds(word.get("ended_at"))


def _last_word(data_dir: str) -> dict[str, object]:
    """What the last background process left behind; {} if that cannot be read."""
    try:
        with open(os.path.join(data_dir, STATE), "rb") as file:
            word = json.load(file)
    except (OSError, ValueError):
        return {}
    return word if isinstance(word, dict) else {}


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0

"""One invocation of the plugin: read it, dispatch its mode, answer.

Stash starts this file once per event and waits for its answer. It must parse on Python 3.8,
to tell an older interpreter's owner what is wrong. A hook imports three small modules and no
dependency; everything else is imported by the handler that needs it.
"""

from __future__ import annotations

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- the sentence is for those
    sys.stdout.write(
        '{"error": "Stash2Plex needs Python 3.11 or newer: set the Python executable path '
        'in Stash under Settings, System"}\n'
    )
    sys.exit(0)

from stash import protocol
from sync_queue import inbox, wake

TYPE_CHECKING = False  # typing would cost a hook its import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from stash.client import StashClient
    from sync_queue.manager import QueueManager
    from validation.config import Stash2PlexConfig

SCRIPT = os.path.abspath(__file__)

LIVES = 10  # of a background process that meets bugs; each costs the scene at work a life too

# Set once per process by initialize(), read only by the handlers.
config: Stash2PlexConfig | None = None
stash_interface: StashClient | None = None
queue_manager: QueueManager | None = None

# mode -> the function of this module that serves it. By name, because this file runs as
# __main__: importing it as Stash2Plex would load a second copy.
MODES = {
    "all": "handle_sync_all",
    "recent": "handle_sync_recent",
    "process_queue": "handle_process_queue",
}


def handle_hook(invocation: protocol.Invocation) -> str:
    """Record the event and see to it that somebody processes it."""
    hook = invocation.hook
    if hook is None or hook.type not in protocol.SCENE_EVENTS:
        return "ignored: not an event Stash2Plex acts on"
    if not hook.changes_plex:
        return "ignored: nothing that Plex shows has changed"
    if hook.id is None:
        raise protocol.BadInvocation(hook.type + " names no scene: nothing to record")
    data_dir = protocol.data_dir(invocation.connection)
    job = inbox.payload("scene", hook.id)
    try:
        how = inbox.record(data_dir, job)
    except OSError as error:
        return _entrust(data_dir, invocation, job, error)
    return how + "; background " + _wake(data_dir, invocation.connection)


def _entrust(data_dir: str, invocation: protocol.Invocation, job: bytes, error: OSError) -> str:
    """Nothing can be written: leave word if that is possible, and let a process remember."""
    inbox.leave_word(data_dir)
    _wake(data_dir, invocation.connection, unrecorded=job.decode(), insist=True)
    raise protocol.BadInvocation(
        f"the edit could not be recorded in {data_dir} ({error.strerror}): make room there; "
        "all scenes will be checked again"
    )


def _wake(
    data_dir: str, connection: dict[str, object], *, unrecorded: str = "", insist: bool = False
) -> str:
    """Wake the background; what was done before is no less done if that fails."""
    try:
        return wake.wake(data_dir, SCRIPT, connection, unrecorded=unrecorded, insist=insist)
    except OSError as error:
        return f"not started ({error.strerror})"


def handle_sync_all() -> str:
    """Enqueue every scene, then drain for a while in the foreground."""
    from worker import foreground

    return foreground.sync_all(*_connected(), log_progress)


def handle_sync_recent() -> str:
    """Enqueue what changed in the last 24 hours by Stash's clock, then drain for a while."""
    from worker import foreground

    return foreground.sync_recent(*_connected(), log_progress)


def handle_process_queue() -> str:
    """Process in the foreground whatever is due, with a progress bar and a summary."""
    from worker import foreground

    return foreground.process_queue(*_connected(), log_progress)


def _connected() -> tuple[Stash2PlexConfig, StashClient, QueueManager]:
    """What initialize() has set."""
    if config is None or stash_interface is None or queue_manager is None:
        raise RuntimeError("a task ran before initialize()")
    return config, stash_interface, queue_manager


def find_handler(task_args: dict[str, object]) -> Callable[[], str]:
    """The function that serves a mode; an unknown mode is an error, never a default action."""
    from domain.errors import UnknownMode

    mode = str(task_args.get("mode"))
    if mode not in MODES:
        raise UnknownMode(f"there is no task {mode!r}: reload the plugins in Stash")
    handler: Callable[[], str] = globals()[MODES[mode]]
    return handler


def handle_task(task_args: dict[str, object]) -> str:
    """Serve one task by its mode."""
    return find_handler(task_args)()


def log_progress(fraction: float) -> None:
    """Move the bar of the task in Stash; from 0 to 1."""
    protocol.say("p", f"{min(max(fraction, 0.0), 1.0):.4f}")


def initialize(data_dir: str, connection: dict[str, object]) -> None:
    """Set the three names above from what Stash says, and log as the settings want it."""
    global config, stash_interface, queue_manager
    from pathlib import Path

    from domain.clock import SystemClock
    from stash.connection import Connection
    from worker.connector import Connector
    from worker.logs import log_to_stash

    follow = log_to_stash(connection).follow
    server = Connection.from_server(connection)
    connector = Connector(Path(data_dir), server, SystemClock(), follow)
    config = connector.read_settings()
    stash_interface, queue_manager = connector.stash, connector.queue_manager


def add_packages() -> None:
    """Make installed packages importable; Stash starts us without, because a hook needs none.

    Raises:
        NotInstalled: one of them is missing or too old.
    """
    from importlib import import_module

    from domain.errors import NotInstalled

    if sys.flags.no_site:
        import site

        site.main()
    try:
        import_module("worker.services")  # which imports all of them
    except (ImportError, SyntaxError) as error:
        wanted = os.path.join(os.path.dirname(SCRIPT), "requirements.txt")
        raise NotInstalled(
            f"Stash2Plex lacks a Python package ({error.msg}): run "
            f"{sys.executable} -m pip install -r {wanted}; edits are recorded meanwhile"
        ) from error


def serve() -> str:
    """Serve one invocation of Stash; the answer."""
    invocation = protocol.parse(sys.stdin.buffer.read())
    if invocation.hook:
        return handle_hook(invocation)
    find_handler(invocation.args)  # before anybody is asked anything
    add_packages()
    data_dir = protocol.data_dir(invocation.connection)
    initialize(data_dir, invocation.connection)
    try:
        answer = handle_task(invocation.args)
        protocol.say("i", answer)  # Stash logs answers at debug level only
        return answer
    finally:  # whatever is left in the queue
        _wake(data_dir, invocation.connection, insist=True)


def serve_background(message: dict[str, Any]) -> str:
    """Be the background process, for one life and what comes after it."""
    from pathlib import Path

    from domain.clock import SystemClock
    from domain.errors import NotInstalled

    connection = message["server_connection"]
    data_dir = protocol.data_dir(connection)
    try:
        add_packages()
    except NotInstalled as error:
        wake.hold_off(data_dir, str(error))
        return "held off"
    from worker.launch import run_background

    is_outdated = run_background(
        Path(data_dir),
        connection,
        SystemClock(),
        lock=message.pop("lock", None),
        unrecorded=str(message["unrecorded"]).encode(),
        code=[Path(SCRIPT), Path(SCRIPT).with_suffix(".yml")],
    )
    if is_outdated:
        _wake(data_dir, connection, insist=True)
    return "ended"


def guarded(serve: Callable[..., str], *args: object) -> dict[str, str]:
    """Serve; the one place that catches everything. Return the document for Stash."""
    try:
        return {"output": serve(*args)}
    except Exception as error:  # noqa: BLE001 -- the edge of the process
        return {"error": explain(error)}


def explain(error: Exception) -> str:
    """One sentence: our own errors say what to do, anything else is a bug with a number."""
    from domain.errors import Stash2PlexError

    if isinstance(error, (Stash2PlexError, protocol.BadInvocation)):
        return str(error)
    try:
        from worker.logs import record_incident
    except ImportError:  # no package, as in a hook
        record_incident = protocol.record_incident
    return f"bug in Stash2Plex ({type(error).__name__}, incident {record_incident(error)})"


def main() -> int:
    """Serve one start of this file; return the exit code."""
    os.umask(0o077)  # whatever is created below is its owner's business
    if sys.argv[1:2] == ["--background"]:
        return live()
    document = guarded(serve)
    protocol.answer(document)  # Stash logs an error itself
    return int("error" in document)


def live() -> int:
    """Be the background process; a bug ends one life, and the job at work is charged with it."""
    import json

    if hasattr(os, "setsid"):
        os.setsid()  # a signal to Stash's session is none to us
    try:
        message = json.load(sys.stdin)
    except ValueError:
        return 1  # who started us was killed before it could say for whom
    message["lock"] = int(sys.argv[2]) if len(sys.argv) > 2 else None
    for _ in range(LIVES):
        document = guarded(serve_background, message)
        if "error" not in document:
            return 0
        wake.tell(document["error"])
    return 1


if __name__ == "__main__":
    code = main()
    # Not sys.exit: taking the interpreter apart costs a hook an eighth of its time, and
    # everything is on disk.
    os._exit(code)

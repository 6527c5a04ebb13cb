"""One invocation of the plugin: read it, dispatch its mode, answer.

Stash starts this file once per event and waits for its answer. It must parse on Python 3.8,
to tell an older interpreter's owner what is wrong. A hook imports three small modules and no
dependency; everything else is imported by the handler that needs it.
"""

from __future__ import annotations

import os
import sys
import time

if sys.version_info < (3, 11):  # noqa: UP036 -- the sentence is for those
    sys.stdout.write(
        '{"error": "Stash2Plex needs Python 3.11 or newer: set the Python executable path '
        'in Stash under Settings, System"}\n'
    )
    sys.exit(0)

from stash import protocol
from sync_queue import wake
from worker import hook

TYPE_CHECKING = False  # typing would cost a hook its import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from stash.client import StashClient
    from sync_queue.manager import QueueManager
    from validation.config import Stash2PlexConfig

    Answer = str | dict[str, Any]  # a sentence, or a document for programs

SCRIPT = os.path.abspath(__file__)

# Set once per process by initialize(), read only by the handlers.
config: Stash2PlexConfig | None = None
stash_interface: StashClient | None = None
queue_manager: QueueManager | None = None

# mode -> the function of this module that serves it. By name, because this file runs as
# __main__: importing it as Stash2Plex would load a second copy.
MODES = {
    "all": "handle_sync_all",
    "recent": "handle_sync_recent",
    "queue_status": "handle_queue_status",
    "clear_queue": "handle_clear_queue",
    "clear_dlq": "handle_clear_dlq",
    "purge_dlq": "handle_purge_dlq",
    "retry_dlq": "handle_retry_dlq",
    "undo_clear": "handle_undo_clear",
    "clear_match_cache": "handle_clear_match_cache",
    "health_check": "handle_health_check",
    "outage_summary": "handle_outage_summary",
    "recover_outage_jobs": "handle_recover_outage_jobs",
    "process_queue": "handle_process_queue",
}

# The others drain; these look after the queue, and work without settings too.
management_modes = frozenset(MODES).difference(("all", "recent", "process_queue"))


def handle_hook(invocation: protocol.Invocation) -> str:
    """Record the event and see to it that somebody processes it."""
    return hook.record_event(invocation, SCRIPT)


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

    # Only the holder of the drain lock may ask the breaker, so it is asked in there.
    return foreground.process_queue(
        *_connected(), log_progress, may_begin=lambda breaker: breaker.can_execute()
    )


def handle_queue_status() -> dict[str, Any]:
    """Say what waits, what is at work and what was given up: in the log, and as a document."""
    from worker import status

    return status.report(_manager(), stash_interface, config)


def handle_clear_queue() -> str:
    """Remove every job that waits; undo_clear brings them back."""
    from worker import management

    return management.clear_queue(_manager())


def handle_clear_dlq() -> str:
    """Remove every dead letter; undo_clear brings them back."""
    from worker import management

    return management.clear_dlq(_manager())


def handle_purge_dlq(days: object = 30) -> str:
    """Remove the dead letters that are older than *days*; undo_clear brings them back."""
    from worker import management

    return management.purge_dlq(_manager(), days)


def handle_retry_dlq(ids: object = None) -> str:
    """Give dead letters fresh attempts: all, or the scenes with these *ids*."""
    from worker import management

    return management.retry_dlq(_manager(), ids)


def handle_undo_clear() -> str:
    """Bring back what the latest of the clearing tasks removed."""
    from worker import management

    return management.undo(_manager())


def handle_clear_match_cache() -> str:
    """Forget which file is which Plex item; the next drain asks Plex."""
    from worker import management

    return management.clear_match_cache(_manager())


def handle_health_check() -> str:
    """Look whether Plex is reachable, lets us in and has the library; change nothing."""
    from worker import health_report

    return health_report.check_health(_connected()[0], _manager())


def handle_outage_summary() -> str:
    """Report the last outages of Plex."""
    from worker import outage_report

    return outage_report.outage_summary(_manager())


def handle_recover_outage_jobs() -> str:
    """Try again at once what the last outage held up or buried."""
    from worker import outage_report

    return outage_report.recover(*_connected())


def maybe_check_recovery(data_dir: str, connection: dict[str, object]) -> str:
    """Have Plex asked whether it is back, and the queue drained.

    Only the holder of the drain lock asks, so this wakes the background, on every invocation.
    """
    return wake.wake(data_dir, SCRIPT, connection, insist=True)


def _manager() -> QueueManager:
    """What initialize() has set in any case."""
    if queue_manager is None:
        raise RuntimeError("a task ran before initialize()")
    return queue_manager


def _connected() -> tuple[Stash2PlexConfig, StashClient, QueueManager]:
    """What initialize() has set; it raises what initialize() has passed over."""
    if stash_interface is None or queue_manager is None:
        raise RuntimeError("a task ran before initialize()")
    if config is None:
        from validation.config import load_config

        return load_config(stash_interface.start().settings).config, stash_interface, queue_manager
    return config, stash_interface, queue_manager


def find_handler(task_args: dict[str, object]) -> Callable[..., Answer]:
    """The function that serves a mode; an unknown mode is an error, never a default action."""
    from domain.errors import UnknownMode

    mode = str(task_args.get("mode"))
    if mode not in MODES:
        raise UnknownMode(f"there is no task {mode!r}: reload the plugins in Stash")
    handler: Callable[..., Answer] = globals()[MODES[mode]]
    return handler


def handle_task(task_args: dict[str, object]) -> Answer:
    """Serve one task by its mode, with those of the arguments that its handler knows."""
    handler = find_handler(task_args)
    names = handler.__code__.co_varnames[: handler.__code__.co_argcount]
    return handler(**{name: task_args[name] for name in names if name in task_args})


def log_progress(fraction: float) -> None:
    """Move the bar of the task in Stash; from 0 to 1."""
    protocol.say("p", f"{min(max(fraction, 0.0), 1.0):.4f}")


def initialize(
    data_dir: str, connection: dict[str, object], *, may_lack_settings: bool = False
) -> None:
    """Set the three names above from what Stash says, and log as the settings want it.

    Args:
        may_lack_settings: go on without a config if Stash does not tell the settings, or if
            they are not filled in.

    Raises:
        UserError, StashUnavailable: nothing of that kind can be passed over.
    """
    global config, stash_interface, queue_manager
    from pathlib import Path

    from domain.clock import SystemClock
    from domain.errors import StashUnavailable, UserError
    from stash.connection import Connection
    from worker.connector import Connector
    from worker.logs import log_to_stash
    from worker.visible import repeat_warning

    follow = log_to_stash(connection).follow
    server = Connection.from_server(connection)
    connector = Connector(Path(data_dir), server, SystemClock(), follow)
    stash_interface, queue_manager = connector.stash, connector.queue_manager
    repeat_warning(Path(data_dir), SystemClock())
    try:
        config = connector.read_settings()
    except (StashUnavailable, UserError):
        if not may_lack_settings:
            raise


def serve() -> Answer:
    """Serve one invocation of Stash; the answer."""
    started = time.monotonic()
    invocation = protocol.parse(sys.stdin.buffer.read())
    if invocation.hook:
        return handle_hook(invocation)
    find_handler(invocation.args)  # before anybody is asked anything
    from worker.packages import add_packages

    add_packages(SCRIPT)
    data_dir = protocol.data_dir(invocation.connection)
    mode = str(invocation.args["mode"])
    initialize(data_dir, invocation.connection, may_lack_settings=mode in management_modes)
    try:
        answer = handle_task(invocation.args)
        if isinstance(answer, str):
            protocol.say("i", answer)  # Stash logs answers at debug level only
        if config is not None and config.debug_logging:
            protocol.say("i", f"[DEBUG] {mode} took {time.monotonic() - started:.1f} s")
        return answer
    finally:  # whatever is left in the queue
        maybe_check_recovery(data_dir, invocation.connection)


def guarded(serve: Callable[..., Answer], *args: object) -> dict[str, object]:
    """Serve; the one place that catches everything. Return the document for Stash."""
    try:
        return {"output": serve(*args)}
    except Exception as error:  # noqa: BLE001 -- the edge of the process
        from worker.incident import explain

        return {"error": explain(error)}


def main() -> int:
    """Serve one start of this file; return the exit code."""
    os.umask(0o077)  # whatever is created below is its owner's business
    if sys.argv[1:2] == ["--background"]:
        from worker.lives import live

        return live(SCRIPT, sys.argv[2:], guarded)
    document = guarded(serve)
    protocol.answer(document)  # Stash logs an error itself
    return int("error" in document)


if __name__ == "__main__":
    code = main()
    # Not sys.exit: taking the interpreter apart costs a hook an eighth of its time, and
    # everything is on disk.
    os._exit(code)

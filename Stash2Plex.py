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

import worker
import worker.hook as hook
from stash import protocol
from sync_queue import wake

TYPE_CHECKING = False  # typing would cost a hook its import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from reconciliation.automatic import Due
    from stash.client import StashClient
    from sync_queue.manager import QueueManager
    from validation.config import Stash2PlexConfig
    from worker.services import Services

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
    "doctor": "handle_doctor",
    "outage_summary": "handle_outage_summary",
    "recover_outage_jobs": "handle_recover_outage_jobs",
    "write_reconciliation_report": "handle_write_reconciliation_report",
    "process_queue": "handle_process_queue",
}

SCOPES = {
    "reconcile_all": "all",
    "reconcile_recent": "recent",
    "reconcile_7days": "recent_7days",
    "reconcile_missing_metadata": "missing_metadata",
}

# The others drain; these look after the queue, and work without settings too.
management_modes = frozenset({**MODES, **SCOPES}) - {"all", "recent", "process_queue"}


def handle_hook(invocation: protocol.Invocation) -> str:
    """Record the event and see to it that somebody processes it."""
    return hook.record_event(invocation, SCRIPT)


def handle_sync_all() -> str:
    """Enqueue every scene, then drain for a while in the foreground."""
    return worker.foreground.sync_all(*_connected(), log_progress)


def handle_sync_recent() -> str:
    """Enqueue what changed in the last 24 hours by Stash's clock, then drain for a while."""
    return worker.foreground.sync_recent(*_connected(), log_progress)


def handle_process_queue() -> str:
    """Process in the foreground whatever is due, with a progress bar and a summary."""
    # Only the holder of the drain lock may ask the breaker, so it is asked in there.
    return worker.foreground.process_queue(
        *_connected(), log_progress, may_begin=lambda breaker: breaker.can_execute()
    )


def handle_queue_status() -> dict[str, Any]:
    """Say what waits, is at work, was given up, and the Reconciliation Status: log and document."""
    from reconciliation.task import status_lines

    interval = config.reconcile_interval if config else ""
    further = status_lines(_manager().folder, interval)
    return worker.status.report(_manager(), stash_interface, config, further)


def handle_clear_queue() -> str:
    """Remove every job that waits; undo_clear brings them back."""
    return worker.management.clear_queue(_manager())


def handle_clear_dlq() -> str:
    """Remove every dead letter; undo_clear brings them back."""
    return worker.management.clear_dlq(_manager())


def handle_purge_dlq(days: object = 30) -> str:
    """Remove the dead letters that are older than *days*; undo_clear brings them back."""
    return worker.management.purge_dlq(_manager(), days)


def handle_retry_dlq(ids: object = None) -> str:
    """Give dead letters fresh attempts: all, or the scenes with these *ids*."""
    return worker.management.retry_dlq(_manager(), ids)


def handle_undo_clear() -> str:
    """Bring back what the latest of the clearing tasks removed."""
    return worker.management.undo(_manager())


def handle_clear_match_cache() -> str:
    """Forget which file is which Plex item; the next drain asks Plex."""
    return worker.management.clear_match_cache(_manager())


def handle_health_check() -> str:
    """Look whether Plex is reachable, lets us in and has the library; change nothing."""
    return worker.health_report.check_health(_connected()[0], _manager())


def handle_doctor() -> dict[str, Any]:
    """Walk the whole way from Stash to Plex, and say what is wrong and what to do."""
    from doctor.task import check_setup

    return check_setup(stash_interface, config, _manager(), log_progress)


def handle_outage_summary() -> str:
    """Report the last outages of Plex."""
    return worker.outage_report.outage_summary(_manager())


def handle_recover_outage_jobs() -> str:
    """Try again at once what the last outage held up or buried."""
    return worker.outage_report.recover(*_connected())


def maybe_check_recovery(data_dir: str, connection: dict[str, object]) -> str:
    """Have the background ask Plex whether it is back: only who holds the drain lock may."""
    return wake.wake(data_dir, SCRIPT, connection, insist=True)


def handle_reconcile(scope: str) -> str:
    """Find what the hooks missed and enqueue it, without processing it."""
    from reconciliation.task import reconcile

    return reconcile(scope, stash_interface, config, queue_manager, log_progress)


def handle_write_reconciliation_report() -> str:
    """Leave what the last reconciliation found as a page, and as a document for programs."""
    from reconciliation.report import write_report

    obfuscate = config is None or config.obfuscate_paths
    return write_report(_manager().folder, obfuscate_paths=obfuscate, now=time.time())


def maybe_auto_reconcile(
    services: Services, between: Callable[[], bool], *, was_quiet: bool
) -> None:
    """Run what is due; not in a hook, the background calls maybe_auto_reconcile() after a drain."""
    from reconciliation.automatic import run_if_due

    run_if_due(services, between, _run_auto_reconcile, guarded, was_quiet=was_quiet)


def _run_auto_reconcile(due: Due, services: Services, between: Callable[[], bool]) -> None:
    """Reconcile, and remember the result."""
    from reconciliation.automatic import run

    run(*due, services, between)


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


def handle_task(task_args: dict[str, object]) -> Answer:
    """Serve one task by its mode, with those of the arguments that its handler knows."""
    mode = known_mode(task_args)
    if mode in SCOPES:
        return handle_reconcile(SCOPES[mode])
    handler: Callable[..., Answer] = globals()[MODES[mode]]
    names = handler.__code__.co_varnames[: handler.__code__.co_argcount]
    return handler(**{name: task_args[name] for name in names if name in task_args})


def known_mode(task_args: dict[str, object]) -> str:
    """The mode that is asked for; an unknown one is an error, never a default action."""
    from domain.errors import UnknownMode

    mode = str(task_args.get("mode"))
    if mode not in MODES and mode not in SCOPES:
        raise UnknownMode(f"there is no task {mode!r}: reload the plugins in Stash")
    return mode


def log_progress(fraction: float) -> None:
    """Move the bar of the task in Stash; from 0 to 1."""
    protocol.say("p", f"{min(max(fraction, 0.0), 1.0):.4f}")


def initialize(
    data_dir: str, connection: dict[str, object], *, may_lack_settings: bool = False
) -> None:
    """Set the three names above, and log to Stash; arguments and errors as worker.session.begin."""
    global config, stash_interface, queue_manager
    config, stash_interface, queue_manager = worker.session.begin(
        data_dir, connection, may_lack_settings=may_lack_settings
    )


def serve() -> Answer:
    """Serve one invocation of Stash; the answer."""
    started = time.monotonic()
    invocation = protocol.parse(sys.stdin.buffer.read())
    if invocation.hook:
        return handle_hook(invocation)
    mode = known_mode(invocation.args)  # before anybody is asked anything
    data_dir = protocol.data_dir(invocation.connection)
    worker.packages.add_packages(SCRIPT, data_dir, lambda line: protocol.say("i", line))
    initialize(data_dir, invocation.connection, may_lack_settings=mode in management_modes)
    try:
        answer = handle_task(invocation.args)
        if isinstance(answer, str):
            protocol.say("i", answer)  # Stash logs answers at debug level only
        if config is not None and config.debug_logging:
            protocol.say("i", f"[DEBUG] {mode} took {time.monotonic() - started:.1f} s")
        return answer
    finally:
        if mode != "doctor":  # which changes nothing, nor has others do it
            maybe_check_recovery(data_dir, invocation.connection)


def guarded(
    serve: Callable[..., object],
    *args: object,
    passing: Callable[[Exception], bool] = lambda _: False,
) -> dict[str, object]:
    """Serve; the one place that catches everything but *passing*. Return the document for Stash."""
    try:
        return {"output": serve(*args)}
    except Exception as error:
        if passing(error):
            raise
        return {"error": worker.incident.explain(error)}


def main() -> int:
    """Serve one start of this file; return the exit code."""
    os.umask(0o077)  # whatever is created below is its owner's business
    if sys.argv[1:2] == ["--background"]:
        return worker.lives.live(SCRIPT, sys.argv[2:], guarded, maybe_auto_reconcile)
    document = guarded(serve)
    protocol.answer(document)  # Stash logs an error itself
    return int("error" in document)


if __name__ == "__main__":
    code = main()
    # Not sys.exit, which would cost a hook an eighth of its time; everything is on disk.
    os._exit(code)

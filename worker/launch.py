"""Starts the background's lives: takes over the lock, and looks once more after giving it back."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from domain.clock import Clock
from stash.connection import Connection
from sync_queue import host, spool
from sync_queue.due import is_reconciliation_due
from sync_queue.manager import QueueManager
from sync_queue.operations import is_due
from sync_queue.wake import DRAIN_LOCK, TAKE_OVER
from worker.background import Background, Reconcile
from worker.connector import Connector
from worker.logs import log_to_file
from worker.update import catch_up, is_complete, stamps
from worker.visible import Trace, WarningsToTrace

log = logging.getLogger(__name__)


def run_background(
    folder: Path,
    server_connection: dict[str, object],
    clock: Clock,
    *,
    lock: int | None,
    unrecorded: bytes,
    code: Sequence[Path],
    reconcile: Reconcile | None = None,
) -> bool:
    """Live, and live again while something came between the last look and the release.

    Args:
        server_connection: where Stash is and how to be let in, as Stash said it.
        lock: the descriptor of the drain lock, if the starter handed it over.
        unrecorded: a job that its hook could write nowhere; b"" for none.
        code: the plugin's files; when they change, newer code must take over.
        reconcile: as Background takes it.

    Returns:
        Whether it ended for newer code, which somebody should start.
    """
    logs = log_to_file(folder, server_connection)
    trace = Trace(folder, clock, logs.scrubber)
    logs.also(WarningsToTrace(trace))
    is_outdated = watch(code)
    path = str(folder / DRAIN_LOCK)
    if lock is None:
        lock = host.wait_lock(path, patience=TAKE_OVER)
    while lock is not None:
        connector = Connector(folder, Connection.from_server(server_connection), clock, logs.follow)
        try:
            background = Background(
                folder,
                connector,
                clock,
                is_outdated=is_outdated,
                trace=trace,
                reconcile=reconcile,
                catch_up=partial(catch_up, code),
            )
            helpless = background.run(unrecorded)
        finally:
            try:
                keep_session(server_connection, connector.stash.cookie)
                connector.close()
            finally:
                host.unlock(lock)
        # An event that was recorded while we held the lock found us alive and started nobody.
        if helpless or is_outdated() or not something_is_due(folder, clock):
            break
        unrecorded, lock = b"", host.try_lock(path)
    return is_outdated() and is_complete(code, clock)


def keep_session(server_connection: dict[str, object], cookie: str) -> None:
    """Let the next life begin with the freshest session; the first one's may have expired."""
    known = server_connection.get("SessionCookie")
    if cookie and isinstance(known, dict):
        known["Value"] = cookie


def watch(files: Sequence[Path]) -> Callable[[], bool]:
    """A question: has one of *files* changed since now?"""
    first = stamps(files)
    return lambda: stamps(files) != first


def something_is_due(folder: Path, clock: Clock) -> bool:
    """Whether a drain would find something to do."""
    if spool.spooled(folder) or is_reconciliation_due(folder):
        return True
    manager = QueueManager(folder, clock=clock)
    try:
        return is_due(manager.get_queue())
    finally:
        manager.close()

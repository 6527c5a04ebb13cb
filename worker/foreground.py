"""A drain that somebody watches: in a task, with a progress bar and a summary."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.clock import Clock
from domain.job import SceneId
from stash.client import StashClient
from sync_queue import host, spool
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.operations import get_stats, is_due
from sync_queue.orphans import resume_orphans
from sync_queue.quarantine import open_queue
from sync_queue.retry import next_due
from sync_queue.wake import DRAIN_LOCK
from validation.config import Stash2PlexConfig
from worker import bulk
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.processor import BREAKER, DrainReport, SyncWorker
from worker.services import Services, connect

log = logging.getLogger(__name__)

EVERY_ITEMS = 5
EVERY_SECONDS = 10.0
SLICE = 300.0  # seconds; Stash runs one task at a time, scans included
STUCK = 60.0  # seconds without a change after which a watched drain is left alone

Show = Callable[[float], None]
"""Moves a progress bar, from 0 to 1."""


class Bar:
    """A progress bar that never goes back, although the queue may grow."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._at = 0.0

    def __call__(self, fraction: float) -> None:
        """Move it, or leave it where it is."""
        self._at = min(1.0, max(self._at, fraction))
        self._show(self._at)


@dataclass(slots=True)
class Progress:
    """Shows how far a drain is; the total follows a queue that grows meanwhile."""

    services: Services
    show: Show
    started: float
    shown_at: float = 0.0
    shown_items: int = 0

    def __call__(self, report: DrainReport) -> None:
        """Show it every few items or seconds."""
        now = self.services.clock.monotonic()
        if (
            report.processed - self.shown_items < EVERY_ITEMS
            and now - self.shown_at < EVERY_SECONDS
        ):
            return
        self.shown_at, self.shown_items = now, report.processed
        remaining = count_due(self.services.folder)
        total = report.processed + remaining
        fraction = report.processed / total if total else 1.0
        rate = report.processed / max(now - self.started, 0.001)
        self.show(fraction)
        log.info(
            "Progress: %d/%d (%.0f%%), %d remaining, %.1f items/sec",
            report.processed, total, fraction * 100, remaining, rate,
        )  # fmt: skip


def count_due(folder: Path) -> int:
    """How many jobs are there to be processed now."""
    stats = get_stats(folder / "queue")
    return stats["pending"] + stats["in_progress"] + len(spool.spooled(folder))


def sync_all(
    config: Stash2PlexConfig, stash: StashClient, manager: QueueManager, show: Show
) -> str:
    """Enqueue every scene, then drain for a while; return a summary."""
    return _sync(config, stash, manager, show, bulk.all_scenes(stash))


def sync_recent(
    config: Stash2PlexConfig, stash: StashClient, manager: QueueManager, show: Show
) -> str:
    """Enqueue what changed within a day of Stash's present time, then drain for a while."""
    since = stash.start().now - bulk.DAY
    return _sync(config, stash, manager, show, bulk.recent_scenes(stash, since))


def _sync(
    config: Stash2PlexConfig,
    stash: StashClient,
    manager: QueueManager,
    show: Show,
    pages: Iterator[tuple[SceneId, ...]],
) -> str:
    with drain_lock(manager.folder):
        open_queue(manager)  # a damaged one is set aside by whoever holds the lock
    added = bulk.enqueue(manager.get_queue(), pages)
    log.info("%d scenes enqueued", added)
    summary = process_queue(config, stash, manager, show, budget=SLICE)
    return f"{added} scenes enqueued. {summary}"


def process_queue(
    config: Stash2PlexConfig,
    stash: StashClient,
    manager: QueueManager,
    show: Show,
    *,
    budget: float | None = None,
) -> str:
    """Drain in the foreground, or watch the process that already does; return a summary.

    Args:
        budget: seconds after which the rest is left to the background; None for no limit.

    Raises:
        UserError, StashUnavailable, QueueUnusable, QueueBusy.
    """
    show = Bar(show)
    end = None if budget is None else manager.clock.monotonic() + budget
    while True:
        with drain_lock(manager.folder) as ours:
            if ours:
                return _drain_here(config, stash, manager, show, end)
        if (told := follow(manager, show, end)) is not None:
            return told


def _drain_here(
    config: Stash2PlexConfig,
    stash: StashClient,
    manager: QueueManager,
    show: Show,
    end: float | None,
) -> str:
    """Drain as the holder of the drain lock."""
    open_queue(manager)
    services = connect(config, stash, manager)
    try:
        resume_orphans(services.queue)
        return _drain(services, show, end)
    finally:
        services.close()


def _drain(services: Services, show: Show, end: float | None) -> str:
    clock = services.clock
    started = clock.monotonic()
    total = count_due(services.folder)
    if not total and not is_due(services.queue):
        return "Queue is empty - nothing to process" + _next(services.queue)
    log.info("Starting batch processing of %d items...", total)
    show(0.0)
    worker = SyncWorker(services)
    report = worker.drain(
        go_on=lambda: end is None or clock.monotonic() < end,
        on_progress=Progress(services, show, started, shown_at=started),
    )
    if report.stopped and worker.circuit_breaker.peek() is CircuitState.CLOSED:
        log.warning("stopped: %s", report.stopped)
    elif report.stopped:
        log.warning("Circuit breaker OPEN - Plex may be unavailable")
        log.info("Processed %d items before circuit break", report.processed)
    else:
        show(1.0)
    return _summary(services, report, clock.monotonic() - started)


def follow(manager: QueueManager, show: Show, end: float | None = None) -> str | None:
    """Show the progress of the process that drains, until nothing moves any more.

    Args:
        end: monotonic seconds at which to leave it alone; None for no limit.

    Returns:
        What to say; None if that process is gone and has left something to do.
    """
    clock, folder = manager.clock, manager.folder
    first = left = count_due(folder)
    if not left:
        return "Queue is empty - nothing to process" + _next(manager.get_queue())
    log.info("Another process drains; showing its progress")
    moved_at = clock.monotonic()
    while left and clock.monotonic() - moved_at < STUCK:
        if end is not None and clock.monotonic() >= end:
            return f"{left} items remain and are left to the background"
        if _plex_is_away(folder, clock):
            return f"{left} items wait until Plex answers again; nothing is counted meanwhile"
        if not is_draining(folder):
            return None
        show(1 - left / max(first, 1))
        clock.sleep(1.0)
        now = count_due(folder)
        if now != left:
            first, left, moved_at = max(first, now), now, clock.monotonic()
    if left:
        return f"{left} items wait; the process that drains has not moved for {STUCK:.0f} s"
    show(1.0)
    return "Nothing is due; the background process has drained the queue" + _next(
        manager.get_queue()
    )


def is_draining(folder: Path) -> bool:
    """Whether a process holds the drain lock.

    Asking takes it for a moment if it is free, and a hook of that moment starts nobody: ask
    only where somebody is woken afterwards, as at the end of every task.
    """
    with drain_lock(folder) as ours:
        return not ours


def _plex_is_away(folder: Path, clock: Clock) -> bool:
    """What the breaker of the process that drains says."""
    return CircuitBreaker(state_file=folder / BREAKER, clock=clock).peek() is CircuitState.OPEN


@contextmanager
def drain_lock(folder: Path) -> Iterator[bool]:
    """Hold the drain lock if it is free; yields whether it is ours."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = host.try_lock(str(folder / DRAIN_LOCK))
    try:
        yield lock is not None
    finally:
        if lock is not None:
            host.unlock(lock)


def _summary(services: Services, report: DrainReport, elapsed: float) -> str:
    summary = (
        f"Batch processing complete: {report.succeeded} succeeded, {report.failed} failed "
        f"in {elapsed:.1f}s"
    )
    if report.put_off:
        summary += f", {report.put_off} put off"
    if report.failed:
        failed = get_stats(services.folder / "queue")["failed"]
        log.warning("DLQ contains %d items requiring review", failed)
    if left := count_due(services.folder):
        summary += f"; {left} remain and are left to the background"
    return summary + _next(services.queue)


def _next(queue: SyncQueue) -> str:
    due = next_due(queue)
    if due is None:
        return ""
    return f"; the next retry is due in {max(0.0, due - queue.clock.now()):.0f} s"

"""A drain that somebody watches: in a task or at a terminal, with a progress bar and a summary."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from domain.clock import DAY
from domain.errors import QueueUnusable
from domain.job import SceneId
from stash.client import StashClient
from sync_queue import host
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.operations import get_stats, is_due
from sync_queue.orphans import resume_orphans
from sync_queue.quarantine import open_queue
from sync_queue.retry import next_due
from sync_queue.wake import DRAIN_LOCK
from validation.config import Stash2PlexConfig
from worker import bulk
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.plex_watch import BREAKER
from worker.preview import end_preview
from worker.processor import DrainReport, SyncWorker
from worker.progress import Bar, Progress, Show, count_due
from worker.services import Services, connect
from worker.settings_watch import SettingsWatch
from worker.stats import FILE as STATS
from worker.stats import SyncStats

log = logging.getLogger(__name__)

LOOK_AT_SETTINGS = 10.0  # seconds between two looks whether the user has changed them

STUCK = 60.0  # seconds without a change after which a watched drain is left alone

NOTHING = "Queue is empty - nothing to process"


@dataclass(frozen=True, slots=True)
class Ending:
    """How it ended.

    Attributes:
        summary: for the user.
        report: of our own drain; None if another process drained, or there was nothing to do.
        left: jobs that could be processed now.
        is_plex_away: whether they wait for Plex.
    """

    summary: str
    report: DrainReport | None = None
    left: int = 0
    is_plex_away: bool = False


class Foreground:
    """Drains where somebody watches, or watches the process that already does."""

    def __init__(
        self,
        config: Stash2PlexConfig,
        stash: StashClient,
        manager: QueueManager,
        show: Show,
        *,
        may_begin: Callable[[CircuitBreaker], bool] = CircuitBreaker.can_execute,
        go_on: Callable[[], bool] = lambda: True,
    ) -> None:
        """Do nothing yet.

        Args:
            may_begin: asked before the first job, by the holder of the drain lock only.
            go_on: asked between jobs, and while another process drains.
        """
        self._config = config
        self._stash = stash
        self._manager = manager
        self._clock = manager.clock
        self._show = Bar(show)
        self._may_begin = may_begin
        self._go_on = go_on
        self._end = float("inf")  # monotonic seconds at which the rest is left to others
        self._settings = SettingsWatch(lambda: False, self._clock)

    def process(self, budget: float | None = None) -> Ending:
        """Process until nothing is due, Plex is away, or the time is over.

        Args:
            budget: seconds after which the rest is left to the background; None for no limit.

        Raises:
            UserError, StashUnavailable, QueueUnusable, QueueBusy.
        """
        if budget is not None:
            self._end = self._clock.monotonic() + budget
        first = self._stash.start().settings
        self._settings = SettingsWatch(lambda: self._stash.start().settings != first, self._clock)
        while True:
            with drain_lock(self._manager.folder) as ours:
                if ours:
                    return self._drain_here()
            if (ending := self._follow()) is not None:
                return ending

    def _has_time(self) -> bool:
        has_time = self._clock.monotonic() < self._end and self._go_on()
        return has_time and not self._settings.look(LOOK_AT_SETTINGS)

    def _drain_here(self) -> Ending:
        """Drain as the holder of the drain lock."""
        open_queue(self._manager)
        services = connect(self._config, self._stash, self._manager)
        try:
            resume_orphans(services.queue)
            end_preview(services)
            return self._drain(services)
        finally:
            services.close()

    def _drain(self, services: Services) -> Ending:
        total = count_due(services.folder, self._clock)
        if not total and not is_due(services.queue):
            return Ending(self._nothing())
        log.info("Starting batch processing of %d items...", total)
        self._show(0.0)
        worker = SyncWorker(services)
        log.info("Estimated time: %s", estimate(worker.stats, total))
        progress = Progress(services.folder, self._clock, self._show)
        if self._may_begin(worker.circuit_breaker):
            worker.drain(go_on=self._has_time, on_progress=progress)
        is_away = worker.circuit_breaker.peek() is not CircuitState.CLOSED
        if is_away:
            log.warning("Circuit breaker OPEN - Plex may be unavailable")
            log.info("Processed %d items before circuit break", worker.report.processed)
        elif worker.report.stopped:
            log.warning("stopped: %s", worker.report.stopped)
        if self._settings.has_changed:
            log.info("The settings have changed; the background goes on by the new ones")
        left = count_due(services.folder, self._clock)
        if not left:
            self._show(1.0)
        summary = _summary(services, worker, self._clock.monotonic() - progress.started, left)
        return Ending(summary, worker.report, left, is_away)

    def _nothing(self) -> str:
        """What to say where nothing is due."""
        previewed = get_stats(self._manager.folder / "queue")["previewed"]
        if previewed and not self._config.dry_run:
            return f"{previewed} previewed scenes are written within a minute"
        return NOTHING + _next(self._manager.get_queue())

    def _follow(self) -> Ending | None:
        """Show the progress of the process that drains, until nothing moves any more.

        Returns:
            None if that process is gone and has left something to do.
        """
        folder, clock = self._manager.folder, self._clock
        first = left = count_due(folder, clock)
        if not left:
            return Ending(self._nothing())
        log.info("Another process drains; showing its progress")
        moved_at = clock.monotonic()
        while left and clock.monotonic() - moved_at < STUCK:
            if not self._has_time():
                return Ending(f"{left} items remain and are left to the background", left=left)
            if self._is_plex_away():
                waits = f"{left} items wait until Plex answers again; nothing is counted meanwhile"
                return Ending(waits, left=left, is_plex_away=True)
            if not is_draining(folder):
                return None
            self._show(1 - left / max(first, 1))
            clock.sleep(1.0)
            now = count_due(folder, clock)
            if now != left:
                first, left, moved_at = max(first, now), now, clock.monotonic()
        if left:
            stuck = f"{left} items wait; the process that drains has not moved for {STUCK:.0f} s"
            return Ending(stuck, left=left)
        self._show(1.0)
        done = "Nothing is due; the background process has drained the queue"
        return Ending(done + _next(self._manager.get_queue()))

    def _is_plex_away(self) -> bool:
        """What the breaker of the process that drains says."""
        breaker = CircuitBreaker.as_onlooker(self._manager.folder / BREAKER, self._clock)
        return breaker is not None and breaker.peek() is CircuitState.OPEN


def process_queue(
    config: Stash2PlexConfig,
    stash: StashClient,
    manager: QueueManager,
    show: Show,
    *,
    budget: float | None = None,
    may_begin: Callable[[CircuitBreaker], bool] = CircuitBreaker.can_execute,
) -> str:
    """Drain until nothing is due, or for *budget* seconds; return a summary."""
    return Foreground(config, stash, manager, show, may_begin=may_begin).process(budget).summary


def sync_all(
    config: Stash2PlexConfig, stash: StashClient, manager: QueueManager, show: Show
) -> str:
    """Enqueue every scene, then drain for a while; return a summary."""
    return _sync(config, stash, manager, show, bulk.all_scenes(stash))


def sync_recent(
    config: Stash2PlexConfig, stash: StashClient, manager: QueueManager, show: Show
) -> str:
    """Enqueue what changed within a day of Stash's present time, then drain for a while."""
    since = stash.start().now - DAY
    return _sync(config, stash, manager, show, bulk.recent_scenes(stash, since))


def _sync(
    config: Stash2PlexConfig,
    stash: StashClient,
    manager: QueueManager,
    show: Show,
    pages: Iterator[tuple[SceneId, ...]],
) -> str:
    """Stash runs one task at a time, scans included, so this one takes a slice only."""
    with drain_lock(manager.folder):
        open_queue(manager)  # a damaged one is set aside by whoever holds the lock
    added = bulk.enqueue(manager.get_queue(), pages)
    log.info("%d scenes enqueued", added)
    stats = SyncStats.load_from_file(manager.folder / STATS)
    budget = stats.get_estimated_timeout(count_due(manager.folder, manager.clock))
    log.info("This task takes %.0f s at most and leaves the rest to the background", budget)
    summary = process_queue(config, stash, manager, show, budget=budget)
    return f"{added} scenes enqueued. {summary}"


def estimate(stats: SyncStats, items: int) -> str:
    """How long so many items take, and by what that is reckoned."""
    average = stats.avg_processing_time
    by = "measured" if stats.is_measured else "default"
    return f"{items * average:.0f} s for {items} items ({by}: {average:.3g} s per item)"


def is_draining(folder: Path) -> bool:
    """Whether a process holds the drain lock.

    Asking takes it for a moment if it is free, and a hook of that moment starts nobody: ask
    only where somebody is woken afterwards, as at the end of every task.
    """
    with drain_lock(folder) as ours:
        return not ours


@contextmanager
def drain_lock(folder: Path) -> Iterator[bool]:
    """Hold the drain lock if it is free; yields whether it is ours.

    Raises:
        QueueUnusable: there is no place for it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = host.try_lock(str(folder / DRAIN_LOCK))
    except OSError as error:
        raise QueueUnusable(f"{folder} cannot be written: {error.strerror}") from error
    try:
        yield lock is not None
    finally:
        if lock is not None:
            host.unlock(lock)


def _summary(services: Services, worker: SyncWorker, elapsed: float, left: int) -> str:
    report = worker.report
    summary = (
        f"Batch processing complete: {report.succeeded} succeeded, {report.failed} failed "
        f"in {elapsed:.1f}s"
    )
    if report.put_off:
        summary += f", {report.put_off} put off"
    if report.failed:
        failed = get_stats(services.folder / "queue")["failed"]
        log.warning("DLQ contains %d items requiring review", failed)
    if left:
        summary += f"; {left} remain and are left to the background"
        log.info(
            "%d items remain: %s; Process Queue goes on without a limit",
            left, estimate(worker.stats, left),
        )  # fmt: skip
    return summary + _next(services.queue)


def _next(queue: SyncQueue) -> str:
    due = next_due(queue)
    if due is None:
        return ""
    return f"; the next retry is due in {max(0.0, due - queue.clock.now()):.0f} s"

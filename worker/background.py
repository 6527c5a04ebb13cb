"""The life of the background process, from the lock it is handed to the lock it gives back."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from domain.clock import Clock
from domain.errors import QueueUnusable, Stash2PlexError, StashRefused, UserError
from sync_queue import inbox, spool
from sync_queue.database import DatabaseDamaged
from sync_queue.due import (
    GONE,
    is_comparison_due,
    is_reconciliation_due,
    mark_reconciliation_due,
    reconciliation_done,
    word_of_loss,
)
from sync_queue.operations import is_due
from sync_queue.orphans import resume_orphans
from sync_queue.retry import next_due
from worker import bulk
from worker.connector import Connector
from worker.preview import end_preview
from worker.processor import PLEX_AWAY, SyncWorker
from worker.services import Services
from worker.settings_watch import SettingsWatch
from worker.visible import Trace

log = logging.getLogger(__name__)

POLL = 0.25  # seconds between two looks at the queue
LINGER = 300.0  # seconds it waits for more, so that an evening of editing starts few processes
WHILE_DRAINING = 10.0  # seconds between two looks whether the user has changed the settings
KEEP_ALIVE = 60.0  # seconds between two requests to Stash, whose sessions expire unused
LONGEST_RETRY = 3600.0  # seconds within which a retry is due for which it stays
PATIENCE = 1800.0  # seconds it waits for a server that is away
TRIES = (5.0, 60.0)  # seconds between two tries: the first, and the most
QUIET = 3600.0  # seconds without any process of ours after which Stash may have been restarted
SHORTEST_WAIT = 1.0  # seconds; a wait that is over is none, and must not become a tight loop


Reconcile = Callable[..., None]
"""maybe_auto_reconcile of the entrypoint; this layer does not know reconciliation."""


@dataclass(slots=True)
class Away:
    """A server that does not answer: since when, and when to ask again.

    Attributes:
        since: monotonic seconds of the first failure; None while all is well.
        wait: seconds until the next try.
    """

    since: float | None = None
    wait: float = TRIES[0]


class Background:
    """One life; the caller holds the drain lock all the while."""

    def __init__(
        self,
        folder: Path,
        connector: Connector,
        clock: Clock,
        *,
        is_outdated: Callable[[], bool] = lambda: False,
        trace: Trace | None = None,
        reconcile: Reconcile | None = None,
        catch_up: Callable[[Services], None] = lambda _: None,
    ) -> None:
        """Wire it.

        Args:
            is_outdated: whether the plugin's files have changed since the process started.
            trace: where it leaves word of what it does.
            reconcile: runs the reconciliation that is due, if one is.
            catch_up: enqueues what was lost while the plugin was updated.
        """
        self._catch_up = catch_up
        self._trace = trace or Trace(folder, clock)
        self._reconcile = reconcile
        self._born = clock.monotonic()
        self._was_quiet = self._trace.silent_for() >= QUIET
        self._folder = folder
        self._connector = connector
        self._clock = clock
        self._is_outdated = is_outdated
        self._worker: SyncWorker | None = None
        self._away = Away()
        self._unrecorded = b""
        self._has_lived = False
        self._settings = SettingsWatch(connector.has_new_settings, clock)

    def run(self, unrecorded: bytes = b"") -> bool:
        """Live until nothing has happened for a while or only the user can help.

        Args:
            unrecorded: a job that its hook could write nowhere; b"" for none.

        Returns:
            Whether it was helpless, so that starting another one is of no use now.
        """
        self._unrecorded = unrecorded
        self._trace.began()
        try:
            self._live()
        except StashRefused as error:  # the next hook brings a fresh session
            log.warning("%s", error)
            self._trace.ended("")
            return True
        except UserError as error:
            log.warning("%s", error)
            self._trace.ended(str(error))
            return True
        self._trace.ended("")
        return self._away.since is not None

    def _live(self) -> None:
        while not self._is_outdated():
            try:
                self._round()
                away = self._worker.report.stopped if self._worker else ""
                if not away and not self._linger():
                    return
            except (StashRefused, UserError):
                raise
            except DatabaseDamaged as error:
                log.error("%s", error)
                self._connector.replace_queue()
                continue
            except Stash2PlexError as error:  # a server, the queue or the index fails: it waits
                away = str(error)
            if away and not self._wait_for_server(away):
                return

    def _round(self) -> None:
        """Drain what is due, by the settings of this moment."""
        self._record_what_nobody_could()
        self._connector.open_queue()
        services = self._connector.services()
        self._settings = SettingsWatch(self._connector.has_new_settings, self._clock)
        resume_orphans(services.queue, died=not self._has_lived)
        self._has_lived = True  # what is at work from here on is left behind by no death
        self._catch_up(services)
        end_preview(services)
        if word := word_of_loss(self._folder):
            count = bulk.enqueue(services.queue, bulk.all_scenes(services.stash))
            log.info("%d scenes are enqueued, because events were lost", count)
            reconciliation_done(self._folder, word)
        if self._worker is None or self._worker.services is not services:
            self._worker = SyncWorker(services)
        self._worker.check_recovery()
        try:
            self._worker.drain(go_on=self._go_on)
        finally:
            if self._worker.report.processed:
                self._away = Away()  # it was there: what fails now is another outage
        if not self._worker.report.stopped and not self._settings.has_changed:
            self._away = Away()
            if self._reconcile:
                self._reconcile(services, self._drain_between, was_quiet=self._was_quiet)
            self._was_quiet = False

    def _drain_between(self) -> bool:
        """What is due goes first, between two pages of a reconciliation too; False ends that."""
        if self._worker is None or not self._go_on():
            return False
        self._worker.drain(go_on=self._go_on)
        return not self._worker.report.stopped and not self._settings.has_changed

    def _go_on(self) -> bool:
        """Whether to go on with a drain: neither with old code nor by old settings."""
        return not self._is_outdated() and not self._settings.look(WHILE_DRAINING)

    def _linger(self) -> bool:
        """Wait for something to do; False if nothing came."""
        self._trace.rests()
        queue = self._connector.queue_manager.get_queue()
        end = self._clock.monotonic() + LINGER
        while (now := self._clock.monotonic()) < end:
            if is_due(queue) or spool.spooled(self._folder) or is_reconciliation_due(self._folder):
                return True
            if self._is_outdated() or queue.db.was_replaced():
                return True
            if self._settings.look(KEEP_ALIVE):  # an answer keeps our session alive, too
                return True
            if word_of_loss(self._folder, GONE) and now - self._born < LONGEST_RETRY + LINGER:
                end = max(end, now + POLL * 2)  # a comparison is held for now
            due = next_due(queue)
            if due is not None and due - self._clock.now() <= LONGEST_RETRY:
                end = max(end, now + POLL * 2)  # nobody else would wake for it
            self._clock.sleep(POLL)
            if self._reconcile and is_comparison_due(self._folder, self._clock.now()):
                return True
        return False

    def _wait_for_server(self, why: str) -> bool:
        """Wait before the next try, longer each time; False if it was long enough."""
        now = self._clock.monotonic()
        if self._away.since is None:
            self._away = Away(since=now)
            log.warning("waiting: %s", why)
        elif now - self._away.since > PATIENCE:
            log.warning("still %s; the next hook or task tries again", why)
            return False
        self._trace.rests()
        if self._worker and why == PLEX_AWAY:
            self._clock.sleep(max(SHORTEST_WAIT, self._worker.probe_in))
        else:
            self._clock.sleep(self._away.wait)
            self._away.wait = min(TRIES[1], self._away.wait * 2)
        return True

    def _record_what_nobody_could(self) -> None:
        """Write down the edit whose only memory is this process, as soon as there is room."""
        if not self._unrecorded:
            return
        mark_reconciliation_due(self._folder)
        try:
            inbox.record(str(self._folder), self._unrecorded)
        except OSError as error:
            raise QueueUnusable(f"an edit can be written nowhere: {error.strerror}") from error
        self._unrecorded = b""

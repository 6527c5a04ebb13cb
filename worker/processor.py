"""The one drain: whoever holds the drain lock runs this loop, and nothing else writes to Plex."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.errors import (
    PermanentError,
    PlexNotFound,
    PlexRefused,
    PlexServerDown,
    Stash2PlexError,
    StashRefused,
    StashUnavailable,
    TransientError,
)
from domain.job import SyncJob
from domain.outcome import Buried, Parked, Skipped, Synced, Waiting
from domain.plex_item import Section, SectionKey
from plex.paths import base_name
from sync_queue import spool
from sync_queue.operations import has_waiting, release, send_to_back
from sync_queue.orphans import charge_outage, mark_at_work
from worker.backoff import NOT_IN_PLEX, Schedule, transient
from worker.batch import next_batch
from worker.charge import Charge
from worker.circuit_breaker import CircuitBreaker
from worker.drain_report import DrainReport
from worker.finder import look_for_parked
from worker.housekeeping import tidy
from worker.libraries import ask_for_scan, chosen_sections, forget_index_if_asked
from worker.plex_watch import PlexWatch
from worker.prepare import (
    UNTIL_ASKED_AGAIN,
    Failed,
    Missing,
    Prepared,
    Taken,
    Work,
    prepare,
)
from worker.preview import Previewer, as_preview
from worker.services import Services
from worker.settle import Settlement, announce, settle
from worker.stats import FILE as STATS
from worker.stats import SyncStats
from worker.things import expand
from worker.writer import Writer, Written

__all__ = ["DrainReport", "PermanentError", "SyncWorker", "TransientError"]

log = logging.getLogger(__name__)

PLEX_AWAY = "Plex does not answer"

AFTER_A_FAILURE = 1.0  # seconds until a server that failed is asked again; then the breaker opens


class SyncWorker(PlexWatch):
    """Drains the queue into Plex; for the holder of the drain lock only."""

    def __init__(self, services: Services, *, breaker: CircuitBreaker | None = None) -> None:
        super().__init__(services, breaker)
        self._writer = (Previewer if services.config.dry_run else Writer)(services)
        self._sections: Sequence[Section] = ()
        self._scans: set[tuple[SectionKey, str]] = set()
        self._written: SyncJob | None = None  # by the request that is under way
        self.stats = SyncStats.load_from_file(services.folder / STATS)
        self.report = DrainReport()

    def drain(
        self,
        *,
        go_on: Callable[[], bool] = lambda: True,
        on_progress: Callable[[DrainReport], None] = lambda _: None,
    ) -> DrainReport:
        """Process until nothing is due, Plex is down, or *go_on* says no.

        Args:
            go_on: asked between jobs.
            on_progress: told after each job.

        Raises:
            UserError: only the user can help; the jobs are back in the queue.
            StashUnavailable: Stash fails; likewise, and nothing is counted.
            QueueUnusable, QueueBusy.
        """
        self.report = DrainReport()
        self._scans.clear()
        while go_on():
            if not self.may_ask():
                self.report.stopped = PLEX_AWAY
                break
            spool.ingest(self.services.queue)
            if not (batch := next_batch(self.services.queue, self.at_once)):
                break
            try:
                self._process_in_time(batch, go_on, on_progress)
            except PlexServerDown as error:
                log.warning("%s", error)
                self.note_failure()
                self.services.clock.sleep(AFTER_A_FAILURE)
            except (TransientError, PermanentError) as error:
                # Nothing of the batch can be told: a listing fails, or the index.
                self.report.stopped = str(error)
                break
        self.stats.save_to_file(self.services.folder / STATS)
        if not self.report.stopped:
            tidy(self.services)
        return self.report

    def _process_in_time(
        self,
        batch: Sequence[SyncJob],
        go_on: Callable[[], bool],
        on_progress: Callable[[DrainReport], None],
    ) -> None:
        """Process a batch and measure it; one that an error ends says nothing of jobs."""
        clock, before = self.services.clock, self.report.processed
        started, self.rested = clock.monotonic(), 0.0
        self._process(batch, go_on, on_progress)
        took = clock.monotonic() - started - self.rested
        self.stats.add(self.report.processed - before, took)

    def _process(
        self,
        batch: Sequence[SyncJob],
        go_on: Callable[[], bool],
        on_progress: Callable[[DrainReport], None],
    ) -> None:
        """Settle the jobs of *batch* one by one; what cannot be settled goes back uncounted.

        An exception that is not ours leaves the batch in flight: the next drain charges the
        job at work with it, as it does when the process is killed.
        """
        left = list(batch)
        try:
            expand(self.services, left)
            if not left:
                return
            batch = tuple(left)
            if forget_index_if_asked(self.services) or not self._sections:
                self._sections = chosen_sections(self.services)
                look_for_parked(self.services, self._sections)
            log.debug("reading %d scenes of the %s queue", len(batch), batch[0].queue)
            with Charge(self.services.queue, batch) as charge:
                prepared = prepare(self.services, self._sections, batch, charge)
            self.note_read()
            announce(self.services, prepared)
            while left and self._is_next(left[0], go_on, first=len(left) == len(batch)):
                job, what = prepared[len(batch) - len(left)]
                following = left[1] if len(left) > 1 else None
                settlement = self._process_in_turn(job, what, go_on)
                settle(self.services, settlement, following)
                left.pop(0)
                self.report.count(settlement.outcome)
                on_progress(self.report)
        except (PlexServerDown, PlexRefused) as error:
            # Whatever was at work goes behind the others: it may be what Plex stumbles over, or
            # what something in between refuses.
            fell = isinstance(error, PlexServerDown) and self.fell_at_one(batch, self._written)
            self._put_back(left, head_last=True, charged=fell)
            raise
        except Stash2PlexError:
            self._put_back(left)
            raise
        self._put_back(left)

    def _process_in_turn(
        self, job: SyncJob, what: Prepared, go_on: Callable[[], bool]
    ) -> Settlement:
        """Process a job when Plex bears it, and remember how it bore that one."""
        if self.services.config.dry_run:
            return as_preview(self._process_job(job, what))
        if not isinstance(what, Work) or not any(t.plan.changes for t in what.targets):
            return self._process_job(job, what)
        self.pace(go_on)
        started = self.services.clock.monotonic()
        self._written = job
        settlement = self._process_job(job, what)
        self._written = None
        self.note_outcome(settlement.outcome, self.services.clock.monotonic() - started)
        return settlement

    def _is_next(self, job: SyncJob, go_on: Callable[[], bool], *, first: bool) -> bool:
        """Whether to go on with the batch: a save never waits behind a bulk run."""
        if first:
            return True
        return go_on() and not (job.queue == "bulk" and has_waiting(self.services.queue, "default"))

    def _put_back(
        self, jobs: Sequence[SyncJob], *, head_last: bool = False, charged: bool = False
    ) -> None:
        """Put what was claimed back into the queue.

        Args:
            head_last: behind all others, for the first of them.
            charged: it may have taken Plex down, and runs alone from now on.
        """
        queue = self.services.queue
        with queue.db.transaction():
            release(queue, jobs[1:] if head_last else jobs)
            if charged:
                charge_outage(queue, jobs[0])
            elif head_last:
                send_to_back(queue, jobs[0])
            mark_at_work(queue, None)
        self._written = None

    def _process_job(self, job: SyncJob, what: Prepared) -> Settlement:
        """Do what was decided; the answer says what became of it.

        Raises:
            PlexServerDown, StashUnavailable, UserError: not this job's fault.
        """
        match what:
            case Work():
                return self._write(job, what)
            case Missing():
                if job.misses == 0 and self.services.config.trigger_plex_scan:
                    ask_for_scan(self.services, self._sections, what.scene, self._scans)
                names = tuple(dict.fromkeys(base_name(f.path) for f in what.scene.files))
                return self._prepare_for_retry(job, what.error, names)
            case Failed(error):
                return self._prepare_for_retry(job, error)
            case Taken(server, keys, owner):
                return Settlement(
                    job,
                    Skipped(f"its item in Plex belongs to scene {owner}"),
                    holds=[(server, key) for key in keys],
                    lost=[(server, key, job.scene_id) for key in keys],
                )
            case _:
                return Settlement(job, what)

    def _write(self, job: SyncJob, work: Work) -> Settlement:
        written = Written()
        held = (*(target.item.rating_key for target in work.targets), *work.taken)
        try:
            self._writer.write(work, written)
        except (TransientError, PermanentError) as error:
            return replace(self._prepare_for_retry(job, error), entries=written.entries)
        except StashRefused:
            raise
        except StashUnavailable as error:
            # Its text is written, its cover cannot be read. If it is not the cover but Stash
            # that fails, the next batch will tell.
            until = self.services.clock.now() + UNTIL_ASKED_AGAIN
            waiting = Waiting(until, str(error), "StashUnavailable", counted=False)
            return Settlement(job, waiting, written.entries)
        self.circuit_breaker.record_success()
        return Settlement(
            job,
            Synced(tuple(dict.fromkeys(written.changed))),
            written.entries,
            holds=[(work.server, key) for key in held],
            lost=[
                *((work.server, key, job.scene_id) for key in work.taken),
                *((work.server, t.item.rating_key, s) for t in work.targets for s in t.others),
            ],
        )

    def _prepare_for_retry(
        self, job: SyncJob, error: TransientError | PermanentError, names: tuple[str, ...] = ()
    ) -> Settlement:
        """Count the attempt and say what comes next: another one, the parking lot, or the end.

        The worker has survived it, so nothing speaks against the job's running with others.
        """
        missed, cause = isinstance(error, PlexNotFound), type(error).__name__
        job = replace(job, attempts=job.attempts + (not missed), misses=job.misses + missed)
        job = replace(job, alone=False, deaths=0)
        if isinstance(error, PermanentError):
            return Settlement(job, Buried(str(error), cause, job.attempts))
        schedule = self._get_max_retries_for_error(error)
        wait = schedule.wait(job.misses if missed else job.attempts)
        if wait is None and names:
            return Settlement(job, Parked(names))
        if wait is None:
            reason = f"gave up after {schedule.attempts} attempts: {error}"
            return Settlement(job, Buried(reason, cause, schedule.attempts))
        return self._requeue_with_metadata(job, error, wait)

    def _requeue_with_metadata(
        self, job: SyncJob, error: TransientError, wait: float
    ) -> Settlement:
        """The job waits for its next attempt, with what is known of those before."""
        until = self.services.clock.now() + max(wait, error.retry_after or 0.0)
        cause, missed = type(error).__name__, isinstance(error, PlexNotFound)
        return Settlement(job, Waiting(until, str(error), cause, counted=True, missed=missed))

    def _get_max_retries_for_error(self, error: TransientError) -> Schedule:
        """How often this is tried, and how far apart."""
        if isinstance(error, PlexNotFound):
            return NOT_IN_PLEX
        return transient(self.services.config.max_retries)

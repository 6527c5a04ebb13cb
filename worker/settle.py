"""What becomes of a job, written down in one transaction with the mark of the next one."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from domain.job import SceneId, SyncJob
from domain.ledger import LedgerEntry
from domain.outcome import Buried, Gone, Outcome, Parked, Previewed, Skipped, Synced, Waiting
from domain.plex_item import RatingKey
from sync_queue import dlq, parked, previewed
from sync_queue.operations import ack_job
from sync_queue.orphans import mark_at_work
from sync_queue.retry import put_off
from worker.prepare import Prepared, Target, Work
from worker.services import Services

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settlement:
    """A job's outcome and what is to be remembered with it.

    Attributes:
        job: with the counts after this attempt.
        entries: what reached Plex, even if the job failed in the end.
        holds: (server, rating key) of the items the scene is in; None if this is not known,
            and then what the ledger says stays.
        lost: (server, rating key, scene) that no longer have, or do not get, the item.
    """

    job: SyncJob
    outcome: Outcome
    entries: Sequence[LedgerEntry] = ()
    holds: Sequence[tuple[str, RatingKey]] | None = None
    lost: Sequence[tuple[str, RatingKey, SceneId]] = ()


def announce(services: Services, prepared: Sequence[tuple[SyncJob, Prepared]]) -> None:
    """Store which tags are about to be added, and which job is at work.

    A worker that dies after a PUT and before its settlement has added tags that nobody else
    knows to be ours.
    """
    with services.queue.db.transaction():
        for _, what in prepared:
            for target in what.targets if isinstance(what, Work) else ():
                if target.plan.intent and not services.config.dry_run:
                    services.ledger.store(_with_intent(target))
        mark_at_work(services.queue, prepared[0][0])


def _with_intent(target: Target) -> LedgerEntry:
    """The entry with what is about to be added, beside what earlier attempts may have added."""
    old, new = target.entry.intent, target.plan.intent
    names = {
        field: tuple(dict.fromkeys((*old.get(field, ()), *new.get(field, ()))))
        for field in {**old, **new}
    }
    return replace(target.entry, intent=names)


def settle(services: Services, settlement: Settlement, following: SyncJob | None) -> None:
    """Write it down; *following* is at work from the same moment on."""
    queue, ledger, job = services.queue, services.ledger, settlement.job
    with queue.db.transaction():
        if isinstance(settlement.outcome, Gone):
            ledger.let_go(job.scene_id)
        elif settlement.holds is not None:
            ledger.let_go(job.scene_id, but=settlement.holds)
        elif isinstance(settlement.outcome, Skipped):
            ledger.stand_back(job.scene_id)
        for server, key, scene in settlement.lost:
            ledger.contend(server, key, scene)
        for entry in settlement.entries:
            ledger.store(entry)
        _move(services, job, settlement.outcome)
        mark_at_work(queue, following)
    _tell(job, settlement.outcome, hides_missing=services.config.hide_not_found)


def _move(services: Services, job: SyncJob, outcome: Outcome) -> None:
    queue = services.queue
    match outcome:
        case Synced() | Skipped() | Gone():
            ack_job(queue, job)
        case Previewed():
            previewed.keep(queue, job)
        case Waiting():
            put_off(queue, job, outcome)
        case Parked():
            parked.park(queue, job, outcome)
        case Buried():
            dlq.bury(queue, job, outcome)
        case _:
            assert_never(outcome)


def _tell(job: SyncJob, outcome: Outcome, *, hides_missing: bool) -> None:
    scene = job.scene_id
    missing = logging.DEBUG if hides_missing else logging.INFO
    match outcome:
        case Synced(changed):
            log.info("scene %d: synced %s", scene, ", ".join(changed) or "(no change)")
        case Skipped(why):
            log.info("scene %d: not written: %s", scene, why)
        case Gone():
            log.info("scene %d: no longer in Stash; Plex is left as it is", scene)
        case Previewed(what):
            log.info("scene %d: previewed, and nothing written: %s", scene, what)
        case Waiting():
            level = missing if outcome.missed else logging.INFO
            log.log(level, "scene %d: put off: %s", scene, outcome.why)
        case Parked():
            log.log(missing, "scene %d: not in Plex; waits until Plex shows its file", scene)
        case Buried():
            log.warning("scene %d: given up: %s", scene, outcome.reason)
        case _:
            assert_never(outcome)

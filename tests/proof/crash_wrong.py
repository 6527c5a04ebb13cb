"""Moves as they must not be: the oracle has to find fault with each."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.outcome import Waiting
from sync_queue import spool
from sync_queue.manager import SyncQueue
from sync_queue.operations import ack_job, get_pending
from sync_queue.orphans import mark_at_work, resume_orphans
from sync_queue.retry import delete_in_flight, put_off
from tests.proof import crash_scenes as there
from tests.proof.crash_acts import Act, entry, on_queue, services_of
from tests.proof.crash_moves import AT_WORK, BOTH, DEAD, DIED_ALONE, FIRST, SUSPECT, WAITING
from tests.proof.crash_oracle import Move
from tests.sync_queue.store import Store, scene

NEXT = {2: "suspect"}

_WAIT = Waiting(1_800_000_060.0, "busy", "Cause", counted=True)


def forget_and_then_wait(store: Store) -> Act:
    """The job is out of the queue before it is anywhere else."""
    job, following = store.take(), store.take()
    store.work_at(job)

    def act() -> None:
        with store.settling():
            delete_in_flight(store.queue, job.key)
            mark_at_work(store.queue, following)
        with store.settling():
            put_off(store.queue, job, _WAIT)

    return act


def remember_and_then_settle(store: Store) -> Act:
    """What was written to Plex is remembered in a transaction of its own."""
    services = services_of(store)
    job, following = store.take(), store.take()
    store.work_at(job)

    def act() -> None:
        with store.settling():
            services.ledger.store(entry(job.scene_id))
        with store.settling():
            ack_job(store.queue, job)
            mark_at_work(store.queue, following)

    return act


def remove_and_then_put(queue: SyncQueue) -> None:
    """Spool files go before their jobs are in the queue."""
    keys = [key for file in spool.spooled(queue.db.folder) if (key := spool._read(file))]
    for file in spool.spooled(queue.db.folder):
        file.unlink()
    queue.put(keys)


def forgive_and_then_resume(queue: SyncQueue) -> None:
    """Who was at work is forgotten before it is charged."""
    at_work = queue.db.rows("SELECT * FROM at_work")
    with queue.db.transaction():
        mark_at_work(queue, None)
    with queue.db.transaction():
        queue.db.execute("INSERT INTO at_work VALUES (?, ?, ?, ?, ?, ?)", at_work[0])
    resume_orphans(queue)


def resume_and_charge_again(queue: SyncQueue) -> None:
    """A death is charged before it is forgotten."""
    at_work = queue.db.rows("SELECT * FROM at_work")
    resume_orphans(queue)
    with queue.db.transaction():
        queue.db.execute("INSERT INTO at_work VALUES (?, ?, ?, ?, ?, ?)", at_work[0])
    with queue.db.transaction():
        mark_at_work(queue, None)


def revive_and_then_queue(queue: SyncQueue) -> None:
    """A dead letter goes before its scene is in the queue."""
    rows = queue.db.rows("SELECT id FROM dead_letter")
    with queue.db.transaction():
        queue.db.execute("DELETE FROM dead_letter")
    queue.put((scene(identity) for (identity,) in rows), "bulk")


def claim_and_forget(queue: SyncQueue) -> None:
    """A claim that deletes what it fetches, as queues without acknowledgement do."""
    job = get_pending(queue)
    assert job is not None
    with queue.db.transaction():
        delete_in_flight(queue, job.key)


WRONG: Mapping[str, Move] = MappingProxyType(
    {
        "put off in two transactions": Move(
            there.first_failed_twice, forget_and_then_wait, AT_WORK, WAITING | NEXT
        ),
        "settle in two transactions": Move(
            there.first_failed_twice, remember_and_then_settle, AT_WORK, NEXT, is_whole=True
        ),
        "ingest after removing": Move(there.spooled, on_queue(remove_and_then_put), BOTH, BOTH),
        "resume after forgiving": Move(
            there.first_died, on_queue(forgive_and_then_resume), SUSPECT, SUSPECT
        ),
        "resume and charge again": Move(
            there.first_died_alone(1),
            on_queue(resume_and_charge_again),
            DIED_ALONE,
            DIED_ALONE,
        ),
        "retry after deleting": Move(
            there.settled_as("bury"), on_queue(revive_and_then_queue), DEAD, FIRST
        ),
        "claim and forget": Move(there.both_queued, on_queue(claim_and_forget), BOTH, BOTH),
    }
)

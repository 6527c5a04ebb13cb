"""The queue and the breaker as they must not be: the machine has to find fault with each."""

from collections.abc import Sequence
from dataclasses import replace

from domain.causes import WORKER_DIED
from domain.errors import PermanentError, PlexNotFound, TransientError
from domain.job import JobKey, QueueName, SyncJob
from domain.outcome import Synced, Waiting
from sync_queue.clearing import Clearing
from sync_queue.manager import payload
from sync_queue.operations import parse_key
from sync_queue.orphans import mark_at_work
from sync_queue.retry import delete_in_flight, load_job, put_off
from sync_queue.spool import spooled
from tests.proof.system import System
from tests.sync_queue.store import scene
from worker.circuit_breaker import CircuitState
from worker.settle import Settlement


class DropsEventsOfScenesInFlight(System):
    """An event is no news while a job of the scene is being processed."""

    def edit(self, identity: int) -> None:
        if scene(identity) not in _in_flight(self):
            super().edit(identity)


class AcknowledgesWhatCameLater(System):
    """Settles every row of the scene, not only those that were claimed."""

    def settle(self, settlement: Settlement, following: SyncJob | None) -> None:
        super().settle(settlement, following)
        if isinstance(settlement.outcome, Synced):
            _on_queues(self, "DELETE FROM {} WHERE data = ?", settlement.job.key)


class PutsOffInTwoSteps(System):
    """The job has left the queue before it waits anywhere."""

    def settle(self, settlement: Settlement, following: SyncJob | None) -> None:
        if isinstance(settlement.outcome, Waiting):
            with self.queue.db.transaction():
                delete_in_flight(self.queue, settlement.job.key)
                mark_at_work(self.queue, None)
            self.clock.now()
        super().settle(settlement, following)


class ForgetsRetriesOfTheDead(System):
    """A new process takes over the queues and nothing else."""

    def resume(self) -> None:
        super().resume()
        _run(self, "DELETE FROM retry")


class CountsNoMisses(System):
    """A scene that is not in Plex is tried for ever."""

    def failed(self, job: SyncJob, error: TransientError | PermanentError) -> Settlement:
        settlement = super().failed(job, error)
        if isinstance(error, PlexNotFound):
            return replace(settlement, job=replace(settlement.job, misses=job.misses))
        return settlement


class ClaimsOneOfTwoRows(System):
    """Another row of the scene stays behind and is processed again."""

    def fetch(self, name: QueueName) -> SyncJob | None:
        job = super().fetch(name)
        if job is not None:
            first = "SELECT min(_id) FROM {} WHERE data = ?1 AND status = 2"
            _on_queues(
                self, f"UPDATE {{}} SET status = 1 WHERE data = ?1 AND _id > ({first})", job.key
            )
        return job


class FetchesWhatIsNotDue(System):
    """Whatever waits is tried again at the next look."""

    def fetch(self, name: QueueName) -> SyncJob | None:
        _run(self, "UPDATE retry SET next_retry_at = 1 WHERE next_retry_at > 1")
        return super().fetch(name)


class TrustsTheClock(System):
    """After the clock was set back by a day, a job waits for much of that day."""

    def fetch(self, name: QueueName) -> SyncJob | None:
        latest = self.clock.now() + 7200
        _run(self, "UPDATE retry SET next_retry_at = ?1 WHERE next_retry_at > ?1", latest)
        return super().fetch(name)


class ServesBulkRunsFirst(System):
    """A save waits behind the whole library."""

    def fetch(self, name: QueueName) -> SyncJob | None:
        return super().fetch("bulk") or super().fetch(name)


class GivesBulkRunsNewAttempts(System):
    """A reconciliation every hour keeps a hopeless scene alive for ever."""

    def put(self, identities: Sequence[int], name: QueueName) -> int:
        for identity in identities if name == "bulk" else ():
            _run(self, "UPDATE retry SET attempts = 0, misses = 0 WHERE id = ?", identity)
        return super().put(identities, name)


class PassesOverDeadLetters(System):
    """A scene that was given up is not enqueued again."""

    def put(self, identities: Sequence[int], name: QueueName) -> int:
        dead = self.queue.db.rows("SELECT id FROM dead_letter")
        return super().put([one for one in identities if (one,) not in dead], name)


class KeepsDeadLetters(System):
    """A scene that reaches Plex in the end remains among those that were given up."""

    def fetch(self, name: QueueName) -> SyncJob | None:
        before = self.queue.db.rows("SELECT * FROM dead_letter")
        job = super().fetch(name)
        for row in before:
            marks = ", ".join("?" * len(row))
            _run(self, f"INSERT OR IGNORE INTO dead_letter VALUES ({marks})", *row)
        return job


class KeepsItsPlaceWhenPutBack(System):
    """What Plex stumbled over stays in front of all others."""

    def put_back(self, jobs: Sequence[SyncJob], *, head_last: bool) -> None:
        super().put_back(jobs, head_last=False)


class ChargesTheWholeBatch(System):
    """Every job that was in flight when a worker died is a suspect."""

    def resume(self) -> None:
        wait = Waiting(self.clock.now(), "a worker died", WORKER_DIED, counted=False)
        with self.queue.db.transaction():
            for key in _in_flight(self):
                put_off(self.queue, replace(load_job(self.queue, key), alone=True), wait)
        super().resume()


class NeverBuriesTheDeadly(System):
    """A scene that kills its workers is tried for ever."""

    def resume(self) -> None:
        _run(self, "UPDATE at_work SET alone = 0")
        super().resume()


class DoesNotLookAgain(System):
    """Ends without a look at what was recorded between the last look and the end."""

    def look_again(self) -> None:
        pass


class RemovesSpoolFilesFirst(System):
    """A process that is killed before they are in the queue has lost them."""

    def ingest(self) -> None:
        keys = [key for file in spooled(self.store.folder) if (key := parse_key(file.read_bytes()))]
        for file in spooled(self.store.folder):
            file.unlink()
        self.queue.put(keys)


class RevivesInTwoSteps(System):
    """A dead letter is gone before its scene is in the queue."""

    def retry_dead(self, identities: Sequence[int] | None) -> int:
        dead = self.queue.db.rows("SELECT id FROM dead_letter ORDER BY number")
        chosen = [one for (one,) in dead if identities is None or one in identities]
        for identity in chosen:
            _run(self, "DELETE FROM dead_letter WHERE id = ?", identity)
        self.queue.put(map(scene, chosen), "bulk")
        return len(chosen)


class ClearsWhatIsInFlight(System):
    """Clear Pending Queue takes away the job that is being processed."""

    def clear(self) -> Clearing:
        _on_queues(self, "UPDATE {} SET status = 1")
        return super().clear()


class DoublesWhatCameBackByItself(System):
    """Undo Clear puts back what is in the queue again."""

    def undo(self) -> Clearing | None:
        there = self.queue.db.rows("SELECT data FROM ack_queue_default WHERE status < 2")
        removed = self.queue.db.rows(
            "SELECT CAST(document ->> 'data' AS BLOB) FROM removed WHERE origin = 'default' "
            "AND clearing = (SELECT max(clearing) FROM removed)"
        )
        restored = super().undo()
        for (data,) in set(there).intersection(removed):
            _run(self, "INSERT INTO ack_queue_default (data, status) VALUES (?, 0)", data)
        return restored


class TakesAProbeForRecovery(System):
    """Whatever comes of the probe, the breaker closes."""

    def may_begin(self) -> bool:
        is_probe = self.worker.circuit_breaker.peek() is CircuitState.HALF_OPEN
        may = super().may_begin()
        if is_probe:
            self.worker.circuit_breaker.reset()
        return may


class ForgetsTheBreaker(System):
    """Each new process begins with a closed breaker."""

    def reopen(self) -> None:
        super().reopen()
        self.worker.circuit_breaker.reset()


KINDS: tuple[type[System], ...] = tuple(System.__subclasses__())


def _run(system: System, statement: str, *values: object) -> None:
    with system.queue.db.transaction():
        system.queue.db.execute(statement, values)


def _on_queues(system: System, statement: str, *keys: JobKey) -> None:
    """Run a statement on both queues."""
    for table in ("ack_queue_default", "ack_queue_bulk"):
        _run(system, statement.replace("{}", table), *map(payload, keys))


def _in_flight(system: System) -> list[JobKey]:
    rows = system.queue.db.rows(
        "SELECT data FROM ack_queue_default WHERE status = 2 "
        "UNION SELECT data FROM ack_queue_bulk WHERE status = 2"
    )
    return [key for (data,) in rows if (key := parse_key(data)) is not None]

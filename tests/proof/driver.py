"""Does everything twice, to the queue and to its model, and compares what comes of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from domain.errors import PermanentError, PlexNotFound, PlexTemporaryError, TransientError
from domain.job import QueueName, SyncJob
from domain.ledger import LedgerEntry
from domain.outcome import Outcome, Parked, Synced, Waiting
from domain.plex_item import RatingKey
from sync_queue.clearing import Clearing
from tests.proof.model import Counts, Model
from tests.proof.model_failures import BreakerModel, after_failure
from tests.proof.sight import QUEUES
from tests.proof.system import MortalClock, System, name_of
from tests.servers.plex import LoopbackPlex
from tests.worker.stage import Killed
from worker.settle import Settlement

DAY = 86_400.0

Ending = Outcome | TransientError | PermanentError

ENDINGS: Mapping[str, Ending] = MappingProxyType(
    {
        "synced": Synced(("title",)),
        "busy": PlexTemporaryError("busy"),
        "missed": PlexNotFound("not there"),
        "parked": Parked(()),
        "refused": PermanentError("never"),
        "Stash away": Waiting(0.0, "Stash does not answer", "StashUnavailable", counted=False),
    }
)


class Driver:
    """One queue, one model of it, and the batch that the worker has in hand.

    Attributes:
        happened: how often what came of all this.
    """

    def __init__(self, kind: type[System], plex: LoopbackPlex, folder: Path) -> None:
        self.clock = MortalClock()
        self.model = Model(self.clock.now)
        self.breaker = BreakerModel(self.clock.now)
        self.happened: Counter[str] = Counter()
        self._plex = plex
        self._batch: dict[int, SyncJob] = {}
        self._batch_of: QueueName = "default"
        self.set_plex(is_up=True)
        self.system = kind(folder, self.clock, plex)

    # What arrives

    def edit(self, scene: int) -> None:
        self.system.edit(scene)
        self.model.edit(scene)
        self.wake()

    def spool(self, scene: int) -> None:
        self.system.spool(scene)
        self.model.spool(scene)
        self.wake()

    def put(self, scenes: list[int], name: QueueName) -> None:
        assert self.system.put(scenes, name) == self.model.put(scenes, name)
        self.wake()

    # What the drain does

    def fetch(self, death: int | None = None) -> None:
        """One more job for the batch, or the first."""
        self.wake()
        if self.model.at_work is not None:
            return
        if self._batch:
            self._add_to_batch()
        elif self._may_begin() and self._survives(self.system.ingest, death):
            self.model.ingest()
            self._begin_batch()

    def work(
        self, ending: str, wait: float, meanwhile: int | None = None, death: int | None = None
    ) -> None:
        """Settle a job, with an event of some scene while it is at work."""
        if not self._batch:
            self.fetch()
        if meanwhile:
            self.edit(meanwhile)
        if not self._batch:
            return
        self._announce()
        job, *others = self._batch.values()
        settlement = self._settlement(job, ENDINGS[ending], wait)
        following = others[0] if others else None
        if self._survives(lambda: self.system.settle(settlement, following), death):
            del self._batch[job.key.id]
            self.model.settle(settlement.job, settlement.outcome, following)
            self.happened[type(settlement.outcome).__name__] += 1

    def put_back(self, is_away: bool) -> None:
        """Plex, or only Stash, goes away; what is not settled goes back where it was."""
        if not self._batch:
            self.fetch()
        self.leave_off(is_away=is_away)

    def leave_off(self, *, is_away: bool = False) -> None:
        if jobs := list(self._batch.values()):
            self.system.put_back(jobs, head_last=is_away)
            self.model.put_back(jobs, head_last=is_away)
            self._batch.clear()
        if is_away:
            self._fail(1)

    def weather(self, is_up: bool, failures: int) -> None:
        """Plex comes or goes, and fails as a server so many times in a row."""
        self.set_plex(is_up=is_up)
        self._fail(failures)

    def set_plex(self, *, is_up: bool) -> None:
        self._is_up = is_up
        self._plex.weather("fine" if is_up else 503)

    # How processes begin and end, and how time passes

    def wake(self) -> None:
        if self.system.wake():
            self.model.resume()
            self.breaker.reload()

    def die(self, is_at_work: bool) -> None:
        if is_at_work and not self._batch:
            self.fetch()
        if is_at_work and self._batch:
            self._announce()
        self.wake()
        self._die()

    def end(self, meanwhile: int) -> None:
        """The process ends if it has nothing to do; an event arrives after its last look."""
        self.wake()
        self.leave_off()
        lives = self.system.lives
        self.system.end(lambda: self.edit(meanwhile))
        if self.system.lives > lives:
            self.breaker.reload()
            self.happened["looked again"] += 1

    def reopen(self) -> None:
        self.system.reopen()
        self.breaker.reload()

    def time(self, seconds: float) -> None:
        self.clock.move(seconds)

    # What the user does

    def revive(self, scenes: list[int] | None, death: int | None = None) -> None:
        """Plex shows some files, or all, and dead letters get new attempts."""
        self.wake()
        files = scenes or [1, 2, 3]
        assert self.system.rearm(files) == self.model.rearm(files)
        if self._survives(lambda: self.system.retry_dead(scenes), death):
            self.happened["revived"] += self.model.retry_dead(scenes)

    def clear(self, older_than: float | None) -> None:
        """What waits, or dead letters of an age."""
        if older_than is None:
            assert _counts(self.system.clear()) == self.model.clear()
        else:
            assert _counts(self.system.clear_dead(older_than)) == self.model.clear_dead(older_than)

    def undo(self, death: int | None = None) -> None:
        self.wake()
        found: list[Clearing | None] = []
        if self._survives(lambda: found.append(self.system.undo()), death):
            back = self.model.undo()
            assert (found[0] and _counts(found[0])) == back
            self.happened["undone"] += bool(back and any(back))

    def tidy(self, days: int) -> None:
        self.clock.move(days * DAY)
        self.system.tidy()
        self.model.tidy()

    # How it is done

    def _fail(self, times: int) -> None:
        for _ in range(times if self.system.is_alive else 0):
            self.system.server_failed()
            self.breaker.failed()

    def _die(self) -> None:
        self.system.die()
        self.model.resume()
        self.breaker.reload()
        self._batch.clear()
        self.happened["died"] += 1

    def _survives(self, act: Callable[[], object], death: int | None) -> bool:
        """Do something that is done whole or not at all; whether the process lived through it."""
        self.clock.looks = death
        try:
            act()
        except Killed:
            self._die()
            return False
        finally:
            self.clock.looks = None
        return True

    def _may_begin(self) -> bool:
        may = self.system.may_begin()
        assert may == self.breaker.may_begin(is_up=self._is_up)
        return may

    def _begin_batch(self) -> None:
        """As worker.batch does: hooks' jobs, suspects of theirs, then the same of bulk runs."""
        for self._batch_of in QUEUES:
            for fetch, expected in (
                (self.system.fetch, self.model.fetch),
                (self.system.fetch_suspect, self.model.fetch_suspect),
            ):
                if self._fetch(fetch(self._batch_of), expected(self._batch_of)):
                    return

    def _add_to_batch(self) -> None:
        if not any(job.alone for job in self._batch.values()):
            self._fetch(self.system.fetch(self._batch_of), self.model.fetch(self._batch_of))

    def _fetch(self, job: SyncJob | None, expected: SyncJob | None) -> bool:
        if job is not None:
            self._batch[job.key.id] = job
            job = replace(job, enqueued_at=0.0)
        assert job == expected
        return job is not None

    def _announce(self) -> None:
        if self.model.at_work is None:
            jobs = list(self._batch.values())
            self.system.announce(jobs)
            self.model.announce(jobs[0])

    def _settlement(self, job: SyncJob, ending: Ending, wait: float) -> Settlement:
        """What the drain makes of how the work went; waits are drawn here, not by chance."""
        match ending:
            case TransientError() | PermanentError():
                return self._failed(job, ending, wait)
            case Synced():
                self.system.server_answered()
                self.breaker.answered()
                item = ("Plex", RatingKey(job.scene_id))
                entry = LedgerEntry(*item, job.scene_id, synced_at=self.clock.now())
                return Settlement(job, ending, [entry], [item])
            case Parked():
                return Settlement(job, Parked((name_of(job.scene_id),)))
            case Waiting():
                return Settlement(job, replace(ending, until=self.clock.now() + wait))
        return Settlement(job, ending)

    def _failed(
        self, job: SyncJob, error: TransientError | PermanentError, wait: float
    ) -> Settlement:
        settlement = self.system.failed(job, error)
        expected, fate, longest = after_failure(job, error)
        assert settlement.job == expected
        assert type(settlement.outcome) is fate
        if not isinstance(settlement.outcome, Waiting):
            return settlement
        now = self.clock.now()
        assert 0 <= settlement.outcome.until - now <= longest
        return replace(settlement, outcome=replace(settlement.outcome, until=now + wait))


def _counts(one: Clearing) -> Counts:
    return one.queued, one.retries, one.dead_letters

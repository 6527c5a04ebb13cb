"""The promise of the queue in plain Python: where every scene is, whatever anybody does."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from domain.job import QueueName, SyncJob
from domain.outcome import Outcome, Synced
from tests.proof.model_drain import DrainModel, Letter, Row
from tests.proof.sight import QUEUES, Retry, Sight

DAY = 86_400.0
KEPT = 7 * DAY  # what was cleared
LONGEST = 90 * DAY  # a dead letter

Counts = tuple[int, int, int]  # jobs that were queued, retries, dead letters


@dataclass(slots=True)
class Cleared:
    """What one task removed.

    Attributes:
        synced: scenes that have reached Plex since.
    """

    at: float
    rows: dict[QueueName, list[Row]] = field(default_factory=dict)
    retries: dict[int, Retry] = field(default_factory=dict)
    promoted: dict[int, Row] = field(default_factory=dict)
    dead: dict[int, Letter] = field(default_factory=dict)
    synced: set[int] = field(default_factory=set)

    @property
    def scenes(self) -> list[int]:
        rows = [row.scene for rows in self.rows.values() for row in rows]
        return [*rows, *self.retries, *self.dead]

    @property
    def counts(self) -> Counts:
        jobs = sum(len({row.scene for row in rows}) for rows in self.rows.values())
        return jobs, _count_waiting(self.retries.values()), len(self.dead)


class Model(DrainModel):
    """The drain's model, with the spool and with what the user does."""

    def __init__(self, now: Callable[[], float]) -> None:
        super().__init__(now)
        self.spooled: list[int] = []
        self.cleared: list[Cleared] = []

    def spool(self, scene: int) -> None:
        self.stash[scene] += 1
        self.spooled.append(scene)

    def ingest(self) -> None:
        self.enqueue(self.spooled, "default")
        self.spooled = []

    def settle(self, job: SyncJob, outcome: Outcome, following: SyncJob | None) -> None:
        super().settle(job, outcome, following)
        if isinstance(outcome, Synced):
            for one in self.cleared:
                one.synced.add(job.key.id)

    def rearm(self, scenes: Iterable[int]) -> int:
        return self.enqueue(sorted(self.parked.intersection(scenes)), "bulk")

    def retry_dead(self, scenes: Sequence[int] | None) -> int:
        letters = sorted(self.dead, key=lambda scene: self.dead[scene].number)
        chosen = [scene for scene in letters if scenes is None or scene in scenes]
        self.enqueue(chosen, "bulk")
        for scene in chosen:
            del self.dead[scene]
        return len(chosen)

    def clear(self) -> Counts:
        """Everything that waits for its turn or for a time; not what is in flight."""
        one = self._begin_clearing()
        for name, rows in self.rows.items():
            one.rows[name] = [row for row in rows if not row.in_flight]
            self.rows[name] = [row for row in rows if row.in_flight]
        for scene in self.retries.keys() - {row.scene for row in self.all_rows()}:
            one.retries[scene] = self.retries.pop(scene)
            if scene in self.promoted:
                one.promoted[scene] = self.promoted.pop(scene)
        return one.counts

    def clear_dead(self, older_than: float) -> Counts:
        one = self._begin_clearing()
        for scene, letter in list(self.dead.items()):
            if not older_than or letter.buried_at <= self._now() - older_than:
                one.dead[scene] = self.dead.pop(scene)
        return one.counts

    def undo(self) -> Counts | None:
        """Undo the latest clearing; return what of it came back, None if there is none."""
        self.cleared = [one for one in self.cleared if one.scenes]
        if not self.cleared:
            return None
        one = self.cleared.pop()
        retries = {s: r for s, r in one.retries.items() if not self._is_known(s)}
        lost = one.dead.keys() - one.synced
        dead = {s: one.dead[s] for s in lost if not self._is_known(s)}
        self.retries |= retries
        self.promoted |= {s: row for s, row in one.promoted.items() if s in retries}
        self.dead |= dead
        jobs = sum(self._restore(row, name) for name, rows in one.rows.items() for row in rows)
        return jobs, _count_waiting(retries.values()), len(dead)

    def tidy(self) -> None:
        """What is kept no longer is owed no longer."""
        old = [one for one in self.cleared if one.at < self._now() - KEPT]
        letters = [s for s, one in self.dead.items() if one.buried_at < self._now() - LONGEST]
        self.cleared = [one for one in self.cleared if one not in old]
        for scene in letters:
            del self.dead[scene]
        for scene in (*letters, *(scene for one in old for scene in one.scenes)):
            if not self.sight().is_kept(scene):
                self.plex[scene] = self.stash[scene]

    def sight(self) -> Sight:
        """What there is to be seen in the data folder."""
        return Sight(
            rows={n: [(r.scene, r.in_flight) for r in rows] for n, rows in self.rows.items()},
            retries=dict(self.retries),
            parked=frozenset(self.parked),
            dead={scene: letter.attempts for scene, letter in self.dead.items()},
            spooled=list(self.spooled),
            removed=sorted(scene for one in self.cleared for scene in one.scenes),
            at_work=None if self.at_work is None else self.at_work.key.id,
        )

    def _begin_clearing(self) -> Cleared:
        self.cleared.append(Cleared(self._now()))
        return self.cleared[-1]

    def _restore(self, row: Row, name: QueueName) -> bool:
        """Put a row back in its old place, unless its scene waits in that queue again."""
        if self.waits_in(row.scene, name):
            return False
        self.rows[name] = sorted([*self.rows[name], row], key=lambda row: row.number)
        return True

    def _is_known(self, scene: int) -> bool:
        queued = any(self.waits_in(scene, name) for name in QUEUES)
        return queued or scene in self.retries or bool(self.sight().homes(scene))


def _count_waiting(retries: Iterable[Retry]) -> int:
    return sum(retry.until is not None for retry in retries)

"""What the drain must make of the queue, in plain Python: which job comes next, and what then."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from domain.job import JobKey, QueueName, SyncJob
from domain.outcome import Buried, Outcome, Parked, Synced, Waiting
from tests.proof.sight import QUEUES, Retry

LONGEST_WAIT = 7200.0  # seconds
DEADLY = 3  # deaths alone


@dataclass(eq=False, slots=True)
class Row:
    """A job in a queue, in the place that its number says."""

    number: int
    scene: int
    in_flight: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A scene that was given up; the number says in which order."""

    number: int
    attempts: int
    buried_at: float


class DrainModel:
    """Two queues, what is beside them, and the worker that drains them.

    Attributes:
        stash: which version of each scene Stash has; each event makes a new one.
        plex: which version Plex is known to show.
        promoted: the rows that were made because a scene had waited long enough.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._number = 0
        self._claimed: dict[int, int] = {}
        self.stash: Counter[int] = Counter()
        self.plex: Counter[int] = Counter()
        self.rows: dict[QueueName, list[Row]] = {name: [] for name in QUEUES}
        self.retries: dict[int, Retry] = {}
        self.promoted: dict[int, Row] = {}
        self.parked: set[int] = set()
        self.dead: dict[int, Letter] = {}
        self.at_work: SyncJob | None = None

    def edit(self, scene: int) -> None:
        self.stash[scene] += 1
        self._append(scene, "default")

    def put(self, scenes: Sequence[int], name: QueueName) -> int:
        self.stash.update(set(scenes))
        return self.enqueue(scenes, name)

    def enqueue(self, scenes: Iterable[int], name: QueueName) -> int:
        """Enqueue what does not wait in that queue yet; return how many."""
        missing = [scene for scene in dict.fromkeys(scenes) if not self.waits_in(scene, name)]
        for scene in missing:
            self._append(scene, name)
        return len(missing)

    def fetch(self, name: QueueName) -> SyncJob | None:
        for scene in self._due(alone=False):
            self._promote(scene)
        while waiting := [row for row in self.rows[name] if not row.in_flight]:
            job = self._claim(waiting[0].scene, name)
            if not job.alone:
                return job
            self._put_off(job, self._now())
        return None

    def fetch_suspect(self, name: QueueName) -> SyncJob | None:
        due = [scene for scene in self._due(alone=True) if self.retries[scene].queue == name]
        if not due:
            return None
        self._promote(due[0])
        self._take_rows(due[0])
        return self._job(due[0], name)

    def announce(self, job: SyncJob) -> None:
        self.at_work = job

    def settle(self, job: SyncJob, outcome: Outcome, following: SyncJob | None) -> None:
        scene = job.key.id
        self._forget(scene)
        match outcome:
            case Synced():
                self.plex[scene] = self._claimed[scene]
            case Waiting():
                self._put_off(job, outcome.until)
            case Parked():
                self.parked.add(scene)
            case Buried():
                self._bury(scene, outcome.attempts)
        self.at_work = following

    def put_back(self, jobs: Sequence[SyncJob], *, head_last: bool) -> None:
        if head_last:
            self._send_to_back(jobs[0])
        scenes = {job.key.id for job in jobs}
        for row in self.all_rows():
            row.in_flight = row.in_flight and row.scene not in scenes
        self.at_work = None

    def resume(self) -> None:
        """The process that drained is dead; another takes over."""
        if self.at_work is not None:
            self._charge(self.at_work)
        for row in self.all_rows():
            row.in_flight = False
        self.at_work = None

    def all_rows(self) -> Iterator[Row]:
        for name in QUEUES:
            yield from self.rows[name]

    def waits_in(self, scene: int, name: QueueName) -> bool:
        return any(row.scene == scene and not row.in_flight for row in self.rows[name])

    @property
    def owed(self) -> set[int]:
        """Scenes whose last event is not yet in Plex."""
        return {scene for scene in self.stash if self.plex[scene] < self.stash[scene]}

    @property
    def is_due(self) -> bool:
        """Whether a job could be fetched now."""
        queued = any(not row.in_flight for row in self.all_rows())
        return queued or bool(self._due(alone=False) or self._due(alone=True))

    def _append(self, scene: int, name: QueueName) -> Row:
        self._number += 1
        self.rows[name].append(Row(self._number, scene))
        return self.rows[name][-1]

    def _due(self, *, alone: bool) -> list[int]:
        """Scenes that have waited long enough, or for senselessly long, longest first."""
        now = self._now()
        waits = [(r.until, s) for s, r in self.retries.items() if r.until and r.alone == alone]
        overdue = sorted(wait for wait in waits if wait[0] <= now)
        senseless = sorted(wait for wait in waits if wait[0] > now + LONGEST_WAIT)
        return [scene for _, scene in overdue + senseless]

    def _promote(self, scene: int) -> None:
        """A scene waits no longer for a time, but for its turn."""
        retry = self.retries[scene]
        self.retries[scene] = replace(retry, until=None)
        self.promoted[scene] = self._append(scene, retry.queue)

    def _claim(self, scene: int, name: QueueName) -> SyncJob:
        self._take_rows(scene)
        self.parked.discard(scene)
        self.dead.pop(scene, None)
        if scene in self.retries:
            self.retries[scene] = replace(self.retries[scene], until=None)
            if self._has_new_event(scene):
                self.retries[scene] = replace(self.retries[scene], attempts=0, misses=0)
        return self._job(scene, name)

    def _take_rows(self, scene: int) -> None:
        for row in self.all_rows():
            row.in_flight = row.in_flight or row.scene == scene
        self._claimed[scene] = self.stash[scene]

    def _has_new_event(self, scene: int) -> bool:
        promoted = self.promoted.get(scene)
        rows = [row for row in self.rows["default"] if row.scene == scene and row.in_flight]
        return any(row is not promoted for row in rows)

    def _job(self, scene: int, name: QueueName) -> SyncJob:
        """The job as it is handed out; a save remains one, whatever the queue it is found in."""
        key, retry = JobKey("scene", scene), self.retries.get(scene)
        if retry is None:
            return SyncJob(key, name)
        queue = name if name == "default" else retry.queue
        return SyncJob(key, queue, retry.attempts, retry.misses, retry.deaths, retry.alone)

    def _forget(self, scene: int) -> None:
        """The rows in flight are settled, and earlier attempts are of no interest any more."""
        for name, rows in self.rows.items():
            self.rows[name] = [row for row in rows if row.scene != scene or not row.in_flight]
        self.retries.pop(scene, None)
        self.promoted.pop(scene, None)

    def _put_off(self, job: SyncJob, until: float) -> None:
        self._forget(job.key.id)
        until = min(until, self._now() + LONGEST_WAIT)
        counts = (job.attempts, job.misses, job.deaths, job.alone)
        self.retries[job.key.id] = Retry(job.queue, *counts, until)

    def _bury(self, scene: int, attempts: int) -> None:
        self._number += 1
        self.dead[scene] = Letter(self._number, attempts, self._now())

    def _send_to_back(self, job: SyncJob) -> None:
        scene, retry = job.key.id, self.retries.get(job.key.id)
        self._forget(scene)
        row = self._append(scene, job.queue)
        if retry is not None:
            self.retries[scene], self.promoted[scene] = replace(retry, until=None), row

    def _charge(self, job: SyncJob) -> None:
        """A worker died while this job was at work; the third death alone is the end."""
        scene, known = job.key.id, self._job(job.key.id, job.queue)
        deaths = known.deaths + job.alone
        if deaths >= DEADLY:
            self._forget(scene)
            self._bury(scene, deaths)
        else:
            suspect = replace(known, queue=job.queue, deaths=deaths, alone=True)
            self._put_off(suspect, self._now())

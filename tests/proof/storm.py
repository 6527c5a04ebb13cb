"""Users edit, hooks record, processes drain, and one after the other is killed."""

import os
import signal
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType

from sync_queue.orphans import DEADLY
from tests.invocation.circumstances import hold_off, time_passes
from tests.invocation.witness import backgrounds, rows
from tests.proof.editions import Editions
from tests.proof.oracle import Oracle, drains, unsettled
from tests.world import World

SCENES = 60
OPEN = 6  # scenes that users edit at a time; then they go on to others, or edits would hide losses
EDITORS = 2
PAUSES = (0.1, 0.8)  # seconds at most between two saves of a user: many at once, or one by one
REQUESTS = 16  # at most, of all processes, between the sight of a victim and its death
LATENCIES = (0.005, 0.01, 0.02)  # seconds, of both servers
MODES: Sequence[Sequence[str]] = (("process_queue",), ("all", "recent"))
"""Of the tasks in a storm; the latter hide losses, because they enqueue every scene."""
DRAINING, FOLLOWING = "tasks that drain", "tasks that follow"
IN_TIME = 60.0  # seconds; whatever is not settled by then is stuck


@dataclass(slots=True)
class Figures:
    """What was done and what was found.

    Attributes:
        kills: by the kind of victim.
        at_work: kills that left a scene at work: one among others, or one that ran alone.
        spared: processes that were at a scene alone which two had died at: a third death would
            have been rightly charged to it.
        answers: what the hooks of all edits have answered.
        faults: what must not be, by its kind.
        longest: seconds from the last invocation of a storm until nothing was left to do.
    """

    kills: Counter[str] = field(default_factory=Counter)
    at_work: Counter[str] = field(default_factory=Counter)
    spared: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    faults: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    longest: float = 0.0

    def add(self, other: "Figures") -> None:
        """Take in what other storms have found."""
        self.kills += other.kills
        self.at_work += other.at_work
        self.spared += other.spared
        self.answers += other.answers
        self.longest = max(self.longest, other.longest)
        self.blame(other.faults)

    def blame(self, faults: Mapping[str, list[str]]) -> None:
        for kind, found in faults.items():
            self.faults[kind] += found

    def all_faults(self) -> list[str]:
        return [f"{kind}: {each}" for kind, found in self.faults.items() for each in found]

    def __str__(self) -> str:
        return (
            f"{_listed(self.kills, 'kills')}\n{_listed(self.at_work, 'with a scene at work')}\n"
            f"{self.spared} spared\n{_listed(self.answers, 'edits')}\n"
            f"faults: {', '.join(f'{len(found)} {kind}' for kind, found in self.faults.items())}\n"
            f"longest convergence: {self.longest:.1f} s"
        )


def _listed(counts: Counter[str], what: str) -> str:
    parts = ", ".join(f"{number} {name}" for name, number in counts.most_common())
    return f"{counts.total()} {what}: {parts}"


class Storm:
    """A world in which processes die while users go on editing.

    Attributes:
        figures: of all of it so far.
    """

    def __init__(self, world: World, random: Random) -> None:
        self.world = world
        self.random = random
        self.editions = Editions(world, SCENES)
        self.oracle = Oracle(self.editions)
        self.figures = Figures(answers=self.editions.answers)
        self._modes: Sequence[str] = ()
        self._pause = 0.0
        self._usual = 0.1  # seconds that a hook takes
        world.plex.latency = world.stash.latency = random.choice(LATENCIES)

    def rage(self, kills: int) -> Figures:
        """Kill so many while users edit; one more invocation must make everything right."""
        self._modes, self._pause = self.random.choice(MODES), self.random.choice(PAUSES)
        wanted = self.figures.kills.total() + kills
        with self._users():
            while self.figures.kills.total() < wanted:
                (strike,) = self.random.choices(list(STRIKES), list(STRIKES.values()))
                strike(self)
        self._invoke_once_more()
        self.figures.blame(self.oracle.look())
        self.world.stash.clear_requests()
        return self.figures

    @contextmanager
    def _users(self) -> Iterator[None]:
        calm = threading.Event()
        with ThreadPoolExecutor(EDITORS) as pool:
            seeds = [self.random.random() for _ in range(EDITORS)]
            users = [pool.submit(self._edit, Random(seed), calm) for seed in seeds]
            try:
                yield
            finally:
                calm.set()
            for user in users:
                user.result()

    def _edit(self, random: Random, calm: threading.Event) -> None:
        while not calm.wait(random.uniform(0, self._pause)):
            result = self.editions.save(self._scene(random))
            self._usual = result.seconds

    def _scene(self, random: Random) -> int:
        """One of those that users are at."""
        first = self.editions.answers.total() // 2
        return self.editions.scenes[(first + random.randrange(OPEN)) % SCENES]

    def _invoke_once_more(self) -> None:
        started = time.monotonic()
        self.world.hook(self.random.choice(self.editions.scenes))
        try:
            self.world.until(lambda: not unsettled(self.world), within=IN_TIME)
        except AssertionError as late:
            print(late)  # the oracle says what is stuck
        self.figures.longest = max(self.figures.longest, time.monotonic() - started)

    # Victims

    def kill_hook(self) -> None:
        """At a moment that is as often before its record as after it."""
        moment = self.random.uniform(0.5, 1.5) * self._usual
        result = self.editions.save(self._scene(self.random), kill_after=moment)
        self.figures.kills["hooks"] += result.exit == -signal.SIGKILL

    def kill_background(self) -> None:
        self.world.until(lambda: backgrounds(self.world))
        self._see_work(lambda: not backgrounds(self.world))
        self._kill_backgrounds()

    def kill_task(self) -> None:
        pids: list[int] = []
        with ThreadPoolExecutor(1) as pool:
            mode = self.random.choice(self._modes)
            task = pool.submit(self.world.task, mode, on_start=pids.append)
            self.world.until(lambda: pids)
            self._see_work(task.done)
            if not task.done():
                self._kill(pids[0], DRAINING if drains(self.world, pids[0]) else FOLLOWING)

    def kill_draining_task(self) -> None:
        """With nobody beside it who could drain in its place."""
        hold_off(self.world)
        self._kill_backgrounds()
        self.kill_task()
        time_passes(self.world)

    def _kill_backgrounds(self) -> None:
        dead = {pid for pid in backgrounds(self.world) if self._kill(pid, "backgrounds")}
        self.world.until(lambda: dead.isdisjoint(backgrounds(self.world)))

    def _see_work(self, is_over: Callable[[], bool]) -> None:
        """Wait for a random number of requests, unless the victim is over, and then some more."""
        enough = self._requests() + self.random.randint(1, REQUESTS)
        self.world.until(lambda: self._requests() >= enough or is_over())
        time.sleep(self.random.uniform(0, 0.02))

    def _requests(self) -> int:
        return len(self.world.plex.requests) + len(self.world.stash.requests)

    def _kill(self, pid: int, kind: str) -> bool:
        """Kill it, unless that is what makes a scene a deadly one; whether it was killed."""
        try:
            os.kill(pid, signal.SIGSTOP)
            at_work = rows(self.world, "at_work", "alone")
            if any(at_work) and max(rows(self.world, "retry", "deaths")) >= DEADLY - 1:
                self.figures.spared += 1
                os.kill(pid, signal.SIGCONT)
                return False
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        self.figures.kills[kind] += 1
        if kind != FOLLOWING:
            names = ("alone" if alone else "among others" for alone in at_work)
            self.figures.at_work.update(names)
        return True


STRIKES: Mapping[Callable[[Storm], None], int] = MappingProxyType(
    {
        Storm.kill_hook: 5,
        Storm.kill_background: 4,
        Storm.kill_task: 1,
        Storm.kill_draining_task: 1,
    }
)
"""How often each comes, relative to the others."""

"""Anything, in any order, and what must hold after each step and in the end."""

import logging
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sync_queue.due import is_reconciliation_due
from sync_queue.operations import is_due
from tests.proof.driver import Driver
from tests.proof.sight import look
from tests.proof.steps import STEP, Step
from tests.proof.system import System
from tests.servers.plex import LoopbackPlex
from worker.circuit_breaker import CircuitBreaker

MOMENT = 0.001  # seconds between two steps

MANY = 50  # jobs; more than there can be events in one example


@dataclass
class Tally:
    """What was tried, and how often what came of it."""

    examples: int = 0
    steps: int = 0
    happened: Counter[str] = field(default_factory=Counter)


class QueueMachine(RuleBasedStateMachine):
    """Three scenes, a queue, a breaker, and whoever uses them."""

    def __init__(self, kind: type[System], plex: LoopbackPlex, folder: Path, tally: Tally) -> None:
        super().__init__()
        tally.examples += 1
        self.tally = tally
        self.folder = folder / str(tally.examples)
        self.folder.mkdir()
        self.driver = Driver(kind, plex, self.folder)
        self.model = self.driver.model
        self.system = self.driver.system
        self.is_sound = False
        self.sight = look(self.system.store)

    @rule(step=STEP)
    def step(self, step: Step) -> None:
        """One rule for all, because Hypothesis would leave out half of many in each example."""
        self.is_sound = False
        name, arguments = step
        getattr(self.driver, name)(*arguments)
        self.sight = look(self.system.store)
        self.tally.steps += 1

    @invariant()
    def nothing_is_lost(self) -> None:
        for scene in self.model.owed:
            assert self.sight.is_kept(scene), f"scene {scene} is lost"
        if not self.system.is_alive:
            assert self.sight.counts()["pending"] == 0, "jobs are queued and nobody drains"
            assert not self.sight.spooled, "jobs are spooled and nobody drains"
        assert not is_reconciliation_due(self.folder)

    @invariant()
    def every_scene_is_in_the_one_place_where_it_must_be(self) -> None:
        for scene in self.model.stash:
            homes = self.sight.homes(scene)
            assert len(homes) <= 1, f"scene {scene} is in {homes}"
        assert self.sight == self.model.sight()
        assert self.system.store.stats == self.sight.counts()
        assert is_due(self.system.queue) == self.model.is_due

    @invariant()
    def the_breaker_follows_its_table(self) -> None:
        assert self.system.breaker is self.driver.breaker.state
        seen = CircuitBreaker.as_onlooker(self.system.breaker_file, self.driver.clock)
        assert (seen and seen.peek()) == self.driver.breaker.seen_by_others
        self.is_sound = True
        self.driver.clock.move(MOMENT)

    def teardown(self) -> None:
        """In the end everything reaches Plex; then the folder goes."""
        try:
            if self.is_sound:
                self.driver.wake()
                self._converge()
        finally:
            self.tally.happened += self.driver.happened
            self.system.close()
            shutil.rmtree(self.folder)

    def _converge(self) -> None:
        """Plex is well, the user takes everything back, and time passes twice."""
        driver = self.driver
        driver.set_plex(is_up=True)
        driver.leave_off()
        while self.model.cleared:
            driver.undo()
        driver.revive(None)
        for _ in range(2):
            driver.time(10_000.0)
            self._drain()
        assert self.model.owed == set()
        assert set(look(self.system.store).counts().values()) == {0}

    def _drain(self) -> None:
        """Everything that is due, and it must be a bounded number of jobs."""
        for _ in range(MANY):
            if not self.model.is_due and not self.model.spooled:
                return
            self.driver.work("synced", 0.0)
        raise AssertionError("the drain finds no end")


THOROUGH = settings(
    max_examples=3000,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def run(kind: type[System], folder: Path, effort: settings, *, start: int | None = None) -> Tally:
    """Run the machine on one kind of system; raises what it finds.

    Args:
        start: the seed of all chance; None for what the settings say.
    """
    tally = Tally()
    with LoopbackPlex() as plex, _silence():

        class Machine(QueueMachine):
            def __init__(self) -> None:
                super().__init__(kind, plex, folder, tally)

        if start is not None:
            seed(start)(Machine)
        run_state_machine_as_test(Machine, settings=effort)
    return tally


@contextmanager
def _silence() -> Iterator[None]:
    """Nobody reads the log of so many drains, and kept it would fill the memory."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)

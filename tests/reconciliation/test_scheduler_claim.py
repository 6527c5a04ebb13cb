"""One process at a time reconciles, and a run that is killed is due again."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.errors import QueueUnusable
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
from tests.reconciliation.due import FOUND
from tests.world import ROOT, FrozenClock

DAY = 86_400.0  # seconds

CLAIMER = """
import sys
from reconciliation.scheduler import ReconciliationScheduler
scheduler = ReconciliationScheduler(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
with scheduler.claim() as ours:
    print(ours, flush=True)
    sys.stdin.readline()
"""

SAVER = """
import sys
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
scheduler = ReconciliationScheduler(sys.argv[1])
print("ready", flush=True)
while True:
    scheduler.save_state(ReconciliationState(run_count=7, last_run_scope="x" * 100_000))
"""


class Other:
    """Another process with a scheduler of the same folder."""

    def __init__(self, folder: Path, code: str = CLAIMER) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def read(self) -> str:
        """The next line that it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def claim(self) -> bool:
        """Let it claim the run; it keeps it until it goes on."""
        self.go_on()
        return self.read() == "True"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


Start = Callable[..., Other]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start another process; it is killed afterwards."""
    others: list[Other] = []

    def start(code: str = CLAIMER) -> Other:
        others.append(Other(tmp_path, code))
        assert others[-1].read() == "ready"
        return others[-1]

    yield start
    for other in others:
        other.kill()


class TestClaim:
    def test_a_run_is_claimed_by_one_and_free_again_afterwards(
        self, scheduler: ReconciliationScheduler, tmp_path: Path
    ) -> None:
        other = ReconciliationScheduler(tmp_path)

        with scheduler.claim() as ours:
            assert ours
            with other.claim() as theirs:
                assert not theirs

        with other.claim() as theirs:
            assert theirs

    def test_it_is_free_again_after_an_error(self, scheduler: ReconciliationScheduler) -> None:
        with pytest.raises(ZeroDivisionError), scheduler.claim():
            raise ZeroDivisionError

        with scheduler.claim() as ours:
            assert ours

    def test_it_notes_when_it_began_and_keeps_the_rest(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        scheduler.record_run(FOUND, "all")
        before = scheduler.load_state()
        clock.move(DAY)

        with scheduler.claim():
            state = scheduler.load_state()

        assert state.started_at == clock.now()
        assert state.last_run_time == before.last_run_time == clock.now() - DAY
        assert (state.run_count, state.last_gaps_found) == (1, 7)

    def test_whoever_does_not_get_it_notes_nothing(
        self, scheduler: ReconciliationScheduler, start: Start
    ) -> None:
        other = start()
        assert other.claim()
        before = scheduler.load_state()

        with scheduler.claim() as ours:
            assert not ours

        assert scheduler.load_state() == before

    def test_of_two_processes_only_one_runs(self, start: Start) -> None:
        first, second = start(), start()

        assert first.claim()
        assert not second.claim()

    def test_of_processes_that_claim_at_the_same_moment_only_one_runs(self, start: Start) -> None:
        for _ in range(3):
            others = [start() for _ in range(4)]
            for other in others:
                other.go_on()

            assert sorted(other.read() for other in others) == ["False", "False", "False", "True"]

            for other in others:
                other.kill()

    def test_a_lock_that_cannot_be_made_is_told_and_not_taken_for_another_run(
        self, scheduler: ReconciliationScheduler, tmp_path: Path
    ) -> None:
        (tmp_path / "reconcile.lock").mkdir()

        with pytest.raises(QueueUnusable), scheduler.claim():
            pass


class TestKilled:
    """A run that did not come to its end."""

    def test_it_is_due_again_after_ten_minutes_and_not_before(
        self, scheduler: ReconciliationScheduler, start: Start
    ) -> None:
        other = start()
        assert other.claim()
        other.kill()
        began = scheduler.load_state().started_at

        for now in (began, began + 599.9):
            assert not scheduler.is_due("hourly", now=now)
            assert not scheduler.is_startup_due(now=now)
        assert scheduler.is_due("hourly", now=began + 600)
        assert scheduler.is_startup_due(now=began + 600)

    def test_somebody_may_run_at_once_if_the_user_wants_it(
        self, scheduler: ReconciliationScheduler, start: Start
    ) -> None:
        other = start()
        assert other.claim()
        other.kill()

        with scheduler.claim() as ours:
            assert ours

    def test_the_run_before_it_is_not_forgotten(
        self, scheduler: ReconciliationScheduler, start: Start
    ) -> None:
        scheduler.record_run(FOUND, "7days")
        before = scheduler.load_state()

        other = start()
        assert other.claim()
        other.kill()

        state = scheduler.load_state()
        assert state.last_run_time == before.last_run_time
        assert (state.last_run_scope, state.run_count, state.last_gaps_found) == ("7days", 1, 7)

    def test_a_run_that_ends_well_leaves_nothing_to_wait_for(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        with scheduler.claim():
            clock.move(1200)
            scheduler.record_run(FOUND, "24h")

        assert scheduler.load_state().started_at == 0.0

    def test_one_that_was_dated_by_a_clock_gone_wrong_is_due(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        scheduler.save_state(ReconciliationState(started_at=clock.now() + DAY))

        assert scheduler.is_due("weekly")
        assert scheduler.is_startup_due()

    def test_never_stays_never(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        scheduler.save_state(ReconciliationState(started_at=clock.now() - 600))

        assert not scheduler.is_due("never")

    def test_a_process_that_dies_while_it_saves_leaves_a_whole_file(
        self, scheduler: ReconciliationScheduler, start: Start
    ) -> None:
        scheduler.save_state(ReconciliationState(run_count=7))

        for wait in (0.001, 0.01, 0.02, 0.05):
            other = start(SAVER)
            with pytest.raises(subprocess.TimeoutExpired):
                other.process.wait(wait)
            other.kill()

            assert scheduler.load_state().run_count == 7

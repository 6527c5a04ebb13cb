"""When Plex is asked whether it is back, and what is remembered of the answers."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.worker.damage import NO_TIME, UNREADABLE
from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.outage_history import OutageHistory, OutageRecord
from worker.recovery import RecoveryScheduler, RecoveryState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
DAY = 86_400.0

Make = Callable[[], RecoveryScheduler]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "recovery_state.json"


@pytest.fixture
def make(path: Path, clock: FrozenClock) -> Make:
    """A scheduler as each process makes its own."""
    return lambda: RecoveryScheduler(path.parent, clock=clock)


@pytest.fixture
def scheduler(make: Make) -> RecoveryScheduler:
    return make()


@pytest.fixture
def breaker(tmp_path: Path, clock: FrozenClock) -> CircuitBreaker:
    """One that has just opened."""
    breaker = CircuitBreaker(1, state_file=tmp_path / "circuit_breaker.json", clock=clock)
    breaker.record_failure()
    return breaker


def check(scheduler: RecoveryScheduler, breaker: CircuitBreaker, answers: str) -> RecoveryState:
    """Record answers of Plex: "s" for success, "f" for failure."""
    for answer in answers:
        scheduler.record_health_check(answer == "s", 12.0, breaker)
    return scheduler.load_state()


class TestWhen:
    """Only while Plex is away, and at least five seconds apart."""

    @pytest.mark.parametrize(
        ("state", "elapsed", "due"),
        [
            (CLOSED, 0.0, False),
            (CLOSED, DAY, False),
            (OPEN, 0.0, False),
            (OPEN, 4.9, False),
            (OPEN, 5.0, True),
            (OPEN, DAY, True),
            (HALF_OPEN, 4.9, False),
            (HALF_OPEN, 5.0, True),
            (OPEN, -60.0, True),  # the clock was set back
        ],
    )
    def test_recv_02_plex_is_asked_while_it_is_away_and_not_too_often(
        self, state: CircuitState, elapsed: float, due: bool,
        make: Make, breaker: CircuitBreaker, clock: FrozenClock,
    ) -> None:  # fmt: skip
        make().record_health_check(False, 0.0, breaker)
        then = clock.now() + elapsed

        assert make().should_check_recovery(state, then) is due
        clock.move(elapsed)
        assert make().should_check_recovery(state) is due

    @pytest.mark.parametrize(("state", "due"), [(CLOSED, False), (OPEN, True), (HALF_OPEN, True)])
    def test_a_plex_that_was_never_asked_is_asked_when_it_is_away(
        self, state: CircuitState, due: bool, scheduler: RecoveryScheduler, path: Path
    ) -> None:
        assert scheduler.should_check_recovery(state) is due
        assert not path.exists()

    def test_stat_02_the_time_of_a_check_is_known_to_the_next_process(
        self, make: Make, breaker: CircuitBreaker, path: Path, clock: FrozenClock
    ) -> None:
        make().record_health_check(True, 12.0, breaker)

        assert make().load_state().last_check_time == clock.now()
        assert json.loads(path.read_bytes()) == {
            "last_check_time": clock.now(),
            "consecutive_successes": 1,
            "consecutive_failures": 0,
            "last_recovery_time": 0.0,
            "recovery_count": 0,
            "recovery_started_at": 0.0,
        }


class TestCounting:
    """Successes in a row or failures in a row, never both."""

    @pytest.mark.parametrize(
        ("answers", "successes", "failures"),
        [("s", 1, 0), ("f", 0, 1), ("ss", 2, 0), ("ff", 0, 2), ("ssf", 0, 1), ("fffs", 1, 0)],
    )
    def test_stat_02_one_answer_ends_the_row_of_the_others(
        self, answers: str, successes: int, failures: int, make: Make, breaker: CircuitBreaker
    ) -> None:
        for answer in answers:
            check(make(), breaker, answer)

        state = make().load_state()
        assert (state.consecutive_successes, state.consecutive_failures) == (successes, failures)

    @pytest.mark.parametrize("answers", ["s", "f", "sss", "fff"])
    def test_an_answer_before_the_breakers_time_is_over_changes_nothing_in_it(
        self, answers: str, scheduler: RecoveryScheduler, breaker: CircuitBreaker, tmp_path: Path
    ) -> None:
        before = (tmp_path / "circuit_breaker.json").read_bytes()

        state = check(scheduler, breaker, answers)

        assert (tmp_path / "circuit_breaker.json").read_bytes() == before
        assert breaker.peek() is OPEN
        assert state.recovery_count == 0

    def test_a_failure_when_the_breakers_time_is_over_opens_it_again(
        self, scheduler: RecoveryScheduler, breaker: CircuitBreaker, clock: FrozenClock
    ) -> None:
        clock.move(60)

        state = check(scheduler, breaker, "f")

        assert breaker.due_in() == 120
        assert (state.recovery_count, state.recovery_started_at) == (0, 0.0)

    def test_an_answer_while_all_is_well_is_no_recovery_and_no_failure(
        self, scheduler: RecoveryScheduler, clock: FrozenClock
    ) -> None:
        breaker = CircuitBreaker(1, clock=clock)

        state = check(scheduler, breaker, "sf")

        assert breaker.peek() is CLOSED
        assert state.recovery_count == 0


class TestRecovery:
    """Plex is back: the breaker closes, and that is counted, told and dated."""

    def test_a_success_when_the_breakers_time_is_over_is_a_recovery(
        self, make: Make, breaker: CircuitBreaker, clock: FrozenClock
    ) -> None:
        check(make(), breaker, "ff")
        clock.move(60)

        check(make(), breaker, "s")

        assert breaker.peek() is CLOSED
        now = clock.now()
        assert make().load_state() == RecoveryState(now, 1, 0, now, 1, now)

    def test_recv_03_each_recovery_is_told_with_its_number(
        self, make: Make, breaker: CircuitBreaker, clock: FrozenClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        for latency in (12.4, 250.0):
            clock.move(60)
            make().record_health_check(True, latency, breaker)
            breaker.record_failure()

        told = [r for r in caplog.records if r.name == "worker.recovery"]
        assert [r.getMessage() for r in told] == [
            "Recovery #1: Plex is back (12 ms)",
            "Recovery #2: Plex is back (250 ms)",
        ]
        assert {r.levelno for r in told} == {logging.INFO}

    def test_a_breaker_that_wants_two_successes_has_not_recovered_after_one(
        self, scheduler: RecoveryScheduler, clock: FrozenClock
    ) -> None:
        breaker = CircuitBreaker(1, success_threshold=2, clock=clock)
        breaker.record_failure()
        clock.move(60)

        assert check(scheduler, breaker, "s").recovery_count == 0
        assert check(scheduler, breaker, "s").recovery_count == 1

    def test_a_history_that_the_breaker_does_not_know_is_told_of_the_end(
        self, path: Path, breaker: CircuitBreaker, clock: FrozenClock
    ) -> None:
        history = OutageHistory(path.parent)
        history.record_outage_start(clock.now())
        clock.move(60)

        check(RecoveryScheduler(path.parent, history, clock=clock), breaker, "s")

        assert history.get_history() == [OutageRecord(clock.now() - 60, clock.now(), 60.0)]

    def test_the_breakers_own_word_of_the_end_stays(self, path: Path, clock: FrozenClock) -> None:
        history = OutageHistory(path.parent)
        breaker = CircuitBreaker(1, outage_history=history, count_waiting=lambda: 4, clock=clock)
        breaker.record_failure()
        clock.move(60)

        check(RecoveryScheduler(path.parent, history, clock=clock), breaker, "s")

        assert [record.jobs_affected for record in history.get_history()] == [4]

    def test_the_end_of_the_ramp_is_noted_and_nothing_else_is_forgotten(
        self, make: Make, breaker: CircuitBreaker, clock: FrozenClock
    ) -> None:
        clock.move(60)
        before = check(make(), breaker, "s")

        make().clear_recovery_period()

        after = {**asdict(before), "recovery_started_at": 0.0}
        assert asdict(make().load_state()) == after


class TestFile:
    """A file that makes no sense costs an early check and no more."""

    @pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
    def test_a_file_that_cannot_be_read_is_an_empty_memory_and_set_aside(
        self, content: bytes, make: Make, path: Path
    ) -> None:
        path.write_bytes(content)

        assert make().load_state() == RecoveryState()

        [kept] = path.parent.iterdir()
        assert kept.name.startswith("recovery_state.damaged-")
        assert kept.read_bytes() == content

    @pytest.mark.parametrize("name", list(asdict(RecoveryState())))
    @pytest.mark.parametrize("kind", ["text", "a list", "too big for a float"])
    def test_a_number_that_makes_no_sense_is_an_empty_memory(
        self, kind: str, name: str, make: Make, path: Path
    ) -> None:
        path.write_bytes(b'{"%s": %s}' % (name.encode(), NO_TIME[kind]))

        assert make().load_state() == RecoveryState()
        assert make().should_check_recovery(OPEN)

    @pytest.mark.parametrize("name", ["last_check_time", "last_recovery_time"])
    @pytest.mark.parametrize("kind", ["not a number", "infinite"])
    def test_a_time_that_is_no_number_is_an_empty_memory(
        self, kind: str, name: str, make: Make, path: Path
    ) -> None:
        path.write_bytes(b'{"%s": %s}' % (name.encode(), NO_TIME[kind]))

        assert make().load_state() == RecoveryState()

    def test_after_a_time_that_is_no_number_plex_is_asked(self, make: Make, path: Path) -> None:
        path.write_bytes(b'{"last_check_time": NaN}')

        assert make().should_check_recovery(OPEN)

    def test_nothing_has_happened_before_the_first_check(self, make: Make) -> None:
        assert set(asdict(make().load_state()).values()) == {0}

    def test_a_file_that_lacks_some_names_says_the_others(self, make: Make, path: Path) -> None:
        path.write_text('{"recovery_count": 3.0, "of_a_later_version": "x"}')

        state = make().load_state()
        assert state == RecoveryState(recovery_count=3)
        assert str(state.recovery_count) == "3"

    def test_a_disk_that_takes_nothing_is_told_and_not_fatal(
        self, tmp_path: Path, clock: FrozenClock, breaker: CircuitBreaker,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        (tmp_path / "file").touch()
        clock.move(60)

        RecoveryScheduler(tmp_path / "file", clock=clock).record_health_check(True, 1.0, breaker)

        assert breaker.peek() is CLOSED
        assert "recovery_state.json cannot be written: File exists" in caplog.messages

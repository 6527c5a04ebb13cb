"""The breaker of another process: looked at without a trace, and made ready early by its owner."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.test_circuit_breaker import HISTORY, fail, play, stored
from tests.worker.test_circuit_breaker_file import bad
from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker, CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN

Make = Callable[[], CircuitBreaker]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "circuit_breaker.json"


@pytest.fixture
def make(path: Path, clock: FrozenClock) -> Make:
    return lambda: CircuitBreaker(3, 60.0, 2, path, clock=clock)


def look(path: Path, clock: FrozenClock) -> CircuitBreaker:
    """The breaker as an onlooker sees it; its file makes sense."""
    breaker = CircuitBreaker.as_onlooker(path, clock)
    assert breaker is not None
    return breaker


class TestOnlooker:
    """It sees what the owner would see, and leaves nothing behind."""

    @pytest.mark.parametrize("before", HISTORY)
    @pytest.mark.parametrize("seconds", [0, 20, 60, 86_400])
    def test_stat_01_it_sees_the_state_that_the_owner_has_saved(
        self, before: str, seconds: float, make: Make, path: Path, clock: FrozenClock
    ) -> None:
        owner = make()
        play(owner, clock, HISTORY[before])
        clock.move(seconds)

        onlooker = look(path, clock)

        assert onlooker.peek() is owner.peek()
        assert onlooker.due_in() == owner.due_in()

    def test_without_a_file_it_is_closed(self, path: Path, clock: FrozenClock) -> None:
        assert look(path, clock).is_closed
        assert list(path.parent.iterdir()) == []

    @bad
    def test_a_file_that_makes_no_sense_is_unknown_and_left_where_it_is(
        self, content: bytes, path: Path, clock: FrozenClock
    ) -> None:
        path.write_bytes(content)

        assert CircuitBreaker.as_onlooker(path, clock) is None
        assert [file.name for file in path.parent.iterdir()] == [path.name]
        assert path.read_bytes() == content

    @pytest.mark.parametrize("events", ["f", "fff", "w?", "w?s", "w?f", "r"])
    def test_whatever_happens_to_it_the_owner_knows_nothing_of_it(
        self, events: str, make: Make, path: Path, clock: FrozenClock
    ) -> None:
        fail(make(), 3)
        before = path.read_bytes()

        play(look(path, clock), clock, events)

        assert path.read_bytes() == before


class TestEndOfWait:
    """The owner may let the next probe pass before the time is over."""

    @pytest.mark.parametrize(
        ("before", "after", "failures", "successes"),
        [
            ("closed", CLOSED, 0, 0),
            ("closed, 2 failures", CLOSED, 2, 0),
            ("open", HALF_OPEN, 3, 0),
            ("half-open", HALF_OPEN, 3, 0),
            ("half-open, 1 success", HALF_OPEN, 3, 1),
        ],
    )
    def test_only_an_open_breaker_is_changed(
        self, before: str, after: CircuitState, failures: int, successes: int,
        make: Make, path: Path, clock: FrozenClock,
    ) -> None:  # fmt: skip
        breaker = make()
        play(breaker, clock, HISTORY[before])

        breaker.end_wait()

        assert breaker.peek() is make().peek() is after
        if path.exists():
            known = stored(path)
            assert (known["failure_count"], known["success_count"]) == (failures, successes)

    def test_a_failed_probe_afterwards_doubles_the_time_as_any_other(self, make: Make) -> None:
        breaker = make()
        fail(breaker, 3)
        breaker.end_wait()

        fail(breaker)

        assert breaker.due_in() == make().due_in() == 120

    def test_nobody_waits_afterwards(self, make: Make) -> None:
        breaker = make()
        fail(breaker, 3)

        breaker.end_wait()

        assert breaker.due_in() == make().due_in() == 0

    def test_a_time_that_is_over_is_ended_once(
        self, make: Make, clock: FrozenClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        breaker = make()
        fail(breaker, 3)
        clock.move(60)
        assert breaker.state is HALF_OPEN
        caplog.clear()

        breaker.end_wait()

        assert caplog.messages == []

    def test_visb_02_it_is_told_as_the_transition_it_is(
        self, make: Make, caplog: pytest.LogCaptureFixture
    ) -> None:
        breaker = make()
        fail(breaker, 3)
        breaker.end_wait()
        breaker.record_success()
        breaker.record_success()

        assert caplog.messages == [
            "circuit breaker: open, Plex does not answer; jobs wait and nothing is counted",
            "circuit breaker: half-open, asking Plex whether it is back",
            "circuit breaker: closed, Plex answers again",
        ]


def test_stat_01_an_open_breaker_is_still_open_for_the_next_process(
    make: Make, clock: FrozenClock
) -> None:
    fail(make(), 3)
    clock.move(59)

    assert not make().can_execute()
    clock.move(1)
    assert make().can_execute()

"""What the breaker counts, and when it has had enough; the user may move both thresholds."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.worker.test_circuit_breaker import play
from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker, CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN

Make = Callable[[int, int], CircuitBreaker]


@pytest.fixture
def make(tmp_path: Path, clock: FrozenClock) -> Make:
    """A breaker with so many failures and so many probes, over the same file."""
    path = tmp_path / "circuit_breaker.json"
    return lambda failures, probes: CircuitBreaker(failures, 60.0, probes, path, clock=clock)


@pytest.mark.parametrize(
    ("events", "failures"),
    [("", 0), ("f", 1), ("ff", 2), ("ffs", 0), ("fff", 3), ("ffff", 3), ("fffw?", 3), ("fffr", 0)],
)
def test_failures_in_a_row_are_counted_up_to_the_threshold(
    events: str, failures: int, make: Make, clock: FrozenClock
) -> None:
    breaker = make(3, 1)

    play(breaker, clock, events)

    assert breaker.failure_count == failures


def test_with_a_lower_threshold_the_next_failure_opens_a_breaker(
    make: Make, clock: FrozenClock
) -> None:
    play(make(9, 1), clock, "ffffff")

    play(make(3, 1), clock, "f")

    assert make(3, 1).state is OPEN


def test_with_fewer_probes_to_pass_the_next_success_closes_a_breaker(
    make: Make, clock: FrozenClock
) -> None:
    play(make(1, 9), clock, "fw?sss")

    play(make(1, 2), clock, "s")

    assert make(1, 2).state is CLOSED


def test_a_success_after_a_failed_probe_is_known_to_the_next_process(
    make: Make, clock: FrozenClock
) -> None:
    play(make(1, 2), clock, "fw?fww?s")
    assert make(1, 2).state is HALF_OPEN

    play(make(1, 2), clock, "s")

    assert make(1, 2).state is CLOSED


def test_an_open_breaker_that_nobody_has_asked_for_a_day_is_not_overdue(
    make: Make, clock: FrozenClock
) -> None:
    breaker = make(1, 1)
    breaker.record_failure()

    clock.move(86_400)

    assert breaker.due_in() == 0


def test_without_a_clock_it_is_the_systems_that_counts() -> None:
    breaker = CircuitBreaker(1)

    breaker.record_failure()

    assert 0 < breaker.due_in() <= 60

"""What the breaker tells: one line per transition, and nothing else."""

import logging
from pathlib import Path

import pytest

from tests.worker.test_circuit_breaker_file import bad
from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "circuit_breaker.json"


def opened(path: Path, clock: FrozenClock) -> CircuitBreaker:
    return CircuitBreaker(state_file=path, clock=clock)


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.record_failure()


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """What the breaker has logged, without the explanation behind the comma."""
    ours = [r for r in caplog.records if r.name == "worker.circuit_breaker"]
    return [(r.levelno, r.getMessage().partition(",")[0]) for r in ours]


def test_visb_02_every_transition_is_logged_once(
    path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(opened(path, clock), 6)
    clock.move(60)
    opened(path, clock).can_execute()
    fail(opened(path, clock), 2)
    clock.move(120)
    opened(path, clock).can_execute()
    opened(path, clock).record_success()
    opened(path, clock).record_success()

    assert lines(caplog) == [
        (logging.WARNING, "circuit breaker: open"),
        (logging.INFO, "circuit breaker: half-open"),
        (logging.WARNING, "circuit breaker: open"),
        (logging.INFO, "circuit breaker: half-open"),
        (logging.INFO, "circuit breaker: closed"),
    ]


def test_visb_02_nothing_is_logged_below_the_threshold(
    path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = opened(path, clock)
    fail(breaker, 4)
    breaker.record_success()
    breaker.can_execute()

    assert lines(caplog) == []


def test_finding_a_breaker_open_is_not_logged_again(
    path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    fail(opened(path, clock), 5)
    caplog.clear()

    opened(path, clock).can_execute()

    assert lines(caplog) == []


def test_a_reset_is_logged_when_it_closes_something(
    path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = opened(path, clock)
    breaker.reset()
    assert lines(caplog) == []
    fail(breaker, 5)
    caplog.clear()

    breaker.reset()

    assert lines(caplog) == [(logging.INFO, "circuit breaker: closed")]


def test_visb_02_a_probe_that_nobody_has_announced_is_logged_as_the_transition_it_is(
    path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    breaker = opened(path, clock)
    fail(breaker, 5)
    clock.move(60)
    caplog.clear()

    fail(breaker)
    clock.move(120)
    breaker.record_success()

    assert lines(caplog) == [
        (logging.INFO, "circuit breaker: half-open"),
        (logging.WARNING, "circuit breaker: open"),
        (logging.INFO, "circuit breaker: half-open"),
        (logging.INFO, "circuit breaker: closed"),
    ]


@bad
def test_a_file_that_cannot_be_understood_is_told(
    content: bytes, path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_bytes(content)

    opened(path, clock)

    assert lines(caplog) == [
        (logging.WARNING, "circuit_breaker.json cannot be understood: the breaker starts closed")
    ]

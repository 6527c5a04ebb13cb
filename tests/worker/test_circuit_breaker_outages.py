"""What the breaker tells the history of outages, whatever it finds in either file."""

import json
from pathlib import Path

import pytest

from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker
from worker.outage_history import OutageHistory, OutageRecord


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "circuit_breaker.json"


@pytest.fixture
def history(tmp_path: Path) -> OutageHistory:
    return OutageHistory(tmp_path)


@pytest.fixture
def breaker(path: Path, history: OutageHistory, clock: FrozenClock) -> CircuitBreaker:
    """One failure opens it, one probe closes it; nobody counts the jobs that wait."""
    return CircuitBreaker(1, state_file=path, outage_history=history, clock=clock)


def test_an_outage_held_up_no_jobs_if_nobody_counts_them(
    breaker: CircuitBreaker, history: OutageHistory, clock: FrozenClock
) -> None:
    began = clock.now()
    breaker.record_failure()
    clock.move(60)

    breaker.record_success()

    assert history.get_history() == [OutageRecord(began, began + 60, 60.0, 0)]


def test_an_outage_whose_record_is_lost_meanwhile_has_one_again_when_plex_is_asked(
    breaker: CircuitBreaker, history: OutageHistory, tmp_path: Path, clock: FrozenClock
) -> None:
    began = clock.now()
    breaker.record_failure()
    (tmp_path / OutageHistory.STATE_FILE).unlink()
    clock.move(60)

    assert breaker.can_execute()

    assert history.get_history() == [OutageRecord(began)]


def test_a_closed_breaker_begins_no_outage_whatever_time_its_file_still_bears(
    path: Path, history: OutageHistory, clock: FrozenClock
) -> None:
    document = {"state": "closed", "failure_count": 0, "success_count": 0}
    path.write_text(json.dumps({**document, "opened_at": clock.now() - 60}))

    CircuitBreaker(state_file=path, outage_history=history, clock=clock).record_failure()

    assert history.get_history() == []


def test_the_jobs_that_wait_are_counted_once_at_the_end_of_an_outage(
    history: OutageHistory, clock: FrozenClock
) -> None:
    counted: list[float] = []

    def count() -> int:
        counted.append(clock.now())
        return 7

    breaker = CircuitBreaker(2, outage_history=history, count_waiting=count, clock=clock)
    breaker.record_failure()
    breaker.record_success()
    breaker.record_failure()
    breaker.record_failure()
    clock.move(60)

    breaker.record_success()

    assert counted == [clock.now()]

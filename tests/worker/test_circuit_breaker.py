"""The breaker between the drain and Plex: every transition, under a clock that stands still."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.world import FrozenClock
from worker.circuit_breaker import LONGEST_OPEN, CircuitBreaker, CircuitState

CLOSED, OPEN, HALF_OPEN = CircuitState.CLOSED, CircuitState.OPEN, CircuitState.HALF_OPEN
DAY = 86_400.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "circuit_breaker.json"


@pytest.fixture
def make(path: Path, clock: FrozenClock) -> Callable[[], CircuitBreaker]:
    """A breaker as each process makes its own: 3 failures open it, 2 probes close it."""
    return lambda: CircuitBreaker(3, 60.0, 2, path, clock=clock)


@pytest.fixture
def breaker(make: Callable[[], CircuitBreaker]) -> CircuitBreaker:
    return make()


def stored(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.record_failure()


# What leads to a state; each letter is one event.
HISTORY = {
    "closed": "",
    "closed, 2 failures": "ff",
    "open": "fff",
    "half-open": "fffw?",
    "half-open, 1 success": "fffw?s",
}

# state, event, seconds that pass before it -> state, failures and successes that count
TABLE = [
    ("closed", "f", 0, CLOSED, 1, 0),
    ("closed", "s", 0, CLOSED, 0, 0),
    ("closed", "?", 0, CLOSED, 0, 0),
    ("closed", "r", 0, CLOSED, 0, 0),
    ("closed, 2 failures", "f", 0, OPEN, 3, 0),
    ("closed, 2 failures", "f", DAY, OPEN, 3, 0),
    ("closed, 2 failures", "s", 0, CLOSED, 0, 0),
    ("closed, 2 failures", "?", DAY, CLOSED, 2, 0),
    ("closed, 2 failures", "r", 0, CLOSED, 0, 0),
    ("open", "?", 0, OPEN, 3, 0),
    ("open", "?", 59.9, OPEN, 3, 0),
    ("open", "?", 60, HALF_OPEN, 3, 0),
    ("open", "?", DAY, HALF_OPEN, 3, 0),
    ("open", "f", 0, OPEN, 3, 0),
    ("open", "f", 60, OPEN, 3, 0),
    ("open", "s", 0, OPEN, 3, 0),  # an answer from before it opened
    ("open", "s", 59.9, OPEN, 3, 0),
    ("open", "s", 60, HALF_OPEN, 3, 1),
    ("open", "r", 0, CLOSED, 0, 0),
    ("half-open", "?", 0, HALF_OPEN, 3, 0),
    ("half-open", "?", DAY, HALF_OPEN, 3, 0),  # whoever was to ask Plex was killed
    ("half-open", "s", 0, HALF_OPEN, 3, 1),
    ("half-open", "f", 0, OPEN, 3, 0),
    ("half-open", "r", 0, CLOSED, 0, 0),
    ("half-open, 1 success", "s", 0, CLOSED, 0, 0),
    ("half-open, 1 success", "f", 0, OPEN, 3, 0),
    ("half-open, 1 success", "?", 0, HALF_OPEN, 3, 1),
    ("half-open, 1 success", "r", 0, CLOSED, 0, 0),
]

table = pytest.mark.parametrize(
    ("before", "event", "seconds", "after", "failures", "successes"),
    TABLE,
    ids=lambda value: value.value if isinstance(value, CircuitState) else str(value),
)


def play(breaker: CircuitBreaker, clock: FrozenClock, events: str) -> None:
    for event in events:
        match event:
            case "f":
                breaker.record_failure()
            case "s":
                breaker.record_success()
            case "?":
                breaker.can_execute()
            case "r":
                breaker.reset()
            case "w":
                clock.move(60)


@table
def test_every_event_leads_to_its_state(
    before: str, event: str, seconds: float, after: CircuitState, failures: int, successes: int,
    breaker: CircuitBreaker, clock: FrozenClock,
) -> None:  # fmt: skip
    play(breaker, clock, HISTORY[before])
    clock.move(seconds)

    play(breaker, clock, event)

    assert breaker.peek() is after
    assert breaker.state is after


@table
def test_another_process_finds_what_every_event_led_to(
    before: str, event: str, seconds: float, after: CircuitState, failures: int, successes: int,
    make: Callable[[], CircuitBreaker], clock: FrozenClock, path: Path,
) -> None:  # fmt: skip
    """Each event comes from a process of its own."""
    for earlier in HISTORY[before]:
        play(make(), clock, earlier)
    clock.move(seconds)

    play(make(), clock, event)

    assert make().peek() is after
    if path.exists():
        known = stored(path)
        assert known["state"] == after.value
        assert known["failure_count"] == failures
        assert known["success_count"] == successes


def test_nothing_passes_an_open_breaker_and_everything_passes_the_others(
    breaker: CircuitBreaker, clock: FrozenClock
) -> None:
    assert breaker.can_execute()
    fail(breaker, 3)
    assert not breaker.can_execute()
    clock.move(60)
    assert breaker.can_execute()


def test_five_failures_open_a_breaker_and_one_probe_closes_it_if_nobody_says_otherwise(
    clock: FrozenClock,
) -> None:
    breaker = CircuitBreaker(clock=clock)
    fail(breaker, 4)
    assert breaker.state is CLOSED
    fail(breaker)
    assert breaker.state is OPEN

    clock.move(60)
    assert breaker.can_execute()
    breaker.record_success()

    assert breaker.state is CLOSED


def test_an_answer_from_before_it_opened_does_not_close_a_breaker(clock: FrozenClock) -> None:
    breaker = CircuitBreaker(clock=clock)
    fail(breaker, 5)

    breaker.record_success()

    assert breaker.state is OPEN


def test_plex_is_asked_when_the_clock_was_set_back_and_nobody_knows_how_long_it_was_open(
    breaker: CircuitBreaker, clock: FrozenClock
) -> None:
    fail(breaker, 3)

    clock.move(-DAY)

    assert breaker.state is HALF_OPEN


def test_the_time_of_opening_survives_the_process(
    make: Callable[[], CircuitBreaker], path: Path, clock: FrozenClock
) -> None:
    fail(make(), 3)
    opened_at = clock.now()
    clock.move(20)

    assert stored(path)["opened_at"] == opened_at
    assert make().due_in() == 40


def test_a_failure_while_open_does_not_prolong_it(
    breaker: CircuitBreaker, clock: FrozenClock
) -> None:
    fail(breaker, 3)
    clock.move(50)

    fail(breaker)

    assert breaker.due_in() == 10


def test_the_open_time_doubles_with_each_failed_probe_up_to_five_minutes(
    make: Callable[[], CircuitBreaker], clock: FrozenClock
) -> None:
    fail(make(), 3)
    waits = []
    for _ in range(6):
        waits.append(make().due_in())
        clock.move(waits[-1])
        assert make().can_execute()
        make().record_failure()

    assert waits == [60, 120, 240, 300, 300, 300]
    assert LONGEST_OPEN == 300


def test_the_open_time_is_short_again_after_a_recovery(
    breaker: CircuitBreaker, clock: FrozenClock
) -> None:
    fail(breaker, 3)
    for _ in range(3):
        clock.move(300)
        fail(breaker)
    clock.move(300)
    play(breaker, clock, "?ss")

    fail(breaker, 3)

    assert breaker.due_in() == 60


def test_a_patient_users_open_time_is_not_cut_short(clock: FrozenClock) -> None:
    breaker = CircuitBreaker(1, 900.0, clock=clock)

    fail(breaker)

    assert breaker.due_in() == 900


def test_an_open_time_of_a_thousand_failed_probes_is_still_a_number(
    path: Path, clock: FrozenClock
) -> None:
    document = {"state": "open", "failure_count": 3, "success_count": 0, "reopened": 10**6}
    path.write_text(json.dumps({**document, "opened_at": clock.now()}))

    assert CircuitBreaker(state_file=path, clock=clock).due_in() == 300


@pytest.mark.parametrize("events", ["", "ff", "fffw?", "fffw?s"])
def test_only_an_open_breaker_makes_anybody_wait(
    events: str, breaker: CircuitBreaker, clock: FrozenClock
) -> None:
    play(breaker, clock, events)

    assert breaker.due_in() == 0


def test_a_breaker_that_closed_forgets_when_it_was_open(
    breaker: CircuitBreaker, clock: FrozenClock, path: Path
) -> None:
    play(breaker, clock, "fffw?ss")

    assert stored(path)["opened_at"] is None


@pytest.mark.parametrize("events", ["ff", "fff", "fffw", "fffw?"])
def test_peeking_changes_nothing(
    events: str, make: Callable[[], CircuitBreaker], clock: FrozenClock, path: Path
) -> None:
    play(make(), clock, events)
    before, written = path.read_bytes(), path.stat().st_mtime_ns

    onlooker = make()
    onlooker.peek(), onlooker.due_in()

    assert path.read_bytes() == before
    assert path.stat().st_mtime_ns == written


def test_asking_for_the_state_of_a_breaker_whose_time_is_over_is_kept(
    breaker: CircuitBreaker, clock: FrozenClock, path: Path
) -> None:
    fail(breaker, 3)
    clock.move(60)

    assert breaker.state is HALF_OPEN

    assert stored(path)["state"] == "half_open"


def test_the_states_are_spelled_as_the_plan_says() -> None:
    assert [state.value for state in CircuitState] == ["closed", "open", "half_open"]

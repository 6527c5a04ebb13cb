"""The breaker's file: whatever happens to it, the breaker works, closed if nothing is known."""

import json
from pathlib import Path
from typing import Any

import pytest

from sync_queue import host
from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker, CircuitState

CLOSED, OPEN = CircuitState.CLOSED, CircuitState.OPEN

NOW = 1_800_000_000.0

HEALTHY: dict[str, Any] = {
    "state": "open", "failure_count": 5, "success_count": 0, "opened_at": NOW, "reopened": 1,
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "circuit_breaker.json"


def opened(path: Path | None, clock: FrozenClock) -> CircuitBreaker:
    return CircuitBreaker(state_file=path, clock=clock)


def fail(breaker: CircuitBreaker, times: int = 1) -> None:
    for _ in range(times):
        breaker.record_failure()


def without(name: str) -> bytes:
    return json.dumps({k: v for k, v in HEALTHY.items() if k != name}).encode()


def with_(**changes: Any) -> bytes:
    return json.dumps({**HEALTHY, **changes}).encode()


BAD = {
    "empty": b"",
    "half": json.dumps(HEALTHY).encode()[:30],
    "not json": b"CLOSED",
    "not utf-8": b"\xff\xfe",
    "list": b"[]",
    "null": b"null",
    "without state": without("state"),
    "without failure_count": without("failure_count"),
    "without success_count": without("success_count"),
    "without opened_at": without("opened_at"),
    "unknown state": with_(state="ajar"),
    "state null": with_(state=None),
    "count null": with_(failure_count=None),
    "count text": with_(failure_count="many"),
    "count list": with_(success_count=[]),
    "count infinite": with_(failure_count=float("inf")),
    "count not a number": with_(success_count=float("nan")),
    "count negative": with_(failure_count=-1),
    "successes negative": with_(success_count=-1),
    "reopened negative": with_(reopened=-(10**400)),
    "open without a time": with_(opened_at=None),
    "half-open without a time": with_(state="half_open", opened_at=None),
    "time text": with_(opened_at="yesterday"),
    "time too big": with_(opened_at=10**400),
    "time infinite": with_(opened_at=float("inf")),
    "time not a number": with_(opened_at=float("nan")),
    "opened tomorrow": with_(opened_at=NOW + 86_400),
}

bad = pytest.mark.parametrize("content", BAD.values(), ids=BAD)


@bad
def test_stat_01_a_file_that_cannot_be_believed_means_closed(
    content: bytes, path: Path, clock: FrozenClock
) -> None:
    path.write_bytes(content)

    breaker = opened(path, clock)

    assert breaker.state is CLOSED
    assert breaker.can_execute()


@bad
def test_a_file_that_cannot_be_believed_is_set_aside(
    content: bytes, path: Path, clock: FrozenClock
) -> None:
    path.write_bytes(content)

    opened(path, clock)

    [kept] = path.parent.iterdir()
    assert kept.name.startswith("circuit_breaker.damaged-")
    assert kept.read_bytes() == content


@bad
def test_failures_count_from_nothing_after_a_file_that_cannot_be_believed(
    content: bytes, path: Path, clock: FrozenClock
) -> None:
    path.write_bytes(content)

    fail(opened(path, clock), 4)
    assert opened(path, clock).state is CLOSED
    fail(opened(path, clock))
    assert opened(path, clock).state is OPEN


def test_stat_01_a_healthy_file_is_believed(path: Path, clock: FrozenClock) -> None:
    path.write_bytes(with_())

    assert opened(path, clock).state is OPEN
    assert opened(path, clock).due_in() == 120


def test_a_file_of_the_plans_own_format_is_believed(path: Path, clock: FrozenClock) -> None:
    """Its four names, without ours."""
    path.write_bytes(without("reopened"))

    assert opened(path, clock).due_in() == 60


def test_a_time_of_opening_in_the_file_of_a_closed_breaker_is_forgotten(
    path: Path, clock: FrozenClock
) -> None:
    path.write_bytes(with_(state="closed", failure_count=0))

    fail(opened(path, clock))

    assert json.loads(path.read_bytes())["opened_at"] is None


def test_the_file_has_the_plans_names_and_one_of_ours(path: Path, clock: FrozenClock) -> None:
    fail(opened(path, clock))

    assert json.loads(path.read_bytes()) == {
        "state": "closed", "failure_count": 1, "success_count": 0, "opened_at": None,
        "reopened": 0,
    }  # fmt: skip


def test_without_a_file_the_breaker_is_closed_and_makes_none(
    path: Path, clock: FrozenClock
) -> None:
    breaker = opened(path, clock)
    breaker.can_execute()
    breaker.record_success()

    assert breaker.peek() is CLOSED
    assert list(path.parent.iterdir()) == []


def test_a_breaker_without_a_file_works_and_writes_nothing(
    tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    breaker = opened(None, clock)

    fail(breaker, 5)

    assert breaker.state is OPEN
    assert list(tmp_path.iterdir()) == []


def test_two_breakers_without_a_file_know_nothing_of_each_other(clock: FrozenClock) -> None:
    fail(opened(None, clock), 5)

    assert opened(None, clock).state is CLOSED


def test_the_path_may_be_a_text(path: Path, clock: FrozenClock) -> None:
    fail(CircuitBreaker(state_file=str(path), clock=clock))

    assert path.exists()


def test_a_busy_lock_skips_the_save_and_nothing_else(path: Path, clock: FrozenClock) -> None:
    fail(opened(path, clock))
    before = path.read_bytes()
    breaker = opened(path, clock)
    lock = host.try_lock(f"{path}.lock")
    assert lock is not None

    fail(breaker, 4)
    host.unlock(lock)

    assert breaker.state is OPEN
    assert path.read_bytes() == before


def test_the_next_save_catches_up_with_one_that_was_skipped(path: Path, clock: FrozenClock) -> None:
    breaker = opened(path, clock)
    lock = host.try_lock(f"{path}.lock")
    assert lock is not None
    fail(breaker, 2)
    host.unlock(lock)

    fail(breaker)

    assert json.loads(path.read_bytes())["failure_count"] == 3


def test_the_lock_is_free_after_every_save(path: Path, clock: FrozenClock) -> None:
    fail(opened(path, clock))

    lock = host.try_lock(f"{path}.lock")
    assert lock is not None
    host.unlock(lock)


def test_a_disk_that_fails_is_told_and_not_fatal(
    tmp_path: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    breaker = opened(tmp_path / "file" / "circuit_breaker.json", clock)

    fail(breaker, 5)

    assert breaker.state is OPEN
    assert "the circuit breaker's state cannot be saved: Not a directory" in caplog.messages


def test_saving_leaves_only_the_file_and_its_lock(path: Path, clock: FrozenClock) -> None:
    fail(opened(path, clock), 7)

    assert sorted(file.name for file in path.parent.iterdir()) == [
        "circuit_breaker.json", "circuit_breaker.json.lock",
    ]  # fmt: skip


def test_stat_01_three_failures_and_two_of_the_next_process_open_a_breaker(
    path: Path, clock: FrozenClock
) -> None:
    fail(CircuitBreaker(5, state_file=path, clock=clock), 3)
    fail(CircuitBreaker(5, state_file=path, clock=clock), 2)

    assert CircuitBreaker(5, state_file=path, clock=clock).state is OPEN


def look(path: Path, clock: FrozenClock) -> CircuitBreaker:
    """The breaker as another process sees it; it must make sense."""
    breaker = CircuitBreaker.as_onlooker(path, clock)
    assert breaker is not None
    return breaker


def test_an_onlooker_sees_what_the_drain_has_saved(path: Path, clock: FrozenClock) -> None:
    path.write_bytes(with_())

    assert (look(path, clock).peek(), look(path, clock).due_in()) == (OPEN, 120)


def test_an_onlooker_sees_a_closed_breaker_where_there_is_no_file(
    path: Path, clock: FrozenClock
) -> None:
    assert look(path, clock).peek() is CLOSED
    assert list(path.parent.iterdir()) == []


def test_an_onlooker_sees_when_plex_may_be_asked_again(path: Path, clock: FrozenClock) -> None:
    path.write_bytes(with_())
    clock.move(120)

    assert look(path, clock).peek() is CircuitState.HALF_OPEN
    assert look(path, clock).due_in() == 0


@bad
def test_an_onlooker_takes_a_file_that_cannot_be_believed_for_unknown_and_leaves_it(
    content: bytes, path: Path, clock: FrozenClock
) -> None:
    path.write_bytes(content)

    assert CircuitBreaker.as_onlooker(path, clock) is None

    assert [(file, file.read_bytes()) for file in path.parent.iterdir()] == [(path, content)]


def test_whatever_happens_to_an_onlookers_breaker_is_not_saved(
    path: Path, clock: FrozenClock
) -> None:
    path.write_bytes(with_())
    breaker = look(path, clock)
    clock.move(120)

    assert breaker.can_execute()
    breaker.record_success()
    fail(breaker, 7)

    assert [(file, file.read_bytes()) for file in path.parent.iterdir()] == [(path, with_())]

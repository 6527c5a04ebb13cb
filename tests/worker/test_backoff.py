"""Waits that grow with full jitter, and end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.backoff import NOT_IN_PLEX, Schedule, calculate_delay, transient

retries = st.integers(0, 10_000)
seeds = st.none() | st.integers()


@given(retry=retries, seed=seeds)
def test_a_wait_is_between_nothing_and_its_bound(retry: int, seed: int | None) -> None:
    delay = calculate_delay(retry, base=5.0, cap=300.0, jitter_seed=seed)

    assert 0 <= delay <= min(300.0, 5.0 * 2 ** min(retry, 20))


@given(retry=retries, seed=st.integers())
def test_a_seed_makes_a_wait_repeatable(retry: int, seed: int) -> None:
    assert calculate_delay(retry, 5.0, 300.0, seed) == calculate_delay(retry, 5.0, 300.0, seed)


def test_without_a_seed_waits_differ() -> None:
    assert len({calculate_delay(3, 5.0, 300.0) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("retry", "bound"), [(0, 5), (1, 10), (2, 20), (5, 160), (6, 300), (7, 300), (1000, 300)]
)
def test_the_bound_doubles_up_to_the_cap(retry: int, bound: float) -> None:
    """Full jitter fills the whole range: of 2000 waits some are near either end."""
    delays = [calculate_delay(retry, 5.0, 300.0, seed) for seed in range(2000)]

    assert bound * 0.98 < max(delays) <= bound
    assert min(delays) < bound * 0.02


def test_jobs_that_failed_together_do_not_come_back_together() -> None:
    delays = sorted(calculate_delay(4, 5.0, 300.0, seed) for seed in range(1000))

    assert 35 < delays[500] < 45  # half of 80: spread evenly, not heaped at an end


def test_the_first_failure_waits_up_to_the_base() -> None:
    waits = [Schedule(base=5.0, cap=300.0, attempts=5).wait(1) or 0.0 for _ in range(2000)]

    assert 4.5 < max(waits) <= 5


@pytest.mark.parametrize("attempts", [1, 5, 8])
def test_a_schedule_ends_with_its_last_attempt(attempts: int) -> None:
    schedule = Schedule(base=5.0, cap=300.0, attempts=attempts)

    ended = [schedule.wait(failures) is None for failures in range(1, attempts + 3)]

    assert ended == [False] * (attempts - 1) + [True] * 3


def test_without_attempts_there_is_no_wait_at_all() -> None:
    assert transient(0).wait(1) is None


def test_ordinary_failures_wait_from_5_seconds_to_5_minutes_as_often_as_is_set() -> None:
    assert transient(5) == Schedule(base=5.0, cap=300.0, attempts=5)


def test_a_scene_that_is_not_in_plex_is_looked_for_from_30_seconds_to_an_hour() -> None:
    assert (NOT_IN_PLEX.base, NOT_IN_PLEX.cap) == (30.0, 3600.0)


def test_a_scene_that_is_not_in_plex_is_parked_after_about_an_hour() -> None:
    longest = sum(
        min(NOT_IN_PLEX.cap, NOT_IN_PLEX.base * 2**n) for n in range(NOT_IN_PLEX.attempts - 1)
    )

    assert 1800 < longest <= 2 * 3600
    assert NOT_IN_PLEX.wait(NOT_IN_PLEX.attempts) is None

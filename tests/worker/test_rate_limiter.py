"""How fast jobs may come after a recovery: every number of it, under a clock that stands still."""

from collections.abc import Callable

import pytest

from tests.world import FrozenClock
from worker.rate_limiter import RecoveryRateLimiter

BEGIN = 1_000_000.0


@pytest.fixture
def limiter() -> RecoveryRateLimiter:
    """One whose recovery period has just begun."""
    limiter = RecoveryRateLimiter()
    limiter.start_recovery_period(BEGIN)
    return limiter


def results(limiter: RecoveryRateLimiter, good: int, bad: int, *, at: float) -> None:
    """So many jobs succeed and fail, all at once."""
    for number in range(good + bad):
        limiter.record_result(number < good, BEGIN + at)


def rate(limiter: RecoveryRateLimiter, at: float) -> float:
    return limiter.current_rate(BEGIN + at)


def jobs_until(limiter: RecoveryRateLimiter, *, begin: float, end: float, seconds: float) -> int:
    """How many jobs of that length a drain does that waits whenever it is told to."""
    now, count = begin, 0
    while now < end:
        wait = limiter.should_wait(now)
        if wait:
            now += wait + 1e-9
            continue
        count += 1
        now += seconds
        limiter.record_result(True, now, seconds=seconds)
    return count


class TestRamp:
    """From 5 to 20 jobs per second over 300 seconds."""

    @pytest.mark.parametrize(
        ("at", "jobs_per_second"),
        [(0, 5), (60, 8), (100, 10), (150, 12.5), (200, 15), (299.9, 19.995)],
    )
    def test_recv_04_the_rate_grows_from_5_to_20_within_5_minutes(
        self, limiter: RecoveryRateLimiter, at: float, jobs_per_second: float
    ) -> None:
        assert rate(limiter, at) == pytest.approx(jobs_per_second)

    @pytest.mark.parametrize("at", [300, 301, 86_400, -1, -86_400])
    def test_outside_the_period_there_is_no_limit_and_nothing_waits(
        self, limiter: RecoveryRateLimiter, at: float
    ) -> None:
        assert not limiter.is_in_recovery_period(BEGIN + at)
        assert rate(limiter, at) == 0
        assert [limiter.should_wait(BEGIN + at) for _ in range(3)] == [0, 0, 0]

    def test_without_a_recovery_there_is_no_limit_and_nothing_waits(self) -> None:
        limiter = RecoveryRateLimiter()
        limiter.record_result(False, BEGIN, seconds=10.0)

        assert not limiter.is_in_recovery_period(BEGIN)
        assert limiter.current_rate(BEGIN) == 0
        assert [limiter.should_wait(BEGIN) for _ in range(3)] == [0, 0, 0]

    def test_a_period_that_is_ended_limits_nothing_more(self, limiter: RecoveryRateLimiter) -> None:
        limiter.should_wait(BEGIN)

        limiter.end_recovery_period()

        assert not limiter.is_in_recovery_period(BEGIN)
        assert limiter.should_wait(BEGIN) == 0

    @pytest.mark.parametrize("at", [0, 75, 299])
    def test_recv_04_a_period_that_another_process_began_goes_on_where_it_is(
        self, limiter: RecoveryRateLimiter, at: float
    ) -> None:
        rebuilt = RecoveryRateLimiter(recovery_started_at=BEGIN)

        assert rate(rebuilt, at) == rate(limiter, at) > 0


class TestBucket:
    """It holds one job: whoever comes after a pause may not make up for it."""

    @pytest.mark.parametrize(("at", "wait"), [(0, 0.2), (100, 0.1), (150, 0.08), (299, 0.0501)])
    def test_the_second_job_waits_for_its_share_of_a_second(
        self, limiter: RecoveryRateLimiter, at: float, wait: float
    ) -> None:
        assert limiter.should_wait(BEGIN + at) == 0
        assert limiter.should_wait(BEGIN + at) == pytest.approx(wait, rel=1e-3)

    def test_time_that_has_passed_since_the_last_job_counts(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        limiter.should_wait(BEGIN)

        for _ in range(5):  # a job that must wait takes no turn
            assert limiter.should_wait(BEGIN + 0.125) == pytest.approx(0.075, rel=0.01)
        assert limiter.should_wait(BEGIN + 0.2) == 0

    def test_after_a_minute_without_jobs_one_may_pass_and_not_many(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        limiter.should_wait(BEGIN)

        assert limiter.should_wait(BEGIN + 60) == 0
        assert limiter.should_wait(BEGIN + 60) > 0

    def test_a_clock_that_is_set_back_within_the_period_keeps_no_job_waiting(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        limiter.should_wait(BEGIN + 200)

        assert limiter.should_wait(BEGIN + 100) == 0

    def test_recv_04_quick_jobs_are_held_to_the_rate_for_the_whole_ramp(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        """12.5 per second on the average; without a limit there were 300,000."""
        count = jobs_until(limiter, begin=BEGIN, end=BEGIN + 300, seconds=0.001)

        assert count == pytest.approx(300 * 12.5, rel=0.02)


class TestRest:
    """Real jobs take longer than the spacing: Plex rests after each, less and less."""

    @pytest.mark.parametrize(("at", "rest"), [(0, 2.0), (75, 1.5), (150, 1.0), (270, 0.2)])
    def test_recv_04_plex_rests_as_long_as_a_job_took_at_first_and_less_later(
        self, limiter: RecoveryRateLimiter, at: float, rest: float
    ) -> None:
        limiter.record_result(True, BEGIN + at, seconds=2.0)

        assert limiter.should_wait(BEGIN + at) == pytest.approx(rest)
        assert limiter.should_wait(BEGIN + at + rest - 0.01) == pytest.approx(0.01, rel=0.01)
        assert limiter.should_wait(BEGIN + at + rest) == 0

    def test_recv_04_slow_jobs_take_half_of_the_time_at_first_and_all_of_it_in_the_end(
        self,
    ) -> None:
        counts = []
        for begin in (0, 270):
            limiter = RecoveryRateLimiter(recovery_started_at=BEGIN)
            counts.append(
                jobs_until(limiter, begin=BEGIN + begin, end=BEGIN + begin + 30, seconds=0.5)
            )

        assert counts == [pytest.approx(31, abs=1), pytest.approx(57, abs=1)]

    def test_the_spacing_holds_for_jobs_that_are_quicker(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        assert limiter.should_wait(BEGIN) == 0
        limiter.record_result(True, BEGIN + 0.01, seconds=0.01)

        assert limiter.should_wait(BEGIN + 0.01) == pytest.approx(0.19, rel=0.01)

    def test_the_failure_of_a_slow_job_is_followed_by_a_rest_too(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        limiter.record_result(False, BEGIN, seconds=3.0)

        assert limiter.should_wait(BEGIN) == pytest.approx(3.0)

    def test_nobody_rests_after_a_job_whose_length_is_not_known(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        limiter.record_result(True, BEGIN)

        assert limiter.should_wait(BEGIN) == 0

    def test_a_new_period_begins_without_a_rest(self, limiter: RecoveryRateLimiter) -> None:
        limiter.record_result(True, BEGIN, seconds=10.0)

        limiter.start_recovery_period(BEGIN + 1)

        assert limiter.should_wait(BEGIN + 1) == 0


class TestErrors:
    """Too many failures within a minute halve the rate for a minute."""

    @pytest.mark.parametrize(
        ("good", "bad", "share"), [(0, 0, 0.0), (4, 0, 0.0), (3, 1, 0.25), (0, 2, 1.0)]
    )
    def test_the_error_rate_is_the_share_of_failures(
        self, limiter: RecoveryRateLimiter, good: int, bad: int, share: float
    ) -> None:
        results(limiter, good, bad, at=0)

        assert limiter.error_rate(BEGIN) == share

    def test_what_is_older_than_a_minute_does_not_count(self, limiter: RecoveryRateLimiter) -> None:
        results(limiter, 0, 3, at=0)
        results(limiter, 1, 0, at=30)

        assert limiter.error_rate(BEGIN + 59) == 0.75
        assert limiter.error_rate(BEGIN + 61) == 0
        assert limiter.error_rate(BEGIN + 91) == 0

    @pytest.mark.parametrize(("good", "bad", "factor"), [(7, 3, 1.0), (6, 3, 0.5), (0, 1, 0.5)])
    def test_recv_04_more_than_three_failures_in_ten_halve_the_rate(
        self, limiter: RecoveryRateLimiter, good: int, bad: int, factor: float
    ) -> None:
        results(limiter, good, bad, at=10)

        assert rate(limiter, 100) == 10 * factor

    @pytest.mark.parametrize(
        ("bad", "at", "factor"),
        [
            (0, 89, 0.5),  # well again, but too early
            (0, 90, 1.0),
            (9, 90, 1.0),
            (10, 90, 0.5),  # one in ten is too many
            (10, 91, 1.0),  # that is forgotten
        ],
    )
    def test_recv_04_the_full_rate_is_back_after_a_minute_with_few_failures(
        self, limiter: RecoveryRateLimiter, bad: int, at: float, factor: float
    ) -> None:
        results(limiter, 4, 6, at=0)
        results(limiter, 89, bad, at=30)  # the first of them still find too many failures

        results(limiter, 1, 0, at=at)

        assert rate(limiter, 200) == 15 * factor

    def test_further_failures_begin_the_minute_anew(self, limiter: RecoveryRateLimiter) -> None:
        results(limiter, 99, 60, at=0)
        results(limiter, 0, 60, at=30)
        results(limiter, 900, 0, at=30)

        results(limiter, 1, 0, at=61)
        assert rate(limiter, 200) == 7.5
        results(limiter, 1, 0, at=90)
        assert rate(limiter, 200) == 15

    def test_a_new_period_begins_with_the_full_rate_and_no_failures(
        self, limiter: RecoveryRateLimiter
    ) -> None:
        results(limiter, 0, 5, at=0)

        limiter.start_recovery_period(BEGIN + 10)

        assert limiter.current_rate(BEGIN + 10) == 5
        assert limiter.error_rate(BEGIN + 10) == 0

    def test_every_number_may_be_chosen(self) -> None:
        limiter = RecoveryRateLimiter(2.0, 4.0, 100.0, error_threshold=0.6, error_window=10.0)
        limiter.start_recovery_period(BEGIN)
        assert [rate(limiter, at) for at in (0, 50, 100)] == [2, 3, 0]

        results(limiter, 4, 6, at=0)
        assert rate(limiter, 50) == 3
        results(limiter, 0, 1, at=1)
        assert rate(limiter, 50) == 1.5
        results(limiter, 1, 0, at=12)
        assert rate(limiter, 50) == 3


Ask = Callable[[RecoveryRateLimiter, float | None], object]

METHODS: dict[str, Ask] = {
    "is_in_recovery_period": lambda limiter, now: limiter.is_in_recovery_period(now),
    "current_rate": lambda limiter, now: limiter.current_rate(now),
    "should_wait": lambda limiter, now: limiter.should_wait(now),
    "error_rate": lambda limiter, now: limiter.error_rate(now),
    "start_recovery_period": lambda limiter, now: limiter.start_recovery_period(now),
    "record_result": lambda limiter, now: limiter.record_result(False, now),
    "_maybe_adjust_rate": lambda limiter, now: limiter._maybe_adjust_rate(now),
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@pytest.mark.parametrize("later", [0.1, 30.0, 70.0, 400.0])
def test_every_method_takes_the_clocks_time_if_it_is_told_none(
    method: Ask, later: float, clock: FrozenClock
) -> None:
    told, untold = (RecoveryRateLimiter(clock=clock) for _ in range(2))
    for limiter in (told, untold):
        limiter.start_recovery_period(clock.now())
        limiter.record_result(False, clock.now(), seconds=2.0)
        limiter.should_wait(clock.now())
    clock.move(later)

    answers = method(told, clock.now()), method(untold, None)

    assert answers[0] == answers[1]
    for name in ("current_rate", "error_rate", "should_wait"):
        assert METHODS[name](told, clock.now()) == METHODS[name](untold, clock.now())

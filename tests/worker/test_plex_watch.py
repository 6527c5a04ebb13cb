"""While Plex is away it is asked whether it is back, seldom; two answers in a row prove it."""

from dataclasses import replace

import pytest

from domain.errors import PlexRefused
from tests.worker.away import ask, come_back, go_away, three_edits_wait
from tests.worker.conftest import Live
from tests.worker.stage import EventfulClock, Stage, hook
from tests.worker.test_background import nothing
from worker.circuit_breaker import CircuitState
from worker.outage_history import OutageHistory
from worker.recovery import RecoveryScheduler, RecoveryState

CLOSED, OPEN = CircuitState.CLOSED, CircuitState.OPEN


@pytest.fixture
def away(stage: Stage) -> Stage:
    return three_edits_wait(stage)


def state(stage: Stage) -> RecoveryState:
    return RecoveryScheduler(stage.world.data_dir).load_state()


def titles(stage: Stage) -> list[str]:
    return [stage.world.shown(scene)["title"] for scene in stage.world.stash.library.ids]


class TestProbes:
    """One cheap authorised GET, seldom, and only while Plex is away."""

    def test_recv_02_while_the_breaker_is_open_plex_is_asked_with_one_get(
        self, away: Stage
    ) -> None:
        ask(away, "f")

        (request,) = away.world.plex.requests
        assert request.method == "GET"
        assert request.path in ("/", "/library/sections")  # the first is how plexapi connects
        assert request.headers["x-plex-token"] == away.world.plex.token

    def test_a_plex_that_is_well_is_not_asked(self, stage: Stage) -> None:
        stage.worker.check_recovery()

        assert stage.world.plex.requests == []

    def test_recv_02_plex_is_not_asked_twice_within_five_seconds_whoever_asks(
        self, away: Stage
    ) -> None:
        ask(away, "f")
        away.clock.move(4.9)
        away.worker.check_recovery()
        away.reopen().check_recovery()
        assert len(away.world.plex.requests) == 1

        away.clock.move(0.1)
        away.worker.check_recovery()

        assert len(away.world.plex.requests) == 2

    def test_hlth_02_a_job_that_reaches_plex_is_word_of_its_health_too(self, stage: Stage) -> None:
        for _ in range(4):
            stage.worker.circuit_breaker.record_failure()

        stage.sync(stage.world.add("a", title="A"))

        assert stage.worker.circuit_breaker.failure_count == 0
        assert stage.plex_saw("PUT") == 1

    def test_hlth_02_an_answer_before_the_time_is_over_does_not_close_the_breaker(
        self, away: Stage
    ) -> None:
        before = (away.world.data_dir / "circuit_breaker.json").read_bytes()

        ask(away, "s")

        assert away.breaker is OPEN
        assert (away.world.data_dir / "circuit_breaker.json").read_bytes() == before

    def test_a_token_that_is_refused_is_told_and_changes_nothing(self, away: Stage) -> None:
        away.world.plex.token = "changed"

        with pytest.raises(PlexRefused, match="check plex_token"):
            ask(away, "s")

        assert away.breaker is OPEN


class TestInterval:
    """From 5 seconds to a minute, with some chance in it."""

    def ask_when_due(self, stage: Stage) -> float:
        """Ask when it is time; how long until the next time."""
        stage.clock.move(stage.worker.probe_in)
        stage.worker.check_recovery()
        return stage.worker.probe_in

    def test_hlth_03_plex_is_asked_five_seconds_after_it_went_away(self, away: Stage) -> None:
        assert away.worker.probe_in == pytest.approx(4.0)  # it slept a second after the failure

    def test_hlth_03_the_pause_grows_to_a_minute_with_each_failure(self, away: Stage) -> None:
        pauses = [self.ask_when_due(away) for _ in range(8)]

        bounds = [10, 20, 40, 60, 60, 60, 60, 60]
        assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
        assert len(set(pauses[3:])) > 1  # many who wait do not come back together

    def test_hlth_03_the_pause_is_five_seconds_again_after_a_success(self, away: Stage) -> None:
        for _ in range(4):
            self.ask_when_due(away)
        away.world.plex.weather("fine")

        assert self.ask_when_due(away) == 5

    def test_a_process_that_has_not_asked_yet_may_ask_at_once(self, away: Stage) -> None:
        ask(away, "ffff")

        assert away.reopen().probe_in == 0

    def test_no_pause_is_longer_than_a_minute_when_the_clock_is_set_back(self, away: Stage) -> None:
        away.clock.move(-86_400)

        assert away.worker.probe_in <= 60


class TestReturn:
    """Two answers in a row are certainty; one is enough when the breaker's time is over."""

    @pytest.mark.parametrize(
        ("answers", "after"), [("s", OPEN), ("ss", CLOSED), ("sfs", OPEN), ("fsfss", CLOSED)]
    )
    def test_recv_01_two_answers_in_a_row_end_the_time_of_an_open_breaker(
        self, away: Stage, answers: str, after: CircuitState
    ) -> None:
        ask(away, answers)

        assert away.breaker is after

    def test_the_two_answers_may_come_to_two_processes(self, away: Stage) -> None:
        ask(away, "s")
        away.reopen()
        ask(away, "s")

        assert away.breaker is CLOSED

    def test_one_answer_is_enough_when_the_time_is_over(self, away: Stage) -> None:
        away.clock.move(60)

        ask(away, "s")

        assert away.breaker is CLOSED

    def test_answers_from_an_earlier_outage_do_not_count_in_the_next(self, away: Stage) -> None:
        come_back(away)
        go_away(away)

        ask(away, "s")

        assert away.breaker is OPEN

    def test_stat_02_every_answer_is_counted_once(self, away: Stage) -> None:
        ask(away, "ff")
        assert (state(away).consecutive_successes, state(away).consecutive_failures) == (0, 2)

        ask(away, "ss")

        assert (state(away).consecutive_successes, state(away).consecutive_failures) == (2, 0)

    def test_recv_03_a_return_is_told_with_its_number_and_how_many_jobs_wait(
        self, away: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        come_back(away)

        assert "Recovery #1: Plex is back" in caplog.text
        assert "3 jobs wait and are brought to Plex now" in caplog.messages
        assert state(away).recovery_count == 1

    def test_visb_03_an_outage_ends_with_the_jobs_it_held_up(self, away: Stage) -> None:
        (began,) = OutageHistory(away.world.data_dir).get_history()

        come_back(away)

        duration = away.clock.now() - began.started_at
        (ended,) = OutageHistory(away.world.data_dir).get_history()
        assert ended == replace(
            began, ended_at=away.clock.now(), duration=duration, jobs_affected=3
        )

    def test_recv_01_the_queue_drains_by_itself_within_65_seconds_after_plex_is_back(
        self, stage: Stage, live: Live, clock: EventfulClock
    ) -> None:
        """One background process, and nobody invokes anything."""
        world, back_at, written_at = stage.world, [0.0], [0.0]
        for n in range(3):
            hook(world, world.add(f"s{n}", title=f"Scene {n}"))
        world.plex.weather(503)

        def come_back() -> None:
            world.plex.weather("fine")
            back_at[0] = clock.elapsed

        def note(request: object) -> None:
            written_at[0] = clock.elapsed

        world.plex.before_answer = note
        clock.events = [nothing] * 15 + [come_back]
        assert live() is False

        assert titles(stage) == ["Scene 0", "Scene 1", "Scene 2"]
        assert 0 < written_at[0] - back_at[0] <= 66
        assert [r.jobs_affected for r in OutageHistory(world.data_dir).get_history()] == [3]

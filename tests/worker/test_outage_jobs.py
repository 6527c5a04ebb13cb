"""What an outage does to the jobs before it, and to the pace after it."""

import json

import pytest

from tests.worker.away import come_back, go_away, three_edits_wait
from tests.worker.stage import EventfulClock, Stage
from tests.world import picture
from worker.outage_history import OutageHistory
from worker.plex_watch import NAP


@pytest.fixture
def away(stage: Stage) -> Stage:
    return three_edits_wait(stage)


@pytest.fixture
def slow(away: Stage, clock: EventfulClock) -> Stage:
    """Plex is back and takes two seconds for each of three writes."""
    come_back(away)
    away.world.plex.before_answer = lambda _: clock.move(2)
    clock.slept.clear()
    return away


class TestMarks:
    """What failed while the breaker was about to open belongs to the outage."""

    def test_dlqm_01_jobs_that_failed_just_before_bear_the_name_of_the_outage(
        self, stage: Stage
    ) -> None:
        stage.open(max_retries=2)
        waiting, dead = (stage.world.add(name, title=name) for name in ("waiting", "dead"))
        stage.world.plex.weather(429, only="PUT", retry_after=200)
        stage.sync(dead)
        stage.clock.move(200)
        stage.sync(waiting)
        assert list(stage.dead()) == [dead]
        stage.enqueue(stage.world.add("a"))

        go_away(stage)

        (outage,) = OutageHistory(stage.world.data_dir).get_history()
        marks = "SELECT id, outage_id FROM"
        assert stage.queue.db.rows(f"{marks} dead_letter") == [(dead, outage.id)]
        assert stage.queue.db.rows(f"{marks} retry") == [(waiting, outage.id)]

    def test_dlqm_02_what_failed_for_its_own_reason_does_not(self, stage: Stage) -> None:
        stage.open(max_retries=1)
        refused, earlier = (stage.world.add(name, title=name) for name in ("refused", "earlier"))
        stage.world.plex.chokes_on(stage.world.key(earlier), 500)
        stage.sync(earlier)
        stage.clock.move(400)
        stage.world.plex.chokes_on(stage.world.key(refused), 400)
        stage.sync(refused)
        assert list(stage.dead()) == [earlier, refused]
        stage.enqueue(stage.world.add("a"))

        go_away(stage)

        assert stage.queue.db.rows("SELECT outage_id FROM dead_letter") == [(None,), (None,)]


class TestRamp:
    """What test_pace.py does not show of the time after a return."""

    def test_recv_04_a_long_wait_is_slept_in_pieces_of_half_a_second(
        self, slow: Stage, clock: EventfulClock
    ) -> None:
        slow.drain()

        assert max(clock.slept) == NAP == 0.5
        assert sum(clock.slept) == pytest.approx(4, abs=0.1)  # two rests

    def test_recv_04_a_wait_is_no_time_that_a_job_took(self, slow: Stage) -> None:
        slow.drain()

        stats = slow.worker.stats
        assert stats.total_processing_time / stats.jobs_processed == pytest.approx(2.0, abs=0.01)

    def test_a_drain_that_is_told_to_end_does_not_sleep_on(
        self, slow: Stage, clock: EventfulClock
    ) -> None:
        slow.worker.drain(go_on=lambda: len(clock.slept) < 2)

        assert clock.slept == [NAP] * 2

    @pytest.mark.parametrize(("status", "failed"), [(500, True), (400, False)])
    def test_recv_04_failures_that_may_pass_are_counted_and_permanent_ones_are_not(
        self, away: Stage, status: int, failed: bool
    ) -> None:
        come_back(away)
        first, second, _ = away.world.stash.library.ids
        away.world.plex.chokes_on(away.world.key(first), status)
        away.world.plex.chokes_on(away.world.key(second), 400)

        away.drain()

        assert (away.worker._rate_limiter.error_rate() > 0) is failed

    def test_recv_04_a_plex_that_goes_away_again_is_counted(self, away: Stage) -> None:
        come_back(away)
        away.world.plex.weather(503)

        away.drain()

        assert away.worker._rate_limiter.error_rate() == 1.0

    def test_recv_04_the_end_of_the_ramp_is_told_once_and_noted(
        self, away: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        come_back(away)
        assert away.worker._was_in_recovery
        away.clock.move(300)

        away.drain()

        said = [m for m in caplog.messages if m.endswith("full speed again")]
        assert len(said) == 1
        file = away.world.data_dir / "recovery_state.json"
        assert json.loads(file.read_bytes())["recovery_started_at"] == 0.0
        assert not away.worker._was_in_recovery

    def test_a_stash_that_does_not_show_its_covers_is_no_failure_of_plex(
        self, stage: Stage
    ) -> None:
        stage.enqueue(stage.world.add("a", title="A", cover=picture("a")))
        go_away(stage)
        come_back(stage)
        stage.world.stash.weather(503, "image")

        stage.drain()

        assert stage.stats["waiting"] == 1
        assert stage.worker._rate_limiter.error_rate() == 0

    def test_recv_04_however_many_retries_wait_they_are_released_within_the_ramp(
        self, away: Stage
    ) -> None:
        now = away.clock.now()
        away.queue.db.executemany(
            "INSERT INTO retry (kind, id, queue, next_retry_at, first_at) "
            "VALUES ('scene', ?, 'default', ?, ?)",
            [(100 + n, now - n, now) for n in range(3000)],
        )

        come_back(away)

        assert 0 < max(away.waiting().values()) <= 300


def test_visb_03_a_scene_that_is_not_in_plex_is_not_held_up_by_an_outage(stage: Stage) -> None:
    stage.sync(stage.world.add("missing", title="Missing", in_plex=False))
    stage.queue.db.execute(
        "UPDATE retry SET next_retry_at = ?",
        (stage.clock.now() + 1000,),  # not soon, by chance
    )
    stage.enqueue(stage.world.add("a", title="A"))
    go_away(stage)

    come_back(stage)

    (outage,) = OutageHistory(stage.world.data_dir).get_history()
    assert outage.jobs_affected == 1

"""What the buttons say of outages, and what Recover Outage Jobs does."""

import re

import pytest

from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.outages import PastOutage, plex_went_away, section, told
from tests.invocation.witness import answer_of, rows, titles_shown
from tests.world import World

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


NOTHING = "Nothing to recover: what the last outage held up is done, or was edited since"


@pytest.fixture
def past(world: World) -> PastOutage:
    return PastOutage(world)


def output(world: World, mode: str) -> str:
    """What a task answers."""
    return str(answer_of(world.task(mode))["output"])


@pytest.fixture
def during(world: World) -> World:
    """Plex is away for a minute, two edits wait, and a process is at it."""
    record(world, *(world.add(name, title=name.upper()) for name in "ab"))
    plex_went_away(world, ago=65)
    return world


class TestReport:
    def test_without_an_outage_it_says_so(self, world: World) -> None:
        assert output(world, "outage_summary") == "No outages recorded"

    def test_visb_04_it_sums_up_what_was(self, world: World, past: PastOutage) -> None:
        result = world.task("outage_summary")

        said = f"1 outage, {past.length} of downtime"
        assert answer_of(result)["output"] == said
        *lines, latest, _ = section(result, "Outage Summary Report")
        assert lines == [
            "Outages: 1",
            f"Total downtime: {past.length}",
            f"Mean time to recovery (MTTR): {past.length}",
            "Latest outages:",
        ]
        assert re.fullmatch(rf"{TIME}: {past.length}, 2 jobs affected", latest)

    def test_it_names_an_outage_that_lasts(self, during: World) -> None:
        with somebody_holds(during.data_dir / "drain.lock"):
            result = during.task("outage_summary")

        assert "; one is ongoing for " in answer_of(result)["output"]
        assert re.search(rf"{TIME}: ONGOING for 1m \d+s", "\n".join(told(result)))


class TestStatus:
    def test_visb_01_during_an_outage_it_says_since_when_and_when_plex_is_asked_next(
        self, during: World
    ) -> None:
        plex_went_away(during, ago=10)
        with somebody_holds(during.data_dir / "drain.lock"):
            result = during.task("queue_status")

        assert section(result, "Queue Status")[0] == "Pending: 2"
        breaker = section(result, "Background Process")[-1]
        assert re.fullmatch(r"Circuit breaker: OPEN \(opened 1\ds ago\)", breaker)
        check, recoveries = section(result, "Recovery")
        assert re.fullmatch(r"Next check: in \d\ds at the latest", check)
        assert recoveries == "Recoveries: 0"
        (outage,) = section(result, "Recent Outages")
        assert re.fullmatch(rf"{TIME}: ONGOING for \d\ds", outage)

    def test_visb_01_it_says_how_long_ago_the_breaker_opened(self, during: World) -> None:
        with somebody_holds(during.data_dir / "drain.lock"):
            result = during.task("queue_status")

        assert "opened 1m" in section(result, "Background Process")[-1]

    def test_visb_01_after_an_outage_it_says_when_plex_came_back(
        self, world: World, past: PastOutage
    ) -> None:
        result = world.task("queue_status")

        assert section(result, "Background Process")[-1] == "Circuit breaker: CLOSED"
        check, recovery, recoveries = section(result, "Recovery")
        assert re.fullmatch(r"Last check: 2\dm \d+s ago", check)
        assert re.fullmatch(r"Last recovery: 2\dm \d+s ago", recovery)
        assert recoveries == "Recoveries: 1"
        (outage,) = section(result, "Recent Outages")
        assert re.fullmatch(rf"{TIME}: {past.length}, 2 jobs affected", outage)

    def test_without_an_outage_it_says_so(self, world: World) -> None:
        result = world.task("queue_status")

        assert section(result, "Recovery") == ["Recoveries: 0"]
        assert section(result, "Recent Outages") == ["No outages recorded"]


class TestRecoverOutageJobs:
    def test_dlqm_01_what_waits_is_due_at_once_and_what_was_buried_comes_back(
        self, world: World, past: PastOutage
    ) -> None:
        assert titles_shown(world, past.scenes) == ["waiting", "buried", "Held Up"]

        said = output(world, "recover_outage_jobs")

        assert said == (
            "1 waiting job of the last outage made due at once; 1 of 1 dead letters recovered; "
            "skipped: 0 already queued, 0 because Plex is down, 0 no longer in Stash; 0 failed"
        )
        world.until(
            lambda: titles_shown(world, past.scenes) == ["Waiting", "Buried", "Held Up"], within=30
        )
        world.until_drained()
        assert rows(world, "dead_letter", "id") == rows(world, "retry", "id") == []

    def test_pressed_twice_it_does_nothing_the_second_time(
        self, world: World, past: PastOutage
    ) -> None:
        output(world, "recover_outage_jobs")
        world.until(
            lambda: titles_shown(world, past.scenes) == ["Waiting", "Buried", "Held Up"], within=30
        )
        world.until_drained()
        world.plex.clear_requests()

        said = output(world, "recover_outage_jobs")

        assert said == NOTHING
        world.until_drained()
        assert world.plex.count("PUT") == 0

    def test_pressed_twice_at_once_it_enqueues_nothing_twice(
        self, world: World, past: PastOutage
    ) -> None:
        with somebody_holds(world.data_dir / "drain.lock"):
            first, second = (output(world, "recover_outage_jobs") for _ in range(2))

        assert first.startswith("1 waiting job of the last outage made due at once; 1 of 1 dead")
        assert second == NOTHING
        assert world.queue_stats()["pending"] == 1

    def test_while_plex_is_down_it_leaves_all_as_it_is(
        self, world: World, past: PastOutage
    ) -> None:
        before = rows(world, "retry", "next_retry_at")
        world.plex.weather(503)

        said = output(world, "recover_outage_jobs")

        assert "0 of 1 dead letters recovered; skipped: 0 already queued, 1 because Plex" in said
        assert said.startswith("Plex cannot be asked, so nothing is recovered yet; 0 of ")
        assert rows(world, "retry", "next_retry_at") == before
        assert rows(world, "dead_letter", "id") == [past.buried]

    def test_while_plex_is_down_it_does_so_without_a_dead_letter_too(
        self, world: World, past: PastOutage
    ) -> None:
        before = rows(world, "retry", "next_retry_at")
        world.task("clear_dlq")
        world.plex.weather(503)

        said = output(world, "recover_outage_jobs")

        assert said.startswith("Plex cannot be asked, so nothing is recovered yet; 0 of ")
        assert rows(world, "retry", "next_retry_at") == before

    def test_a_scene_that_is_gone_from_stash_is_passed_over(
        self, world: World, past: PastOutage
    ) -> None:
        world.stash.destroy(past.buried)

        said = output(world, "recover_outage_jobs")

        assert "0 of 1 dead letters recovered" in said
        assert "1 no longer in Stash" in said

    def test_without_an_outage_it_has_nothing_to_do(self, world: World) -> None:
        assert output(world, "recover_outage_jobs") == "No outages recorded: nothing to recover"

    def test_while_the_first_outage_lasts_it_says_that_nothing_needs_to_be_done(
        self, during: World
    ) -> None:
        during.plex.weather(503)

        assert output(during, "recover_outage_jobs").startswith("No outage is over yet")

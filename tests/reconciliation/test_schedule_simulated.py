"""Automatic reconciliations at an interval, over four weeks: only the clock is simulated."""

from collections.abc import Callable

import pytest
from pydantic import SecretStr, ValidationError

import Stash2Plex
from tests.reconciliation.weeks import (
    BEGINNING,
    HastyClock,
    Run,
    Weeks,
    clock,
    each_hour,
    mornings,
    weeks,
)
from tests.worker.stage import Stage
from tests.world import World
from validation.config import Stash2PlexConfig

__all__ = ["clock", "weeks"]

DAY, WEEK = 24, 168  # hours


class TestInterval:
    """AUTO-01: never, hourly, daily, weekly."""

    def test_auto_01_daily_is_once_a_day(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="daily", reconcile_scope="all")

        weeks.hooks_at(*each_hour(4))

        assert weeks.runs == [Run(day * DAY, "all") for day in (0, 1, 2, 3, 4)]

    def test_auto_01_hourly_is_once_an_hour(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="hourly")

        weeks.hooks_at(*(half / 2 for half in range(25)))

        assert weeks.runs == [Run(float(hour), "24h") for hour in range(13)]

    @pytest.mark.proof
    @pytest.mark.timeout(600)
    @pytest.mark.parametrize(
        ("interval", "scope", "hours"),
        [("hourly", "24h", 1), ("daily", "all", DAY), ("weekly", "7days", WEEK)],
    )
    def test_auto_01_in_four_weeks_with_a_hook_each_hour_it_is_kept_to_the_hour(
        self, weeks: Weeks, interval: str, scope: str, hours: int
    ) -> None:
        weeks.settings.update(reconcile_interval=interval, reconcile_scope=scope)

        weeks.hooks_at(*each_hour(28))

        assert weeks.runs == [Run(hour, scope) for hour in range(0, 4 * WEEK + 1, hours)]

    @pytest.mark.proof
    @pytest.mark.timeout(600)
    def test_auto_01_never_is_never_in_four_weeks(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="never")

        weeks.hooks_at(*each_hour(28))

        assert weeks.runs == []

    @pytest.mark.parametrize("settings", [{}, {"reconcile_interval": "never"}])
    def test_auto_01_never_is_the_default_and_there_is_no_startup_either(
        self, weeks: Weeks, world: World, settings: dict[str, object]
    ) -> None:
        weeks.settings.update(settings, reconcile_scope="all")

        weeks.hooks_at(*mornings(7))

        assert weeks.runs == []
        assert not (world.data_dir / "reconciliation_state.json").exists()

    def test_auto_01_a_week_without_hooks_is_made_up_for_by_one_run(self, weeks: Weeks) -> None:
        """Nothing runs by itself: a plugin has no daemon."""
        weeks.settings.update(reconcile_interval="daily")
        weeks.hooks_at(0)

        weeks.hooks_at(WEEK + 5, WEEK + 6, WEEK + 7)

        assert weeks.runs == [Run(0, "24h"), Run(WEEK + 5, "24h")]

    def test_a_manual_run_begins_the_interval_anew(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="daily", reconcile_scope="all")
        weeks.hooks_at(*range(10))

        weeks.button_at(9.5, "recent")
        weeks.hooks_at(*range(10, 36))

        assert weeks.runs == [Run(0, "all"), Run(34, "all")]
        assert weeks.state.run_count == 3

    def test_auto_01_a_run_that_takes_its_time_does_not_put_off_the_next_one(
        self, weeks: Weeks
    ) -> None:
        """Or weekly would be three times in four weeks, for someone who saves once an hour."""
        weeks.settings.update(reconcile_interval="hourly")
        weeks.page_takes = 20

        weeks.hooks_at(*range(13))

        assert [run.hour for run in weeks.runs] == list(range(13))

    @pytest.mark.parametrize("interval", ["yearly", "12", "dayly"])
    def test_auto_01_an_interval_that_is_none_is_refused_and_told(
        self, weeks: Weeks, interval: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        weeks.settings.update(reconcile_interval=interval)

        weeks.hooks_at(*mornings(3))

        assert weeks.runs == []
        assert (
            f"setting reconcile_interval: '{interval}' must be one of never, hourly, daily, "
            "weekly; its default 'never' is used"
        ) in caplog.messages


@pytest.mark.parametrize("field", ["reconcile_interval", "reconcile_scope"])
@pytest.mark.parametrize("value", ["yearly", "custom", "", None, 7, True])
def test_auto_01_and_auto_03_what_is_no_interval_and_no_scope_is_refused(
    field: str, value: object
) -> None:
    facts: dict[str, object] = {
        "plex_url": "http://localhost:32400", "plex_token": SecretStr("abc"), field: value,
    }  # fmt: skip

    with pytest.raises(ValidationError, match="must be one of"):
        Stash2PlexConfig.model_validate(facts)


def requests(world: World, do: Callable[[], None]) -> int:
    """How many requests both servers have while something is done."""
    world.stash.clear_requests()
    world.plex.clear_requests()
    do()
    return len(world.stash.requests) + len(world.plex.requests)


class TestTrouble:
    def test_while_nothing_is_due_nobody_is_asked_for_it(self, weeks: Weeks, world: World) -> None:
        weeks.hooks_at(0, 1)
        without = requests(world, lambda: weeks.hooks_at(2))
        weeks.settings.update(reconcile_interval="weekly", reconcile_scope="all")
        weeks.hooks_at(3)

        assert requests(world, lambda: weeks.hooks_at(4)) == without

    def test_a_run_that_is_killed_is_made_ten_minutes_later_and_not_before(
        self, weeks: Weeks
    ) -> None:
        weeks.settings.update(reconcile_interval="weekly")
        weeks.is_deadly = True
        weeks.hooks_at(0)
        weeks.is_deadly = False

        weeks.hooks_at(9 / 60)
        assert weeks.runs == []

        weeks.hooks_at(15 / 60)
        assert weeks.runs == [Run(15 / 60, "24h")]

    def test_a_state_that_cannot_be_read_costs_one_run(self, weeks: Weeks, world: World) -> None:
        weeks.settings.update(reconcile_interval="weekly")
        weeks.hooks_at(0, 1)
        (world.data_dir / "reconciliation_state.json").write_bytes(b"{")

        weeks.hooks_at(2, 3, 4)

        assert weeks.runs == [Run(0, "24h"), Run(2, "24h")]

    def test_a_clock_that_is_set_back_by_a_year_does_not_stop_it(
        self, weeks: Weeks, clock: HastyClock
    ) -> None:
        weeks.settings.update(reconcile_interval="daily")
        clock.time += 365 * 86_400.0
        weeks.button_at(365 * DAY, "all")
        clock.time = BEGINNING

        weeks.hooks_at(*each_hour(2))

        assert [run.hour for run in weeks.runs] == [0, DAY, 2 * DAY]

    def test_a_run_by_hand_that_begins_no_interval_puts_off_none_either(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="hourly")
        weeks.hooks_at(0)

        weeks.button_at(0.9, "missing_metadata")
        weeks.hooks_at(1)

        assert weeks.runs == [Run(0, "24h"), Run(1, "24h")]

    def test_a_run_after_a_deletion_that_is_killed_waits_for_ten_minutes_too(
        self, weeks: Weeks, world: World
    ) -> None:
        weeks.is_deadly = True
        (world.data_dir / "thing_gone.due").touch()
        weeks.hooks_at(0)
        weeks.is_deadly = False

        weeks.hooks_at(9 / 60)  # the background that this starts waits for it

        assert [run.scope for run in weeks.runs] == ["all"]
        assert weeks.state.last_run_time >= BEGINNING + 600

    def test_a_run_that_did_not_come_to_its_end_is_not_called_complete(
        self, world: World, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.add("a", title="A")
        services = stage.open(reconcile_interval="daily").services

        Stash2Plex.maybe_auto_reconcile(services, lambda: False, was_quiet=False)

        assert "the run was ended before it was through" in caplog.text
        assert "complete" not in caplog.text

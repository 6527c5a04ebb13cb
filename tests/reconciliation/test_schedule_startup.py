"""Reconciliations as Stash starts, and which scenes an automatic one looks at, simulated."""

import pytest

from tests.reconciliation.weeks import (
    BEGINNING,
    HOUR,
    HastyClock,
    Run,
    Weeks,
    clock,
    mornings,
    weeks,
)
from tests.world import World

__all__ = ["clock", "weeks"]

DAY = 24  # hours

AGES = {"Hours": 0.5, "Days": 6.9, "Weeks": 7.1}
"""Titles, and how many days ago the scene was changed."""


class TestStartup:
    """AUTO-02: a plugin is not told when Stash starts; an hour without hooks is the sign."""

    def test_auto_01_and_auto_02_in_four_weeks_weekly_is_four_times_and_startup_each_morning(
        self, weeks: Weeks
    ) -> None:
        weeks.settings.update(reconcile_interval="weekly", reconcile_scope="all")

        weeks.hooks_at(*mornings(29))

        assert [run for run in weeks.runs if not run.is_startup] == [
            Run(8, "all"),
            Run(7 * DAY + 8, "all"),
            Run(14 * DAY + 8, "all"),
            Run(21 * DAY + 8, "all"),
            Run(28 * DAY + 8, "all"),
        ]
        other_days = [day for day in range(29) if day not in (0, 7, 14, 21, 28)]
        assert [run for run in weeks.runs if run.is_startup] == [
            Run(day * DAY + 8, "recent (startup)", is_startup=True) for day in other_days
        ]

    def test_auto_02_while_hooks_come_within_the_hour_there_is_none(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="weekly")

        weeks.hooks_at(*(59 / 60 * hook for hook in range(48)))

        assert weeks.runs == [Run(0, "24h")]

    @pytest.mark.parametrize(("minutes", "count"), [(59, 0), (61, 1)])
    def test_auto_02_an_hour_after_the_background_has_ended_it_is(
        self, weeks: Weeks, minutes: int, count: int
    ) -> None:
        """The background lives for five minutes after a hook."""
        weeks.settings.update(reconcile_interval="weekly")
        weeks.hooks_at(0, 0.5, 1)

        weeks.hooks_at(1 + (5 + minutes) / 60)

        assert sum(run.is_startup for run in weeks.runs) == count

    def test_auto_02_a_background_that_lives_for_hours_makes_one(
        self, weeks: Weeks, clock: HastyClock
    ) -> None:
        weeks.settings.update(reconcile_interval="weekly")
        weeks.hooks_at(0)

        clock.meanwhile = [weeks.save] * 45
        weeks.hooks_at(12)

        assert clock.now() - BEGINNING > 15 * HOUR - 1
        assert weeks.state.run_count == 2

    def test_auto_02_it_looks_at_the_last_24_hours_whatever_the_scope(
        self, weeks: Weeks, world: World
    ) -> None:
        weeks.settings.update(reconcile_interval="weekly", reconcile_scope="all")
        weeks.hooks_at(0)
        world.add("two days", in_plex=False, title="Two Days", updated_at=weeks.ago(days=1))
        weeks.hooks_at(0.5)
        world.add("new", in_plex=False, title="New", updated_at=weeks.ago(days=0))

        weeks.hooks_at(DAY)

        assert weeks.runs[1:] == [Run(DAY, "recent (startup)", is_startup=True)]
        assert weeks.state.last_scenes_checked == 1

    def test_auto_02_within_an_hour_of_a_manual_run_there_is_none(self, weeks: Weeks) -> None:
        weeks.settings.update(reconcile_interval="weekly")
        weeks.hooks_at(0)

        weeks.button_at(8, "recent")
        weeks.hooks_at(8.5, 9)

        assert weeks.runs == [Run(0, "24h")]
        assert weeks.state.run_count == 2


class TestScope:
    """AUTO-03: all, 24h, 7days."""

    @pytest.fixture
    def scenes(self, weeks: Weeks, world: World) -> dict[str, int]:
        return {
            title: world.add(title.casefold(), title=title, updated_at=weeks.ago(days=days))
            for title, days in AGES.items()
        }

    @pytest.mark.parametrize(
        ("settings", "shown"),
        [
            ({}, ["Hours", "days", "weeks"]),
            ({"reconcile_scope": "24h"}, ["Hours", "days", "weeks"]),
            ({"reconcile_scope": "7days"}, ["Hours", "Days", "weeks"]),
            ({"reconcile_scope": "all"}, ["Hours", "Days", "Weeks"]),
        ],
    )
    def test_auto_03_what_changed_within_the_scope_reaches_plex(
        self,
        weeks: Weeks,
        world: World,
        scenes: dict[str, int],
        settings: dict[str, object],
        shown: list[str],
    ) -> None:
        """An item that nobody has synced shows the name of its file."""
        weeks.settings.update(settings, reconcile_interval="daily")

        weeks.hooks_at(0)

        assert [world.shown(scene)["title"] for scene in scenes.values()] == shown

    def test_auto_03_the_scope_may_be_written_in_capitals(
        self, weeks: Weeks, scenes: dict[str, int]
    ) -> None:
        weeks.settings.update(reconcile_interval="Daily", reconcile_scope="7DAYS")

        weeks.hooks_at(0)

        assert weeks.runs == [Run(0, "7days")]
        assert weeks.state.last_scenes_checked == 2

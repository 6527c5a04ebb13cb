"""The background's runs: each once, none for ever, and no bug in one ends a life."""

import logging
import os
from functools import partial

import pytest

import Stash2Plex
from reconciliation import automatic
from reconciliation.scheduler import ReconciliationScheduler
from reconciliation.sides import SideBySide
from reconciliation.task import reconcile
from sync_queue.due import GONE, is_comparison_due, mark_reconciliation_due
from sync_queue.manager import QueueManager
from tests.reconciliation.due import has_run, scheduler, state, titles, walks, wants
from tests.worker.conftest import Live, live
from tests.worker.stage import EventfulClock, Stage, hook
from tests.world import World
from worker.processor import SyncWorker

__all__ = ["live"]

HOUR = 3600.0  # seconds
DAY = 24 * HOUR


@pytest.fixture
def lives(live: Live) -> Live:
    """A life of the background as the plugin starts it."""
    return partial(live, reconcile=Stash2Plex.maybe_auto_reconcile)


def deleted(world: World, clock: EventfulClock, seconds_ago: float = 60.0) -> None:
    """Something was deleted then, and the drain has left word."""
    mark_reconciliation_due(world.data_dir, GONE)
    os.utime(world.data_dir / GONE, (clock.now() - seconds_ago,) * 2)


def is_due(world: World) -> bool:
    return (world.data_dir / GONE).exists()


def press(stage: Stage, scope: str) -> None:
    """Let a button run in a process of its own."""
    services = stage.worker.services
    manager = QueueManager(stage.world.data_dir, clock=stage.clock)
    reconcile(scope, services.stash, services.config, manager)
    manager.close()


class TestOnceIsEnough:
    def test_what_a_button_has_run_meanwhile_is_not_run_again(
        self, world: World, stage: Stage
    ) -> None:
        world.add("a", title="A")
        services = stage.open(reconcile_interval="daily", reconcile_scope="all").services
        due = automatic.what_is_due(services, was_quiet=False)
        assert due is not None

        press(stage, "all")
        automatic.run(*due, services, lambda: True)

        assert state(world).run_count == 1

    def test_what_another_runs_for_long_is_not_told_again_and_again(
        self, world: World, stage: Stage, clock: EventfulClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        services = stage.open(reconcile_interval="daily").services
        with ReconciliationScheduler(world.data_dir, clock=clock).claim() as ours:
            assert ours
            clock.move(700)
            for _ in range(3):
                due = automatic.what_is_due(services, was_quiet=False)
                assert due is not None
                automatic.run(*due, services, lambda: True)

        assert "interval trigger" not in caplog.text
        due = automatic.what_is_due(services, was_quiet=False)
        assert due is not None
        automatic.run(*due, services, lambda: True)
        assert caplog.text.count("Auto-reconciliation: interval trigger (daily, scope: 24h)") == 1


class TestThingsGone:
    def test_word_from_the_future_is_believed(
        self, world: World, stage: Stage, lives: Live, clock: EventfulClock
    ) -> None:
        """The clock was ahead when it was left."""
        world.add("a", title="A")
        deleted(world, clock, seconds_ago=-40 * DAY)

        lives()

        assert (walks(world), is_due(world)) == (1, False)

    def test_a_hold_from_the_future_is_not_believed(
        self, world: World, lives: Live, clock: EventfulClock
    ) -> None:
        world.add("a", title="A")
        deleted(world, clock)
        lives()
        clock.move(-40 * DAY)
        deleted(world, clock)

        assert is_comparison_due(world.data_dir, clock.now())

    def test_a_button_for_all_scenes_settles_it(
        self, world: World, stage: Stage, clock: EventfulClock
    ) -> None:
        world.add("a", title="A")
        services = stage.worker.services
        deleted(world, clock)

        press(stage, "all")

        assert not is_due(world)
        assert automatic.what_is_due(services, was_quiet=False) is None

    @pytest.mark.parametrize("scope", ["recent", "missing_metadata"])
    def test_a_button_that_repairs_less_does_not(
        self, world: World, stage: Stage, clock: EventfulClock, scope: str
    ) -> None:
        world.add("a", title="A")
        _ = stage.worker
        deleted(world, clock)

        press(stage, scope)

        assert is_comparison_due(world.data_dir, clock.now())

    def test_a_run_of_recent_scenes_does_not_put_it_off(
        self, world: World, stage: Stage, clock: EventfulClock
    ) -> None:
        world.add("a", title="A")
        services = stage.open(reconcile_interval="daily", reconcile_scope="24h").services
        deleted(world, clock)
        due = automatic.what_is_due(services, was_quiet=False)
        assert due is not None
        assert due[1] == "24h"

        automatic.run(*due, services, lambda: True)

        due = automatic.what_is_due(services, was_quiet=False)
        assert due is not None
        assert due[1] == "all"

    def test_all_scenes_are_compared_once_per_hour_at_most(
        self, world: World, lives: Live, clock: EventfulClock
    ) -> None:
        world.add("a", title="A")
        walked: list[int] = []
        for _ in range(13):  # for two hours
            deleted(world, clock)
            lives(is_outdated=_after(clock, 300))
            walked.append(walks(world))
            clock.move(300)

        assert walked[0] == 1
        assert walked[5] == 1
        assert walked[-1] in (2, 3)

    def test_it_lists_no_library_that_is_known(
        self, world: World, lives: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        hook(world, scene)
        lives()
        world.plex.clear_requests()
        deleted(world, clock)

        lives()

        assert walks(world) == 1
        listings = [request for request in world.plex.requests if request.path.endswith("/all")]
        whole = [each for each in listings if "updatedAt>>" not in each.args]
        assert {each.option("X-Plex-Container-Size") for each in whole} == {"1"}  # the count


class TestBugs:
    @pytest.mark.parametrize(
        ("where", "line"),
        [("what_is_due", "check failed"), ("run", "failed")],
    )
    def test_one_is_told_and_saves_go_on(
        self,
        world: World,
        lives: Live,
        clock: EventfulClock,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
        where: str,
        line: str,
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "daily")
        clock.events = [partial(hook, world, scene)]

        def bug(*_: object, **__: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(automatic, where, bug)

        lives()

        assert titles(world, scene) == ["A"]
        assert f"Auto-reconciliation {line}: bug in Stash2Plex (ZeroDivisionError" in caplog.text

    def test_a_run_with_one_is_not_begun_again_at_once(
        self,
        world: World,
        lives: Live,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "daily")
        hook(world, scene)

        def bug(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(SideBySide, "look", bug)

        lives()

        assert caplog.text.count("Auto-reconciliation failed: ") == 1
        assert state(world).run_count == 0
        with scheduler(world).claim() as ours:
            assert ours

    def test_one_in_the_drain_between_two_pages_is_the_drains(
        self, world: World, lives: Live, clock: EventfulClock, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It ends the life, and the scene at work is charged with it."""
        world.add("a", title="A")
        wants(world, "daily")
        has_run(world, 2 * DAY, clock)
        drain = SyncWorker.drain
        drains: list[int] = []

        def dies_later(self: SyncWorker, **options: object) -> object:
            drains.append(1)
            if len(drains) == 2:
                raise ZeroDivisionError
            return drain(self, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(SyncWorker, "drain", dies_later)

        with pytest.raises(ZeroDivisionError):
            lives()


def _after(clock: EventfulClock, seconds: float) -> "partial[bool]":
    end = clock.monotonic() + seconds
    return partial(lambda: clock.monotonic() >= end)

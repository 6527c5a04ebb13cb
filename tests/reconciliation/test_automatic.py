"""The reconciliation that nobody asks for: lives of the background, under a clock that is moved."""

import logging
from collections.abc import Callable

import pytest

import Stash2Plex
from reconciliation import engine
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
from tests.reconciliation.due import at_page, has_run, scheduler, state, titles, walks, wants
from tests.servers.plex import Request as PlexRequest
from tests.servers.stash import Request
from tests.worker.conftest import Live, live
from tests.worker.stage import EventfulClock, hook
from tests.world import World

__all__ = ["live"]

HOUR = 3600.0  # seconds
DAY = 24 * HOUR
LONG_AGO = "2020-01-01T00:00:00Z"

Lives = Callable[..., bool]


@pytest.fixture
def lives(live: Live, monkeypatch: pytest.MonkeyPatch) -> Lives:
    """A life of the background as the plugin starts it, with pages of two scenes."""
    monkeypatch.setattr(engine, "PAGE", 2)
    return lambda **options: live(reconcile=Stash2Plex.maybe_auto_reconcile, **options)


class TestWhatIsDue:
    @pytest.mark.parametrize("interval", ["hourly", "daily", "weekly"])
    def test_auto_01_it_is_run_at_the_start_and_its_gaps_reach_plex(
        self, world: World, lives: Lives, interval: str
    ) -> None:
        scenes = [world.add(name, title=name.upper()) for name in "abcde"]
        wants(world, interval)

        lives()

        assert titles(world, *scenes) == ["A", "B", "C", "D", "E"]
        found = state(world)
        assert (found.run_count, found.last_run_scope, found.is_startup_run) == (1, "all", False)
        assert (found.last_scenes_checked, found.last_enqueued, found.last_gaps_found) == (5, 5, 5)

    def test_auto_01_it_is_run_after_a_drain(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        missed, saved = (world.add(name, title=name.upper()) for name in "ab")
        wants(world, "hourly")
        has_run(world, HOUR - 100, clock)
        clock.events = [lambda: None] * 480 + [lambda: hook(world, saved)]  # after two minutes

        lives()

        assert titles(world, missed, saved) == ["A", "B"]
        assert state(world).run_count == 2

    def test_what_waits_is_drained_before_anything_is_compared(
        self, world: World, lives: Lives
    ) -> None:
        saved = world.add("a", title="A")
        wants(world, "daily")
        hook(world, saved)
        pages_at_the_write: list[int] = []

        def note(request: PlexRequest) -> None:
            if request.method == "PUT":
                pages_at_the_write.append(walks(world))

        world.plex.on_request = note
        lives()

        assert pages_at_the_write[0] == 0
        assert walks(world) == 1

    def test_auto_03_the_scope_is_the_one_that_was_chosen(self, world: World, lives: Lives) -> None:
        old, new = world.add("old", title="Old", updated_at=LONG_AGO), world.add("new", title="New")
        wants(world, "daily", "24h")

        lives()

        assert titles(world, old, new) == ["old", "New"]
        assert state(world).last_run_scope == "24h"

    def test_auto_02_a_start_up_looks_at_recent_scenes_only(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        old, new = world.add("old", title="Old", updated_at=LONG_AGO), world.add("new", title="New")
        wants(world, "weekly")
        has_run(world, 2 * HOUR, clock)

        lives()

        assert titles(world, old, new) == ["old", "New"]
        found = state(world)
        assert (found.run_count, found.is_startup_run) == (2, True)
        assert found.last_run_scope == "recent (startup)"

    def test_what_is_not_due_is_not_run(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "daily")
        has_run(world, HOUR / 2, clock)

        lives()

        assert titles(world, scene) == ["a"]
        assert (walks(world), state(world).run_count) == (0, 1)

    def test_one_life_runs_it_once(self, world: World, lives: Lives, clock: EventfulClock) -> None:
        scene = world.add("a", title="A")
        wants(world, "hourly")
        clock.events = [lambda: hook(world, scene)] * 5

        lives()

        assert state(world).run_count == 1

    def test_never_is_never(self, world: World, lives: Lives, clock: EventfulClock) -> None:
        scene, saved = (world.add(name, title=name.upper()) for name in "ab")
        wants(world, "never")
        hook(world, saved)

        for _ in range(3):
            lives()
            clock.move(8 * DAY)

        assert titles(world, scene, saved) == ["a", "B"]
        assert walks(world) == 0
        assert not (world.data_dir / ReconciliationScheduler.STATE_FILE).exists()

    def test_a_run_of_somebody_else_is_not_doubled(self, world: World, lives: Lives) -> None:
        world.add("a", title="A")
        wants(world, "hourly")

        with scheduler(world).claim() as ours:
            assert ours
            scheduler(world).save_state(ReconciliationState())
            lives()

        assert (walks(world), state(world).run_count) == (0, 0)


class TestBetweenTwoPages:
    def test_a_save_during_a_run_reaches_plex_before_the_run_ends(
        self, world: World, lives: Lives
    ) -> None:
        scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(12)]
        wants(world, "daily")

        def save() -> None:
            world.stash.edit(scenes[0], title="Saved")
            hook(world, scenes[0])

        at_page(world, 3, save)
        shown_before_page: dict[int, str] = {}
        noted = world.stash.before_answer
        assert noted is not None

        def look(request: Request) -> None:
            shown_before_page.setdefault(walks(world), world.shown(scenes[0])["title"])
            noted(request)

        world.stash.before_answer = look
        lives()

        assert walks(world) == 7
        assert shown_before_page[3] == "T0"
        assert shown_before_page[4] == "Saved"
        assert state(world).run_count == 1

    def test_a_run_ends_when_the_plugins_files_change(self, world: World, lives: Lives) -> None:
        scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(8)]
        wants(world, "daily")

        lives(is_outdated=lambda: walks(world) >= 2)

        assert walks(world) == 2
        assert titles(world, *scenes[2:]) == ["n2", "n3", "n4", "n5", "n6", "n7"]
        assert state(world).run_count == 0
        # What it has found is in the queue, for the newer code.
        assert world.queue_stats()["pending"] == 2

    def test_a_plex_that_goes_away_ends_the_run_and_loses_no_gap(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(6)]
        wants(world, "daily")
        at_page(world, 2, lambda: world.plex.weather(503))
        clock.events = [lambda: None] * 4 + [lambda: world.plex.weather("fine")]

        lives()

        assert titles(world, *scenes[:2]) == ["T0", "T1"]
        assert state(world).run_count == 0
        assert state(world).started_at > 0


class TestFailures:
    def test_a_plex_that_is_down_is_tried_again_after_ten_minutes_and_not_before(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "daily")
        world.plex.stop()
        lives()
        assert state(world).run_count == 0
        assert clock.elapsed == pytest.approx(300, abs=5)  # of which it has lived
        world.plex.start()

        clock.move(590 - clock.elapsed)
        before = walks(world)
        lives()
        assert (walks(world), titles(world, scene)) == (before, ["a"])

        lives()
        assert titles(world, scene) == ["A"]
        assert state(world).run_count == 1

    def test_auto_02_a_start_up_that_found_plex_down_is_made_up_for(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        """A computer is switched on, and Stash is there before Plex is."""
        scene = world.add("a", title="A")
        wants(world, "weekly")
        has_run(world, 2 * HOUR, clock)
        world.plex.stop()
        lives()
        world.plex.start()

        clock.move(15 * 60)
        lives()

        assert titles(world, scene) == ["A"]

    def test_saves_go_on_after_a_run_that_failed(
        self, world: World, lives: Lives, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "daily")
        world.plex.stop()

        def save() -> None:
            world.plex.start()
            hook(world, scene)

        clock.events = [lambda: None] * 50 + [save]
        lives()

        assert titles(world, scene) == ["A"]

    def test_a_run_that_failed_is_not_called_complete(
        self, world: World, lives: Lives, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        world.add("a", title="A")
        wants(world, "daily")
        world.plex.stop()

        lives()

        assert "Error during reconciliation: " in caplog.text
        assert "Auto-reconciliation complete" not in caplog.text

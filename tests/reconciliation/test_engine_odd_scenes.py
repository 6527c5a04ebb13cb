"""Scenes that cannot be read, texts that no library should hold, and settings that forbid a run."""

import pytest

from reconciliation import GapDetectionEngine, ReconciliationScheduler
from tests.reconciliation.due import state
from tests.reconciliation.reconciler import Reconciler, kinds
from tests.stash.stumbling import WHY, stumble
from tests.world import World
from validation.config import load_config

FIELDS = pytest.mark.parametrize("field", ["studio", "files"])


class TestUnreadableScenes:
    @FIELDS
    def test_one_that_stash_stumbles_over_costs_no_other(
        self, six: Reconciler, monkeypatch: pytest.MonkeyPatch, field: str
    ) -> None:
        stumble(monkeypatch, six.stage.world.stash, [3], field)

        result = six.run()

        assert kinds(result) == {"empty": 5}
        assert six.queued() == [1, 2, 4, 5, 6]
        assert result.errors == [f"scene 3: Stash cannot read it: {WHY}"]
        assert result.scenes_checked == 6
        assert six.found("stash_only") == {}

    def test_one_that_makes_no_sense_costs_no_other(self, six: Reconciler) -> None:
        six.stage.world.stash.scene(3).files[0].size = "unknown"  # type: ignore[assignment]

        result = six.run()

        assert kinds(result) == {"empty": 5}
        assert six.queued() == [1, 2, 4, 5, 6]
        assert result.errors == ["scene 3: Stash sent something unreadable as its size"]

    def test_the_item_of_one_is_not_said_to_be_in_plex_only(self, six: Reconciler) -> None:
        six.stage.sync(3)
        six.stage.world.stash.scene(3).files[0].size = "unknown"  # type: ignore[assignment]

        six.run()

        assert six.found("plex_only") == {}

    def test_what_was_known_of_one_is_kept(self, six: Reconciler) -> None:
        six.run()
        six.stage.world.stash.scene(3).files[0].size = "unknown"  # type: ignore[assignment]

        six.run()

        assert list(six.found("matched")) == [1, 2, 3, 4, 5, 6]

    def test_the_item_of_a_scene_that_nobody_described_is_not_said_to_be_in_plex_only(
        self, six: Reconciler
    ) -> None:
        """Stash has the scene and its file."""
        bare = six.stage.world.add("bare", studio=None)
        assert bare == 7

        six.run()

        assert six.found("plex_only") == {}


class TestTexts:
    @pytest.mark.parametrize(
        "text", ["nul \0 nul", "“über” 🎬 \u202e", "\x1b[31m\x07", "x" * 3_000_000, "'; --"]
    )
    def test_any_text_is_found_as_a_gap_and_synced_to_the_end(
        self, six: Reconciler, text: str
    ) -> None:
        scene = six.stage.world.add("odd", title=text, details=text, performers=[text[:500]])
        six.stage.clock.move(10)

        first = six.run()
        six.stage.drain()
        second = six.run()

        assert (first.errors, kinds(first)) == ([], {"empty": 7})
        assert (second.errors, kinds(second)) == ([], {})
        assert second.is_complete
        assert six.found("matched")[scene].state == "in_step"

    @pytest.mark.parametrize(
        "name", ["nul\0nul", "x" * 100_000, "“ü” 🎬", "a%2Fb?c&d#e", "..", " "]
    )
    def test_a_file_of_any_name_that_plex_lacks_is_missing_and_no_more(
        self, six: Reconciler, name: str
    ) -> None:
        scene = six.stage.world.add(name, in_plex=False)

        result = six.run()

        assert result.errors == []
        assert kinds(result) == {"empty": 6, "missing": 1}
        assert list(six.found("stash_only")) == [scene]


class TestSettings:
    def test_a_paused_plugin_compares_nothing_and_says_so(self, world: World) -> None:
        world.add("a", title="A")
        paused = load_config({**world.stash.settings, "disabled": True}).config
        stash = world.services().stash
        world.plex.clear_requests()
        world.stash.clear_requests()

        result = GapDetectionEngine(stash, paused, world.data_dir).run()

        (error,) = result.errors
        assert "syncing is paused" in error
        assert (result.is_complete, result.total_gaps) == (False, 0)
        assert (world.plex.requests, world.stash.requests) == ([], [])

    def test_a_path_map_that_makes_no_sense_is_told(self, world: World) -> None:
        world.add("a", title="A")
        stash = world.services().stash
        odd = load_config({**world.stash.settings, "path_map": "no arrow"}).config

        result = GapDetectionEngine(stash, odd, world.data_dir).run()

        (error,) = result.errors
        assert "check path_map" in error
        assert not result.is_complete


class TestTheTask:
    """As a button: the log says what went wrong, and the run is not remembered as one."""

    @pytest.mark.parametrize("mode", ["reconcile_all", "reconcile_recent", "reconcile_7days"])
    def test_recon_02_a_run_without_plex_is_told_and_not_recorded(
        self, world: World, mode: str
    ) -> None:
        world.add("a", title="A")
        world.plex.stop()

        result = world.task(mode)

        assert b"Traceback" not in result.stderr
        errors = [line for level, line in result.logs if level == "error"]
        (told,) = [line for line in errors if line.startswith("Reconciliation failed: ")]
        assert "no complete answer from Plex" in told
        assert "Missing from Plex" not in str(result.logs)
        assert state(world).last_run_time == 0.0
        assert state(world).run_count == 0

    def test_recon_01_the_run_after_it_is_recorded(self, world: World) -> None:
        world.add("a", title="A")
        world.plex.stop()
        world.task("reconcile_all")
        world.plex.start()

        world.task("reconcile_all")

        assert state(world).run_count == 1
        assert state(world).last_gaps_by_type == {
            "empty_metadata": 1, "stale_sync": 0, "missing": 0
        }  # fmt: skip

    def test_a_paused_plugin_reconciles_nothing(self, world: World) -> None:
        world.add("a", title="A")
        world.stash.settings["disabled"] = True

        result = world.task("reconcile_all")

        assert any("syncing is paused" in line for _, line in result.logs)
        assert state(world).run_count == 0
        assert (world.data_dir / ReconciliationScheduler.STATE_FILE).exists()
        assert world.due() == 0

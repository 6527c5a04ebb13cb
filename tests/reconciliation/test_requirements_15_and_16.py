"""The requirements of phases 15 and 16, met by the plugin as Stash starts it."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from reconciliation.engine import GapDetectionResult
from sync_queue import host
from tests.invocation.outages import section, told
from tests.invocation.witness import answer_of, job, rows, titles_shown
from tests.reconciliation.due import scheduler
from tests.world import ROOT, World

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"


def ago(*, days: float) -> str:
    """A time as Stash prints it."""
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


@pytest.fixture
def nobody_drains(world: World) -> Iterator[None]:
    """What is enqueued stays in the queue."""
    world.data_dir.mkdir(mode=0o700, exist_ok=True)
    # A process that was killed a moment ago may not have let go of its files yet.
    lock = host.wait_lock(str(world.data_dir / "drain.lock"), patience=10)
    assert lock is not None
    yield
    host.unlock(lock)


@pytest.fixture
def library(world: World) -> dict[str, int]:
    """One scene in step, and one with a gap of each kind."""
    scenes = {
        "step": world.add("step", title="In Step", tags=["Kept"], updated_at=ago(days=2)),
        "stale": world.add("stale", title="Stale", tags=["Old Name"], updated_at=ago(days=2)),
    }
    for scene in scenes.values():
        world.hook(scene)
    world.until_drained()
    world.kill_background()
    world.stash.rename_tag("Old Name", "New Name")
    scenes["empty"] = world.add("empty", title="Empty")
    scenes["missing"] = world.add("missing", title="Missing", in_plex=False)
    return scenes


COUNTS_OF_LIBRARY = [
    "Scenes checked: 4",
    "Gaps found: 3",
    "Empty metadata: 1",
    "Stale sync: 1",
    "Missing from Plex: 1",
    "Enqueued: 3",
]
"""What a run of all scenes says of the library."""


class TestTasks:
    @pytest.mark.parametrize(
        "name",
        [
            "Reconcile Library (All)",
            "Reconcile Library (Recent)",
            "Reconcile Library (Last 7 Days)",
        ],
    )
    def test_recon_01_a_task_of_the_menu_reconciles(
        self, world: World, nobody_drains: None, name: str
    ) -> None:
        scene = world.add("a", title="A")
        manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))
        (mode,) = (
            task["defaultArgs"]["mode"] for task in manifest["tasks"] if task["name"] == name
        )

        result = world.task(mode)

        assert "1 gaps found in 1 scenes, 1 enqueued" in answer_of(result)["output"]
        assert rows(world, "ack_queue_bulk") == [job(scene)]

    def test_recon_02_the_summary_counts_the_gaps_by_type(
        self, world: World, library: dict[str, int], nobody_drains: None
    ) -> None:
        result = world.task("reconcile_all")

        assert told(result)[:1] == ["Starting reconciliation: all scenes"]
        assert section(result, "Reconciliation Summary")[:6] == COUNTS_OF_LIBRARY

    def test_recon_02_what_is_queued_already_is_counted_and_not_enqueued_again(
        self, world: World, library: dict[str, int], nobody_drains: None
    ) -> None:
        world.task("reconcile_all")

        result = world.task("reconcile_all")

        lines = section(result, "Reconciliation Summary")
        assert "Gaps found: 3" in lines
        assert "Enqueued: 0" in lines
        assert "Skipped (already queued): 3" in lines
        assert len(rows(world, "ack_queue_bulk")) == 3

    def test_a_task_enqueues_and_processes_nothing_itself(
        self, world: World, library: dict[str, int], nobody_drains: None
    ) -> None:
        world.plex.clear_requests()

        world.task("reconcile_all")

        assert {request.method for request in world.plex.requests} == {"GET"}
        queued = {bytes(data) for data in rows(world, "ack_queue_bulk")}
        assert queued == {job(library[name]) for name in ("stale", "empty", "missing")}

    def test_the_background_brings_what_was_found_to_plex(
        self, world: World, library: dict[str, int]
    ) -> None:
        world.task("reconcile_all")
        world.until_drained()

        in_plex = [library[name] for name in ("step", "stale", "empty")]
        assert titles_shown(world, in_plex) == ["In Step", "Stale", "Empty"]
        assert [world.shown(scene)["genres"] for scene in in_plex] == [["Kept"], ["New Name"], []]

    def test_the_bar_moves_to_its_end(self, world: World, nobody_drains: None) -> None:
        world.add("a", title="A")

        assert world.task("reconcile_all").progress[-1] == 1.0

    @pytest.mark.parametrize(
        ("mode", "label", "checked"),
        [
            ("reconcile_recent", "recent scenes (last 24 hours)", ["today"]),
            ("reconcile_7days", "recent scenes (last 7 days)", ["today", "days"]),
            ("reconcile_all", "all scenes", ["today", "days", "weeks"]),
        ],
    )
    def test_gap_05_the_user_chooses_all_scenes_or_recent_ones(
        self, world: World, nobody_drains: None, mode: str, label: str, checked: list[str]
    ) -> None:
        ages = {"today": 0.9, "days": 6.9, "weeks": 7.1}
        scenes = {name: world.add(name, updated_at=ago(days=days)) for name, days in ages.items()}

        result = world.task(mode)

        assert f"Starting reconciliation: {label}" in told(result)
        assert f"Scenes checked: {len(checked)}" in told(result)
        assert rows(world, "ack_queue_bulk") == [job(scenes[name]) for name in checked]

    def test_without_settings_it_says_so_and_harms_nothing(self, world: World) -> None:
        world.stash.settings = {}

        result = world.task("reconcile_all")

        assert ("error", "No config available for reconciliation") in result.logs
        assert answer_of(result)["output"] == "nothing was reconciled"


class TestStatus:
    """RPT-01: View Queue Status tells of the last run."""

    def test_rpt_01_before_the_first_run_it_says_so(
        self, world: World, nobody_drains: None
    ) -> None:
        world.stash.settings["reconcile_interval"] = "daily"

        result = world.task("queue_status")

        assert section(result, "Reconciliation Status") == ["No reconciliation runs yet"]

    def test_rpt_01_it_says_that_automatic_runs_are_off(
        self, world: World, nobody_drains: None
    ) -> None:
        first, *_ = section(world.task("queue_status"), "Reconciliation Status")

        assert first.startswith("Automatic runs are off")

    def test_rpt_01_it_tells_when_what_was_found_and_what_was_enqueued(
        self, world: World, library: dict[str, int], nobody_drains: None
    ) -> None:
        world.stash.settings["reconcile_interval"] = "weekly"
        began = datetime.now().replace(microsecond=0)  # noqa: DTZ005 -- as the user's clock
        world.task("reconcile_all")

        when, *lines = section(world.task("queue_status"), "Reconciliation Status")

        assert re.fullmatch(f"Last run: {TIME}", when)
        run = datetime.fromisoformat(when.removeprefix("Last run: "))
        assert began <= run <= datetime.now()  # noqa: DTZ005
        assert lines == ["Scope: all", *COUNTS_OF_LIBRARY, "Total reconciliation runs: 1"]

    def test_rpt_01_it_tells_of_a_run_as_stash_started(
        self, world: World, nobody_drains: None
    ) -> None:
        found = GapDetectionResult(is_complete=True)
        scheduler(world).record_run(found, "recent (startup)", is_startup=True)

        lines = section(world.task("queue_status"), "Reconciliation Status")

        assert "Scope: recent (startup)" in lines
        assert "(Triggered by startup)" in lines

    def test_rpt_01_a_state_that_cannot_be_read_keeps_nothing_else_from_being_told(
        self, world: World, nobody_drains: None
    ) -> None:
        state: Path = world.data_dir / "reconciliation_state.json"
        state.write_bytes(b'{"last_run_time": "x"}')

        result = world.task("queue_status")

        assert section(result, "Reconciliation Status")[-1] == "No reconciliation runs yet"
        assert section(result, "Queue Status")[0] == "Pending: 0"

"""The task buttons of an actual Stash."""

from datetime import datetime, timedelta

import pytest

from tests.real import database
from tests.real.conftest import Start
from tests.real.stash_server import LogLine, until
from tests.real.world import RealWorld

pytestmark = pytest.mark.real

ALL = "Sync All Scenes to Plex"
RECENT = "Sync Recent Scenes to Plex"
PROCESS = "Process Queue"


def paused_scenes(world: RealWorld, count: int) -> list[int]:
    """Scenes whose hooks were recorded while syncing was paused; now it no longer is."""
    world.configure(disabled=True)
    scenes = [world.add(f"s{number}", title=f"T{number}", details="d") for number in range(count)]
    world.until_nobody_drains()
    world.configure()
    return scenes


def unseen_scenes(world: RealWorld, count: int) -> list[int]:
    """Scenes of which the plugin has seen no event."""
    world.stash.enable(False)
    scenes = [world.add(f"s{number}", title=f"T{number}", details="d") for number in range(count)]
    world.stash.enable(True)
    return scenes


def updated_at(world: RealWorld, scene: int) -> datetime:
    """When a scene was updated last, in Stash's time zone."""
    query = "query($id: ID!) { findScene(id: $id) { updated_at } }"
    return datetime.fromisoformat(world.stash.ask(query, id=scene)["findScene"]["updated_at"])


def lines(world: RealWorld, level: str) -> list[str]:
    """What stands in Stash's log at a level."""
    return [line.text for line in world.stash.logs() if line.level == level]


def test_sync_all_brings_every_scene_to_plex(world: RealWorld) -> None:
    scenes = unseen_scenes(world, 20)

    job = world.stash.run_task(ALL)

    assert (job.status, job.error) == ("FINISHED", None)
    assert world.titles(scenes) == [f"T{number}" for number in range(20)]


@pytest.mark.parametrize("task", [ALL, RECENT, PROCESS])
def test_a_task_moves_its_progress_bar_up_to_the_end(world: RealWorld, task: str) -> None:
    paused_scenes(world, 20)
    world.plex.latency = 0.02

    job = world.stash.run_task(task)

    moved = [value for value in job.progress if value is not None and value >= 0]
    assert moved == sorted(moved)
    assert any(0 < value < 1 for value in moved)
    assert moved[-1] == 1


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Phoenix"])
def test_sync_recent_takes_the_scenes_of_the_last_day_wherever_stash_lives(
    start: Start, zone: str
) -> None:
    world = start(env={"TZ": zone})
    old, yesterday, new = unseen_scenes(world, 3)
    now = updated_at(world, new)
    for scene, hours in ((old, 25), (yesterday, 23)):
        when = (now - timedelta(hours=hours)).isoformat(timespec="seconds")
        database.set_updated(world.stash.database, scene, when)

    world.stash.run_task(RECENT)

    until(lambda: world.titles([yesterday, new]) == ["T1", "T2"])
    world.until_drained()
    assert world.titles([old]) == ["s0"]


def test_process_queue_brings_to_plex_what_was_recorded_while_paused(world: RealWorld) -> None:
    scenes = paused_scenes(world, 3)

    job = world.stash.run_task(PROCESS)

    assert job.status == "FINISHED"
    assert world.titles(scenes) == ["T0", "T1", "T2"]


def test_a_task_says_in_stashs_log_what_became_of_each_scene(world: RealWorld) -> None:
    (scene,) = paused_scenes(world, 1)

    world.stash.run_task(PROCESS)

    told = "\n".join(lines(world, "Info"))
    assert f"[Plugin / Stash2Plex] scene {scene}: synced title" in told


def test_a_task_says_in_stashs_log_how_it_ended(world: RealWorld) -> None:
    paused_scenes(world, 1)

    world.stash.run_task(PROCESS)

    assert "Batch processing complete: 1 succeeded, 0 failed" in "\n".join(lines(world, "Info"))


def test_settings_that_make_no_sense_are_named_in_stashs_log(world: RealWorld) -> None:
    world.configure(max_tags=5000, read_timeout="soon", no_such_setting="x")

    job = world.stash.run_task(PROCESS)

    assert job.status == "FINISHED"
    first, second = sorted(lines(world, "Warning"))
    assert "setting max_tags: '5000' must be less than or equal to 1000" in first
    assert "setting read_timeout: 'soon' must be a valid number" in second


def test_a_refused_token_is_one_line_in_stashs_log(world: RealWorld) -> None:
    unseen_scenes(world, 3)
    world.stash.configure(plex_url=world.plex.url, plex_token="a-wrong-one")

    world.stash.run_task(ALL)

    (line,) = lines(world, "Error")
    assert "Plex refused the token" in line
    assert "check plex_token" in line


def test_a_token_refused_to_the_background_is_told_by_the_task_that_waits_for_it(
    world: RealWorld,
) -> None:
    scene = world.add("a", title="A", details="d")
    until(lambda: world.shown(scene)["title"] == "A")
    world.stash.configure(plex_url=world.plex.url, plex_token="a-wrong-one")

    world.stash.start_task(ALL)

    until(lambda: lines(world, "Error"), within=20)
    assert "Plex refused the token" in lines(world, "Error")[0]


def test_after_a_refused_token_nothing_is_lost(world: RealWorld) -> None:
    scenes = unseen_scenes(world, 3)
    world.stash.configure(plex_url=world.plex.url, plex_token="a-wrong-one")
    world.stash.run_task(ALL)
    world.until_nobody_drains()
    world.configure()

    world.stash.run_task(PROCESS)

    assert world.titles(scenes) == ["T0", "T1", "T2"]


def test_no_line_reaches_stashs_log_without_a_level(world: RealWorld) -> None:
    paused_scenes(world, 3)

    world.stash.run_task(ALL)

    # Stash shows a line without one as an error.
    assert lines(world, "Error") == []
    assert LogLine("Info", "[Plugin / Stash2Plex] 3 scenes enqueued") in world.stash.logs()

"""A scene that Plex does not have: it waits with long pauses, then it is parked; nobody suffers."""

import pytest

from tests.worker.stage import Stage
from worker.circuit_breaker import CircuitState


def test_a_missing_scene_waits_with_pauses_that_grow_from_30_seconds_to_an_hour(
    stage: Stage,
) -> None:
    scene = stage.world.add("a", in_plex=False)
    stage.enqueue(scene)
    waits = []

    for _ in range(7):
        stage.drain()
        waits.append(stage.waiting()[scene])
        stage.clock.move(3600)

    bounds = [30, 60, 120, 240, 480, 960, 1920]
    assert all(0 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))
    assert sum(waits) > 0


def test_a_missing_scene_is_parked_in_the_end_and_is_no_dead_letter(stage: Stage) -> None:
    scene = stage.world.add("a", in_plex=False)

    stage.enqueue(scene)
    stage.drain_until_idle()

    assert stage.parked() == [scene]
    assert stage.dead() == {}


def test_a_miss_uses_up_no_attempt(stage: Stage) -> None:
    scene = stage.world.add("a", in_plex=False)

    stage.sync(scene)

    assert stage.attempts(scene) == 0


def test_ten_scenes_behind_a_missing_one_are_not_delayed(stage: Stage) -> None:
    missing = stage.world.add("missing", in_plex=False)
    others = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(10)]

    stage.sync(missing, *others)

    shown = [stage.world.shown(scene)["title"] for scene in others]
    assert shown == [f"Scene {n}" for n in range(10)]
    assert stage.clock.elapsed == 0


def test_fifty_missing_scenes_leave_the_breaker_closed(stage: Stage) -> None:
    scenes = [stage.world.add(f"s{n}", in_plex=False) for n in range(50)]

    stage.sync(*scenes)

    assert stage.breaker is CircuitState.CLOSED
    assert len(stage.waiting()) == 50


def test_fifty_missing_scenes_cost_no_more_reads_than_one(stage: Stage) -> None:
    stage.world.add("there")
    stage.sync(stage.world.add("missing", in_plex=False))
    scenes = [stage.world.add(f"s{n}", in_plex=False) for n in range(50)]
    stage.forget_requests()

    stage.sync(*scenes)

    assert stage.plex_saw("GET") <= 2


def test_an_item_that_appears_after_the_first_miss_is_found(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="A", in_plex=False)
    stage.sync(scene)

    key = world.plex.add_item("/data/a.mp4", 1000, world.section)
    stage.clock.move(30)
    stage.drain()

    assert world.plex.shown(key)["title"] == "A"
    assert stage.is_idle()


def test_an_item_that_appears_after_the_first_miss_is_found_without_listing_the_library_again(
    stage: Stage,
) -> None:
    world = stage.world
    for n in range(50):
        world.plex.add_item(f"/data/other{n}.mp4", 1000, world.section)
    scene = world.add("a", title="A", in_plex=False)
    stage.sync(scene)
    stage.clock.move(3600)
    world.plex.add_item("/data/a.mp4", 1000, world.section)
    stage.forget_requests()

    stage.drain()

    assert world.shown(scene)["title"] == "A"
    listings = [r for r in world.plex.requests if r.path.endswith("/all") and r.method == "GET"]
    assert all(
        "updatedAt>>" in r.args or r.headers["x-plex-container-size"] == "1" for r in listings
    )
    assert len(listings) == 2


def given_a_parked_scene(stage: Stage) -> int:
    scene = stage.world.add("a", title="A", in_plex=False)
    stage.enqueue(scene)
    stage.drain_until_idle()
    assert stage.parked() == [scene]
    return scene


def test_a_parked_scene_is_written_when_the_index_shows_its_file(stage: Stage) -> None:
    world = stage.world
    scene = given_a_parked_scene(stage)
    key = world.plex.add_item("/data/a.mp4", 1000, world.section)
    other = world.add("b", title="B")

    stage.sync(other)  # new to the index, so it asks Plex what else is new

    assert world.plex.shown(key)["title"] == "A"
    assert stage.parked() == []
    assert stage.is_idle()
    assert scene


def test_a_parked_scene_is_written_by_the_next_process_that_drains_anything(
    stage: Stage,
) -> None:
    world = stage.world
    known = world.add("known", title="Known")
    stage.sync(known)
    given_a_parked_scene(stage)
    key = world.plex.add_item("/data/a.mp4", 1000, world.section)

    stage.reopen()
    stage.sync(known)

    assert world.plex.shown(key)["title"] == "A"
    assert stage.is_idle()


def test_parked_scenes_that_cannot_be_looked_for_keep_nobody_waiting(stage: Stage) -> None:
    world = stage.world
    known = world.add("known", title="Known")
    stage.sync(known)
    scene = given_a_parked_scene(stage)
    world.plex.weather(500, path_prefix=f"/library/sections/{world.section}/all", only="GET")

    stage.reopen()
    world.stash.edit(known, title="New")
    stage.sync(known)

    assert world.shown(known)["title"] == "New"
    assert stage.parked() == [scene]


def test_a_parked_scene_stays_parked_while_other_files_appear(stage: Stage) -> None:
    scene = given_a_parked_scene(stage)

    stage.sync(stage.world.add("b", title="B"))

    assert stage.parked() == [scene]


def test_an_edit_rearms_a_parked_scene_with_all_its_pauses(stage: Stage) -> None:
    scene = given_a_parked_scene(stage)

    stage.edit(scene, title="B")
    stage.drain()

    assert stage.parked() == []
    assert 0 <= stage.waiting()[scene] <= 30


def test_a_parked_scene_is_not_tried(stage: Stage) -> None:
    given_a_parked_scene(stage)
    stage.clock.move(7 * 86_400)
    stage.forget_requests()

    stage.drain()

    assert stage.world.plex.requests == []


@pytest.mark.parametrize(
    ("location", "path_map", "folder"),
    [
        ("/media", "/data=/media", "/media/new folder"),
        ("D:\\Clips", "/data=D:\\Clips", "D:\\Clips\\new folder"),
        ("/data/new folder", "", "/data/new folder"),
    ],
)
def test_a_scan_is_asked_for_once_in_the_folder_of_the_file(
    stage: Stage, location: str, path_map: str, folder: str
) -> None:
    world = stage.world
    world.plex.library.sections.clear()
    world.plex.add_section("First", locations=("/data/new",))
    second = world.plex.add_section("Second", locations=(location,))
    stage.open(trigger_plex_scan=True, path_map=path_map)
    scene = world.add("new folder/a", title="A", in_plex=False)
    world.plex.slow_scan = True

    stage.enqueue(scene)
    stage.drain_until_idle()

    scans = [r for r in world.plex.requests if r.path.endswith("/refresh")]
    assert [r.path for r in scans] == [f"/library/sections/{second}/refresh"]
    assert scans[0].args == {"path": folder}


def test_twenty_new_files_in_one_folder_are_one_scan(stage: Stage) -> None:
    stage.open(trigger_plex_scan=True)
    scenes = [stage.world.add(f"new/s{n}", in_plex=False) for n in range(20)]

    stage.sync(*scenes)

    assert len([r for r in stage.world.plex.requests if r.path.endswith("/refresh")]) == 1


def test_a_file_that_comes_into_the_folder_later_is_another_scan(stage: Stage) -> None:
    stage.open(trigger_plex_scan=True)

    for n in range(2):
        stage.sync(stage.world.add(f"new/s{n}", in_plex=False))

    assert len([r for r in stage.world.plex.requests if r.path.endswith("/refresh")]) == 2


def test_a_scan_brings_a_new_file_to_plex_without_anybody_doing_anything(stage: Stage) -> None:
    world = stage.world
    stage.open(trigger_plex_scan=True)
    scene = world.add("a", title="A", in_plex=False)
    world.plex.scan_later("/data/a.mp4", 1000, world.section)

    stage.enqueue(scene)
    stage.drain_until_idle(step=30)

    assert world.shown(scene)["title"] == "A"


def test_no_scan_is_asked_for_unless_the_user_wants_it(stage: Stage) -> None:
    scene = stage.world.add("a", in_plex=False)

    stage.sync(scene)

    assert not [r for r in stage.world.plex.requests if r.path.endswith("/refresh")]


def test_a_folder_that_no_library_holds_is_named_as_a_matter_of_the_path_map(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.open(trigger_plex_scan=True)
    files = [{"path": "/elsewhere/a.mp4"}]
    scene = stage.world.stash.add_scene(title="A", studio="S", files=files)

    stage.sync(scene)

    assert f"scene {scene}: its folder is in no library of Plex: check path_map" in caplog.text
    assert not [r for r in stage.world.plex.requests if r.path.endswith("/refresh")]


def test_a_scan_that_plex_does_not_take_leaves_the_scene_waiting(stage: Stage) -> None:
    world = stage.world
    stage.open(trigger_plex_scan=True)
    scene, other = world.add("a", in_plex=False), world.add("b", title="B")
    world.plex.weather(500, path_prefix=f"/library/sections/{world.section}/refresh")

    stage.sync(scene, other)

    assert list(stage.waiting()) == [scene]
    assert world.shown(other)["title"] == "B"
    assert stage.breaker is CircuitState.CLOSED


def test_a_library_that_suddenly_looks_empty_costs_no_scene_anything(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(3)]
    stage.sync(*scenes)
    stage.clock.move(60)
    for scene in scenes:
        world.plex.remove_item(world.key(scene))

    stage.sync(*scenes)

    assert stage.dead() == {}
    assert stage.parked() == []
    assert stage.breaker is CircuitState.CLOSED
    assert [stage.attempts(scene) for scene in scenes] == [0, 0, 0]
    assert stage.stats["pending"] + stage.stats["waiting"] == 3

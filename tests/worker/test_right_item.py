"""Nothing is written to an item that does not hold the scene's file at this moment.

The loopback Plex fails each of these tests if an item is written whose files nobody has read
since they changed.
"""

import pytest

from tests.worker.stage import Stage
from tests.world import World


@pytest.fixture
def scene(stage: Stage) -> int:
    """A synced scene, so that the index knows its item."""
    scene = stage.world.add("a", title="A", tags=["red"])
    stage.clock.move(10)
    stage.sync(scene)
    stage.clock.move(120)
    return scene


def test_an_item_that_holds_another_file_now_is_not_written(stage: Stage, scene: int) -> None:
    world = stage.world
    key = world.key(scene)
    world.plex.move_file(key, "/data/other.mp4")
    before = world.plex.shown(key)

    stage.edit(scene, title="B")
    stage.drain()

    assert world.plex.shown(key) == before
    assert list(stage.waiting()) == [scene]


def test_a_file_that_moved_to_another_item_is_found_there(stage: Stage, scene: int) -> None:
    world = stage.world
    old = world.key(scene)
    world.plex.move_file(old, "/data/other.mp4")
    new = world.plex.add_item("/data/a.mp4", 1000, world.section)

    stage.edit(scene, title="B")
    stage.drain()

    assert world.plex.shown(new)["title"] == "B"
    assert world.plex.shown(old)["title"] == "A"


def test_two_items_that_exchanged_their_files_are_both_right_again(stage: Stage) -> None:
    world = stage.world
    a, b = world.add("a", title="A"), world.add("b", title="B")
    stage.sync(a, b)
    stage.clock.move(120)
    keys = world.key(a), world.key(b)
    world.plex.move_file(keys[0], "/data/b.mp4")
    world.plex.move_file(keys[1], "/data/a.mp4")

    stage.sync(a, b)

    assert world.shown(a)["title"] == "A"
    assert world.shown(b)["title"] == "B"
    assert (world.key(a), world.key(b)) == keys[::-1]


def test_an_item_that_was_recreated_is_written_again(stage: Stage, scene: int) -> None:
    world = stage.world
    world.plex.recreate_item(world.key(scene))

    stage.sync(scene)

    shown = world.shown(scene)
    assert (shown["title"], shown["genres"]) == ("A", ["red"])
    assert stage.is_idle()


def test_an_item_that_was_recreated_with_another_key_leaves_no_memory_of_the_old_one(
    stage: Stage, scene: int
) -> None:
    new = stage.world.plex.recreate_item(stage.world.key(scene))

    stage.sync(scene)

    assert [entry.rating_key for entry in stage.memory(scene)] == [new]


def test_an_item_that_is_gone_lets_its_scene_wait_and_the_others_be_written(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    other = world.add("b", title="B")
    world.plex.remove_item(world.key(scene))

    stage.sync(scene, other)

    assert list(stage.waiting()) == [scene]
    assert world.shown(other)["title"] == "B"


def test_an_item_that_is_gone_is_no_reason_to_list_its_library_again(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    for n in range(20):
        world.plex.add_item(f"/data/other{n}.mp4", 1000, world.section)
    stage.sync(world.add("new", in_plex=False))
    stage.clock.move(120)
    world.plex.remove_item(world.key(scene))
    stage.forget_requests()

    stage.sync(scene)

    listings = [r for r in world.plex.requests if r.path.endswith("/all")]
    assert len(listings) == 2
    assert "updatedAt>>" in listings[0].args
    assert listings[1].headers["x-plex-container-size"] == "1"


def test_an_item_that_vanishes_between_reading_and_writing_is_not_found_again(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    key = world.key(scene)
    world.plex.on_request = lambda request: (
        world.plex.remove_item(key)
        if request.method == "PUT" and key in world.plex.library.items
        else None
    )

    stage.edit(scene, title="B")
    stage.drain()

    assert list(stage.waiting()) == [scene]
    assert stage.attempts(scene) == 0


def test_of_two_files_with_one_name_each_scene_gets_its_own(stage: Stage) -> None:
    world = stage.world
    folders = ("2019/trip", "2020/trip")
    scenes = [world.add(f"{folder}/clip", title=folder) for folder in folders]

    stage.sync(*scenes)

    assert [world.shown(scene)["title"] for scene in scenes] == list(folders)


def test_an_item_with_the_same_name_in_another_folder_is_never_taken(stage: Stage) -> None:
    world = stage.world
    scene = world.add("2019/clip", title="Mine", in_plex=False, size=1000)
    other = world.plex.add_item("/data/2020/clip.mp4", 2000, world.section)
    before = world.plex.shown(other)

    stage.sync(scene)

    assert world.plex.shown(other) == before
    assert list(stage.waiting()) == [scene]


def test_an_item_in_the_trash_gives_way_to_one_that_is_there(stage: Stage, scene: int) -> None:
    world = stage.world
    trashed = world.key(scene)
    world.plex.trash_item(trashed)
    alive = world.plex.add_item("/data/a.mp4", 1000, world.section)
    other = world.add("b")

    stage.edit(scene, title="B")
    stage.sync(other)
    stage.sync(scene)

    assert world.plex.shown(alive)["title"] == "B"


def test_an_item_in_the_trash_is_written_if_there_is_no_other_since_its_disk_may_come_back(
    stage: Stage, scene: int
) -> None:
    world = stage.world
    world.plex.trash_item(world.key(scene))

    stage.edit(scene, title="B")
    stage.drain()

    assert world.shown(scene)["title"] == "B"
    assert stage.is_idle()


def test_a_file_in_two_libraries_is_written_in_both(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="A", tags=["red"])
    second = world.plex.add_section("Copies", locations=("/data",))
    copy = world.plex.add_item("/data/a.mp4", 1000, second)

    stage.sync(scene)

    shown = [world.plex.shown(item.key) for item in world.plex.items()]
    assert [(one["title"], one["genres"]) for one in shown] == [("A", ["red"])] * 2
    assert copy in [entry.rating_key for entry in stage.memory(scene)]


def test_a_library_that_was_not_chosen_is_not_touched(stage: Stage) -> None:
    world = stage.world
    stage.open(plex_library="Scenes")
    scene = world.add("a", title="A")
    second = world.plex.add_section("Others", locations=("/data",))
    other = world.plex.add_item("/data/a.mp4", 1000, second)
    before = world.plex.shown(other)

    stage.sync(scene)

    assert world.plex.shown(other) == before
    assert world.plex.items()[0].title == "A"


def test_a_library_that_holds_no_films_is_not_touched(stage: Stage) -> None:
    world = stage.world
    shows = world.plex.add_section("Shows", locations=("/data",), kind="show")
    scene = world.add("a", title="A")

    stage.sync(scene)

    assert world.shown(scene)["title"] == "A"
    assert not world.plex.count("GET", f"/library/sections/{shows}/")


def test_every_item_that_holds_one_of_a_scenes_files_is_written(stage: Stage) -> None:
    world = stage.world
    files = [{"path": f"/data/{name}.mp4", "size": 1000} for name in ("a", "b", "absent")]
    scene = world.stash.add_scene(title="A", studio="S", files=files)
    keys = [world.plex.add_item(f"/data/{n}.mp4", 1000, world.section) for n in ("a", "b")]

    stage.sync(scene)

    assert [world.plex.shown(key)["title"] for key in keys] == ["A", "A"]


@pytest.mark.parametrize("stacked", [True, False])
def test_the_second_file_of_an_item_identifies_it_too(stage: Stage, stacked: bool) -> None:
    world = stage.world
    key = world.plex.add_item("/data/x.mp4", 1000, world.section)
    world.plex.add_part(key, "/data/a.mp4", 1000, stacked=stacked)
    scene = world.add("a", title="A", in_plex=False)

    stage.sync(scene)

    assert world.plex.shown(key)["title"] == "A"


def test_an_index_of_another_server_is_not_believed(stage: Stage, world: World) -> None:
    scene = world.add("a", title="A")
    stage.sync(scene)
    world.plex.machine_identifier = "another-server"
    world.plex.recreate_item(world.key(scene))
    stage.reopen()

    stage.sync(scene)

    assert world.shown(scene)["title"] == "A"
    assert stage.is_idle()


def test_an_index_that_was_deleted_is_built_again(stage: Stage, world: World) -> None:
    scene = world.add("a", title="A")
    stage.sync(scene)
    stage.worker.services.close()
    (world.data_dir / "plex_index.db").unlink()
    stage.reopen()

    stage.edit(scene, title="B")
    stage.drain()

    assert world.shown(scene)["title"] == "B"

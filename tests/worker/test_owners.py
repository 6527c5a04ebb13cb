"""Several scenes in one Plex item: the lowest scene id that is described has it."""

from typing import Any

import pytest

from tests.worker.stage import Stage
from tests.world import World

OWNER: dict[str, Any] = {"title": "Owner", "tags": ["owner's", "both"], "details": "The owner's."}
NEXT: dict[str, Any] = {"title": "Next", "tags": ["next's", "both"], "studio": "Other"}


@pytest.fixture
def pair(stage: Stage) -> tuple[int, int]:
    """Two scenes whose files are two versions of one item; both are synced."""
    world = stage.world
    owner = world.add("a", **OWNER)
    other = world.add("b", in_plex=False, **NEXT)
    world.plex.add_part(world.key(owner), "/data/b.mp4")
    stage.clock.move(10)
    stage.sync(owner, other)
    assert stage.is_idle()
    return owner, other


def key(world: World) -> int:
    return world.plex.key_of("/data/b.mp4")


def test_the_item_shows_the_scene_with_the_lowest_id(stage: Stage, pair: tuple[int, int]) -> None:
    shown = stage.world.plex.shown(key(stage.world))

    assert shown["title"] == "Owner"
    assert shown["genres"] == ["owner's", "both"]


def test_the_other_scene_is_told_whose_the_item_is(
    stage: Stage, pair: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    owner, other = pair
    caplog.clear()

    report = stage.sync(other)

    assert report.succeeded == 1
    assert f"scene {other}: not written: its item in Plex belongs to scene {owner}" in caplog.text


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [True, False])
def test_the_lowest_id_has_the_item_whoever_came_first(
    stage: Stage, order: tuple[int, int], together: bool
) -> None:
    world = stage.world
    scenes = world.add("a", **OWNER), world.add("b", in_plex=False, **NEXT)
    world.plex.add_part(world.key(scenes[0]), "/data/b.mp4")

    stage.enqueue(scenes[order[0]])
    if not together:
        stage.drain()
    stage.enqueue(scenes[order[1]])
    stage.drain()

    shown = world.plex.shown(key(world))
    assert shown["title"] == "Owner"
    assert sorted(shown["genres"]) == ["both", "owner's"]
    assert stage.is_idle()


def test_an_item_that_changes_hands_is_remembered_under_its_new_owner_alone(
    stage: Stage,
) -> None:
    world = stage.world
    scenes = world.add("a", **OWNER), world.add("b", in_plex=False, **NEXT)
    world.plex.add_part(world.key(scenes[0]), "/data/b.mp4")
    stage.sync(scenes[1])

    stage.sync(scenes[0])

    assert [entry.rating_key for entry in stage.memory(scenes[0])] == [key(world)]
    assert stage.memory(scenes[1]) == []


def test_an_edit_of_the_other_scene_does_not_show(stage: Stage, pair: tuple[int, int]) -> None:
    before = stage.world.plex.shown(key(stage.world))

    stage.edit(pair[1], title="Changed", tags=["new"])
    stage.drain()

    assert stage.world.plex.shown(key(stage.world)) == before


def test_when_the_owner_is_destroyed_the_next_scene_gets_the_item(
    stage: Stage, pair: tuple[int, int]
) -> None:
    stage.world.stash.destroy(pair[0])

    stage.sync(pair[0])

    assert stage.world.plex.shown(key(stage.world))["title"] == "Next"
    assert stage.is_idle()


def test_when_the_owner_is_destroyed_nothing_it_wrote_stays(
    stage: Stage, pair: tuple[int, int]
) -> None:
    stage.world.stash.destroy(pair[0])

    stage.sync(pair[0])

    shown = stage.world.plex.shown(key(stage.world))
    assert sorted(shown["genres"]) == ["both", "next's"]
    assert shown["summary"] == ""
    assert shown["collections"] == ["Other"]


def test_when_the_owner_loses_its_metadata_the_next_scene_gets_the_item(
    stage: Stage, pair: tuple[int, int]
) -> None:
    stage.edit(pair[0], details="", tags=[], studio=None)

    stage.drain()

    shown = stage.world.plex.shown(key(stage.world))
    assert shown["title"] == "Next"
    assert sorted(shown["genres"]) == ["both", "next's"]


def test_an_owner_that_is_described_again_gets_its_item_back(
    stage: Stage, pair: tuple[int, int]
) -> None:
    stage.edit(pair[0], details="", tags=[], studio=None)
    stage.drain()
    stage.sync(pair[1])

    stage.edit(pair[0], tags=["back"])
    stage.drain()

    shown = stage.world.plex.shown(key(stage.world))
    assert (shown["title"], shown["genres"]) == ("Owner", ["back"])


def test_when_the_owners_file_leaves_the_item_the_next_scene_gets_it(
    stage: Stage, pair: tuple[int, int]
) -> None:
    world = stage.world
    item = world.plex.item(key(world))
    item.parts = [part for part in item.parts if part.file == "/data/b.mp4"]
    item.files_changed()
    apart = world.plex.add_item("/data/a.mp4", 1000, world.section)
    stage.clock.move(120)

    stage.sync(pair[0])

    assert world.plex.shown(apart)["title"] == "Owner"
    assert world.plex.shown(key(world))["title"] == "Next"
    assert stage.is_idle()


def test_a_scene_that_was_merged_into_another_without_a_hook_gives_its_item_up(
    stage: Stage, pair: tuple[int, int]
) -> None:
    owner, other = pair
    world = stage.world
    world.stash.library.remove(owner)
    files = [{"path": "/data/b.mp4"}, {"path": "/data/a.mp4"}]
    world.stash.change_silently(other, files=files)

    stage.sync(other)

    shown = world.plex.shown(key(world))
    assert shown["title"] == "Next"
    assert sorted(shown["genres"]) == ["both", "next's"]


def test_scenes_that_share_an_item_are_not_written_again_and_again(
    stage: Stage, pair: tuple[int, int]
) -> None:
    stage.forget_requests()

    for _ in range(3):
        stage.sync(*pair)

    assert stage.plex_saw("PUT") == 0


def test_a_scene_is_written_to_its_own_item_although_another_scene_has_its_second(
    stage: Stage,
) -> None:
    world = stage.world
    owner = world.add("a", **OWNER)
    files = [{"path": "/data/b.mp4"}, {"path": "/data/c.mp4"}]
    other = world.stash.add_scene(files=files, **NEXT)
    world.plex.add_part(world.key(owner), "/data/b.mp4")
    own = world.plex.add_item("/data/c.mp4", 1000, world.section)

    stage.sync(owner, other)

    assert world.plex.shown(own)["title"] == "Next"
    assert world.plex.shown(key(world))["title"] == "Owner"

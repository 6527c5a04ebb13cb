"""Gaps of scenes that share items, that have several, or whose file cannot be told."""

from typing import Any

import pytest

from tests.reconciliation.reconciler import Reconciler, add_copy, kinds, sync_and_wait
from tests.worker.stage import Stage
from tests.world import World, picture

OWNER: dict[str, Any] = {"title": "Owner", "tags": ["owner's", "both"]}
NEXT: dict[str, Any] = {"title": "Next", "tags": ["next's", "both"], "studio": "Other"}


def add_pair(world: World) -> tuple[int, int]:
    """Two scenes whose files are two versions of one item."""
    owner = world.add("a", **OWNER)
    other = world.add("b", in_plex=False, **NEXT)
    world.plex.add_part(world.key(owner), "/data/b.mp4")
    return owner, other


@pytest.fixture
def pair(stage: Stage) -> tuple[int, int]:
    """Two scenes in one item; both were synced a minute ago."""
    pair = add_pair(stage.world)
    sync_and_wait(stage, *pair)
    return pair


def shared_item(world: World) -> dict[str, Any]:
    """What the item of both shows."""
    return world.plex.shown(world.plex.key_of("/data/b.mp4"))


def add_ambiguous(world: World) -> int:
    """A scene under a path that Plex does not know, and two files that could be it."""
    for disk in ("one", "two"):
        world.plex.add_item(f"/{disk}/clips/a.mp4", 1000, world.section)
    files = [{"path": "/stash/clips/a.mp4", "size": 1000}]
    return world.stash.add_scene(title="Mine", studio="S", files=files)


# Several scenes, one item


def test_at_first_contact_only_the_lowest_scene_of_an_item_is_a_gap(
    stage: Stage, reconciler: Reconciler
) -> None:
    owner, _ = add_pair(stage.world)

    result = reconciler.run()

    assert kinds(result) == {"empty": 1}
    assert reconciler.queued() == [owner]
    stage.drain()
    assert shared_item(stage.world)["title"] == "Owner"


def test_scenes_that_share_an_item_are_no_gaps_once_they_are_synced(
    reconciler: Reconciler, pair: tuple[int, int]
) -> None:
    assert kinds(reconciler.run()) == {}
    assert kinds(reconciler.run("recent")) == {}
    assert reconciler.found("matched")[pair[1]].state == "shared"


def test_a_change_of_the_scene_that_does_not_have_the_item_is_no_gap(
    stage: Stage, reconciler: Reconciler, pair: tuple[int, int]
) -> None:
    stage.world.stash.change_silently(pair[1], title="Changed")

    assert kinds(reconciler.run()) == {}
    assert kinds(reconciler.run("recent")) == {}


def test_a_change_of_the_scene_that_has_the_item_is_a_gap(
    stage: Stage, reconciler: Reconciler, pair: tuple[int, int]
) -> None:
    stage.world.stash.change_silently(pair[0], title="Changed")

    assert kinds(reconciler.run()) == {"stale": 1}
    assert reconciler.queued() == [pair[0]]


def test_within_a_window_the_scene_that_does_not_have_the_item_is_not_taken_for_its_owner(
    stage: Stage, reconciler: Reconciler, pair: tuple[int, int]
) -> None:
    stage.clock.move(2 * 86_400)
    stage.world.stash.change_silently(pair[1], title="Changed")

    result = reconciler.run("recent")

    assert (result.scenes_checked, kinds(result)) == (1, {})


def test_a_scene_with_an_item_of_its_own_beside_a_shared_one_is_compared_with_its_own(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    owner = world.add("a", **OWNER)
    files = [{"path": "/data/b.mp4"}, {"path": "/data/c.mp4"}]
    other = world.stash.add_scene(files=files, **NEXT)
    world.plex.add_part(world.key(owner), "/data/b.mp4")
    own = world.plex.add_item("/data/c.mp4", 1000, world.section)
    stage.clock.move(10)

    assert kinds(reconciler.run()) == {"empty": 2}

    stage.drain()
    assert world.plex.shown(own)["title"] == "Next"
    assert shared_item(world)["title"] == "Owner"
    assert kinds(reconciler.run()) == {}
    world.stash.change_silently(other, title="Changed")
    assert kinds(reconciler.run()) == {"stale": 1}


def test_a_scene_that_was_merged_into_the_one_that_shares_its_item_lets_go_of_it(
    stage: Stage, reconciler: Reconciler, pair: tuple[int, int]
) -> None:
    owner, other = pair
    world = stage.world
    world.stash.library.remove(owner)  # a merge fires no hook
    files = [{"path": "/data/b.mp4"}, {"path": "/data/a.mp4"}]
    world.stash.change_silently(other, files=files)
    stage.clock.move(10)

    assert reconciler.run().gone_count == 1

    stage.drain()
    assert shared_item(world)["title"] == "Next"
    assert sorted(shared_item(world)["genres"]) == ["both", "next's"]
    result = reconciler.run()
    assert (kinds(result), result.gone_count, reconciler.queued()) == ({}, 0, [])


def test_an_owner_that_lost_its_words_without_a_hook_leaves_a_gap_of_the_next_scene(
    stage: Stage, reconciler: Reconciler, pair: tuple[int, int]
) -> None:
    stage.world.stash.change_silently(pair[0], studio=None, tags=[])
    stage.clock.move(10)

    assert kinds(reconciler.run()) == {"stale": 1}

    stage.drain()
    assert shared_item(stage.world)["title"] == "Next"
    assert kinds(reconciler.run()) == {}


# One scene, several items


def test_gap_02_a_scene_is_a_gap_if_one_of_its_items_shows_something_else(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    scene = world.add("a", title="A", tags=["red"])
    stage.clock.move(10)
    stage.sync(scene)
    copy = add_copy(world)
    world.plex.user_edits(copy, lock=False, studio="Old Studio")
    stage.reopen()

    assert kinds(reconciler.run()) == {"stale": 1}

    stage.drain()
    shown = world.plex.shown(copy)
    assert (shown["title"], shown["genres"], shown["studio"]) == ("A", ["red"], "Studio")
    assert kinds(reconciler.run()) == {}


def test_gap_01_a_new_empty_item_of_a_synced_scene_is_a_gap(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    scene = world.add("a", title="A", tags=["red"])
    stage.clock.move(10)
    stage.sync(scene)
    world.stash.scan_joins(scene, "/data/b.mp4")
    copy = world.plex.add_item("/data/b.mp4", 1000, world.section)
    stage.clock.move(10)

    assert kinds(reconciler.run()) == {"empty": 1}

    stage.drain()
    assert world.plex.shown(copy)["genres"] == ["red"]
    assert kinds(reconciler.run()) == {}


def test_an_item_that_shows_what_stash_says_is_confirmed_beside_one_that_is_so_already(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    scene = world.add("a", title="a", cover=picture("a"))
    stage.clock.move(10)
    stage.sync(scene)
    copy = add_copy(world)
    world.plex.user_edits(copy, studio="Studio", titleSort="a", collection=["Studio"])
    stage.reopen()

    reconciler.run()

    stage.drain()
    assert world.plex.shown(copy)["poster"] is not None


@pytest.mark.parametrize("source_first", [True, False])
def test_a_merge_that_no_hook_told_of_is_found_in_both_items(
    stage: Stage, reconciler: Reconciler, source_first: bool
) -> None:
    world = stage.world
    scenes = world.add("a", **OWNER), world.add("b", **NEXT)
    stage.clock.move(10)
    stage.sync(*scenes)
    source, kept = scenes if source_first else scenes[::-1]
    world.stash.library.remove(source)
    world.stash.change_silently(kept, files=[{"path": "/data/b.mp4"}, {"path": "/data/a.mp4"}])
    stage.clock.move(10)

    assert reconciler.run().total_gaps == 1

    stage.drain()
    title, names = ("Next", ["both", "next's"]) if source_first else ("Owner", ["both", "owner's"])
    for name in ("a", "b"):
        shown = world.plex.shown(world.plex.key_of(f"/data/{name}.mp4"))
        assert (shown["title"], sorted(shown["genres"])) == (title, names)
    assert kinds(reconciler.run()) == {}


# Whose file cannot be told


def test_an_ambiguous_scene_is_enqueued_once_so_that_its_user_is_told_and_is_no_gap(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_ambiguous(stage.world)

    result = reconciler.run()

    assert (kinds(result), reconciler.queued()) == ({}, [scene])
    stage.drain()
    assert list(stage.dead()) == [scene]
    result = reconciler.run()
    assert (kinds(result), result.enqueued_count) == ({}, 0)
    assert [item.title for item in stage.world.plex.items()] == ["a", "a"]


def test_an_ambiguous_scene_is_written_to_the_right_item_if_a_path_map_tells_in_time(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_ambiguous(stage.world)
    reconciler.count()
    stage.reopen(path_map="/stash=/two")

    assert kinds(reconciler.run()) == {"empty": 1}

    stage.drain()
    right = stage.world.plex.key_of("/two/clips/a.mp4")
    assert stage.world.plex.shown(right)["title"] == "Mine"
    assert [entry.rating_key for entry in stage.memory(scene)] == [right]


def test_an_ambiguous_scene_that_was_given_up_is_tried_when_a_path_map_tells(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_ambiguous(stage.world)
    reconciler.run()
    stage.drain()
    stage.reopen(path_map="/stash=/two")

    reconciler.run()

    assert reconciler.queued() == [scene]

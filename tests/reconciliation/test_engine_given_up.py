"""Gaps that nobody can close now: of scenes that rest, were given up, or cannot be read."""

import pytest

from tests.reconciliation.reconciler import Reconciler, add_copy, add_synced, kinds
from tests.worker.stage import Stage
from tests.world import picture

DAY = 86_400


def add_parked(stage: Stage, name: str = "parked") -> int:
    """A scene that Plex, which has others, does not have, and that rests until it has."""
    stage.world.plex.add_item("/data/stranger.mp4", 1000, stage.world.section)
    scene = stage.world.add(name, title=name, in_plex=False)
    stage.enqueue(scene)
    stage.drain_until_idle()
    assert stage.parked() == [scene]
    return scene


def add_buried(stage: Stage) -> int:
    """A scene whose item Plex does not let anybody edit; it was given up a minute ago."""
    scene = stage.world.add("sick", title="Sick")
    stage.world.plex.chokes_on(stage.world.key(scene))
    stage.enqueue(scene)
    stage.drain_until_idle()
    assert list(stage.dead()) == [scene]
    stage.clock.move(60)
    return scene


def test_a_parked_scene_is_reported_but_not_enqueued(stage: Stage, reconciler: Reconciler) -> None:
    scene = add_parked(stage)

    for _ in range(2):
        result = reconciler.run()
        assert kinds(result) == {"missing": 1}
        assert (result.enqueued_count, result.skipped_given_up) == (0, 1)
        stage.clock.move(DAY)

    assert stage.parked() == [scene]
    assert reconciler.queued() == []


@pytest.mark.parametrize("scope", ["all", "recent"])
def test_a_parked_scene_whose_file_has_come_gets_its_job_by_the_run(
    stage: Stage, reconciler: Reconciler, scope: str
) -> None:
    add_synced(stage, "other")
    scene = add_parked(stage)
    stage.world.plex.add_item("/data/parked.mp4", 1000, stage.world.section)

    result = reconciler.run(scope)

    assert result.missing_count == 0
    assert reconciler.queued() == [scene]
    stage.drain()
    assert stage.world.shown(scene)["title"] == "parked"
    assert kinds(reconciler.run()) == {}


def test_a_dead_letter_is_reported_but_not_enqueued_while_its_scene_has_not_changed(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_buried(stage)

    result = reconciler.run()

    assert result.total_gaps == 1
    assert (result.enqueued_count, result.skipped_given_up) == (0, 1)
    assert list(stage.dead()) == [scene]


def test_gap_01_an_item_that_no_attempt_has_reached_is_empty(
    stage: Stage, reconciler: Reconciler
) -> None:
    add_buried(stage)

    assert kinds(reconciler.count()) == {"empty": 1}


def test_a_dead_letter_whose_cause_may_have_passed_is_tried_again_a_day_later(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_buried(stage)
    stage.clock.move(DAY - 61)
    assert reconciler.run().enqueued_count == 0
    stage.clock.move(1)

    assert reconciler.run().enqueued_count == 1

    stage.world.plex.chokes_on(stage.world.key(scene), None)
    stage.drain()
    assert stage.world.shown(scene)["title"] == "Sick"


def test_a_dead_letter_is_enqueued_once_its_scene_has_changed(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_buried(stage)
    stage.world.stash.change_silently(scene, title="Changed")
    stage.world.plex.chokes_on(stage.world.key(scene), None)
    stage.clock.move(10)

    result = reconciler.run()

    assert (result.enqueued_count, result.skipped_given_up) == (1, 0)
    stage.drain()
    assert stage.world.shown(scene)["title"] == "Changed"


def test_a_dead_letter_whose_scene_changes_but_fails_again_is_enqueued_once_per_change(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_buried(stage)
    stage.world.stash.change_silently(scene, title="Changed")
    stage.clock.move(10)
    assert reconciler.run().enqueued_count == 1
    stage.drain_until_idle()
    assert list(stage.dead()) == [scene]

    assert reconciler.run().enqueued_count == 0


def test_a_scene_that_stash_cannot_read_is_told_and_the_others_are_compared(
    stage: Stage, reconciler: Reconciler
) -> None:
    odd, scene = stage.world.add("odd"), stage.world.add("fine")
    stage.world.stash.scene(odd).rating100 = "eighty"  # type: ignore[assignment]

    result = reconciler.run()

    assert reconciler.queued() == [scene]
    assert len(result.errors) == 1
    assert f"scene {odd}" in result.errors[0]


# Scenes that are gone


def test_scenes_that_are_gone_from_stash_are_let_go_by_the_drain_and_leave_plex_as_it_is(
    stage: Stage, reconciler: Reconciler
) -> None:
    gone, there = add_synced(stage, "gone", "there")
    before = stage.world.plex.shown(stage.world.plex.key_of("/data/gone.mp4"))
    stage.world.stash.library.remove(gone)

    assert reconciler.run().gone_count == 1

    assert reconciler.queued() == [gone]
    stage.drain()
    assert (stage.memory(gone), len(stage.memory(there))) == ([], 1)
    assert stage.world.plex.shown(stage.world.plex.key_of("/data/gone.mp4")) == before
    assert reconciler.run().gone_count == 0


def test_of_many_merged_scenes_nothing_is_left_in_the_items_that_went_to_another_scene(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    sources = add_synced(stage, *(f"source{n}" for n in range(110)))
    heir = world.add("heir", title="Heir", tags=["heir's"])
    stage.sync(heir)
    for scene in sources:
        world.stash.library.remove(scene)  # a merge fires no hook
    files = [{"path": f"/data/{name}.mp4"} for name in ("heir", "source0", "source109")]
    world.stash.change_silently(heir, files=files)
    stage.clock.move(10)

    reconciler.run()
    stage.drain()

    for file in files:
        shown = world.plex.shown(world.plex.key_of(file["path"]))
        assert (shown["title"], shown["genres"]) == ("Heir", ["heir's"])


@pytest.mark.parametrize("scope", ["recent", "recent_7days"])
def test_a_run_over_a_window_does_not_take_older_scenes_for_gone(
    stage: Stage, reconciler: Reconciler, scope: str
) -> None:
    add_synced(stage, "old")
    stage.clock.move(30 * DAY)

    assert reconciler.run(scope).gone_count == 0
    assert reconciler.queued() == []


def test_without_a_queue_scenes_that_are_gone_are_only_counted(
    stage: Stage, reconciler: Reconciler
) -> None:
    gone, _ = add_synced(stage, "gone", "there")
    stage.world.stash.library.remove(gone)

    assert reconciler.count().gone_count == 1
    assert reconciler.queued() == []


# Half of a scene


@pytest.mark.parametrize("change", ["cover", "tag"])
def test_gap_02_a_scene_is_stale_while_one_of_its_items_shows_what_it_was_before(
    stage: Stage, reconciler: Reconciler, change: str
) -> None:
    world = stage.world
    scene = world.add("a", tags=["red"], cover=picture("old"))
    keys = world.key(scene), add_copy(world)
    stage.clock.move(10)
    stage.sync(scene)
    if change == "cover":
        world.stash.set_cover(scene, picture("new"))
    else:
        world.stash.rename_tag("red", "crimson")
    world.plex.chokes_on(keys[1])
    stage.clock.move(10)
    stage.enqueue(scene)
    stage.drain_until_idle()
    first, second = (world.plex.shown(key) for key in keys)
    assert (first["poster"], first["genres"]) != (second["poster"], second["genres"])

    assert kinds(reconciler.run()) == {"stale": 1}

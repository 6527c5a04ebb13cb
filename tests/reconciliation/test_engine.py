"""What the engine takes for a gap, between a Stash and a Plex that answer."""

from typing import Any

import pytest

from tests.reconciliation.reconciler import FACTS, Reconciler, kinds, sync_and_wait
from tests.worker.stage import Stage
from tests.world import picture

# Empty


def test_gap_01_an_item_that_plex_shows_nothing_of_is_empty(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", **FACTS)

    result = reconciler.run()

    assert kinds(result) == {"empty": 1}
    assert reconciler.queued() == [scene]


def test_gap_01_a_title_and_a_rating_in_plex_do_not_fill_an_item(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", **FACTS)
    stage.world.plex.user_edits(stage.world.key(scene), title="By hand", user_rating=9.0)

    assert kinds(reconciler.count()) == {"empty": 1}


def test_gap_01_an_item_that_was_emptied_after_it_was_confirmed_is_left_empty(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    emptied: dict[str, Any] = {"studio": "", "summary": "", "date": None, "genre": [], "actor": []}
    stage.world.plex.user_edits(stage.world.key(synced), **emptied)

    assert kinds(reconciler.run()) == {}
    assert reconciler.queued() == []


def test_gap_01_an_item_that_plex_has_made_anew_is_empty_although_its_scene_was_synced(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    stage.world.plex.recreate_item(stage.world.key(synced))

    assert kinds(reconciler.run()) == {"empty": 1}

    stage.drain()
    assert stage.world.shown(synced)["genres"] == ["red", "blue"]
    assert kinds(reconciler.run()) == {}


# Stale


def test_gap_02_a_scene_that_has_not_changed_since_its_sync_is_no_gap(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    result = reconciler.run()

    assert (result.scenes_checked, kinds(result), result.enqueued_count) == (1, {}, 0)
    assert result.is_complete


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another"},
        {"details": ""},
        {"tags": []},
        {"performers": ["Ann"]},
        {"date": None},
        {"rating100": None},
        {"cover": picture("another")},
        {"code": "changes what Plex does not show, but who knows"},
    ],
)
def test_gap_02_a_change_that_no_hook_told_of_is_found(
    stage: Stage, reconciler: Reconciler, synced: int, changes: dict[str, Any]
) -> None:
    stage.world.stash.change_silently(synced, **changes)

    assert kinds(reconciler.run()) == {"stale": 1}
    assert reconciler.queued() == [synced]


def test_gap_02_a_stale_scene_is_repaired_by_the_drain_and_no_gap_any_more(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    stage.world.stash.change_silently(synced, title="Another", tags=["red", "green"])
    stage.clock.move(10)
    reconciler.run()

    stage.drain()

    shown = stage.world.shown(synced)
    assert (shown["title"], sorted(shown["genres"])) == ("Another", ["green", "red"])
    assert kinds(reconciler.run()) == {}


def test_gap_02_a_play_that_moves_the_scenes_time_costs_one_look_and_no_write(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    stage.world.stash.change_silently(synced, play_count=1)
    stage.clock.move(10)
    assert kinds(reconciler.run()) == {"stale": 1}
    stage.forget_requests()

    stage.drain()

    assert stage.plex_saw("PUT") == 0
    assert kinds(reconciler.run()) == {}


@pytest.mark.parametrize("what", ["performer", "studio", "tag"])
def test_gap_02_a_name_that_changed_everywhere_is_found_although_no_scene_has_moved(
    stage: Stage, reconciler: Reconciler, synced: int, what: str
) -> None:
    stash = stage.world.stash
    before = stash.scene(synced).updated_at
    old = {"performer": "Bob", "studio": "Studio", "tag": "blue"}[what]
    getattr(stash, f"rename_{what}")(old, "New Name")
    assert stash.scene(synced).updated_at == before

    assert kinds(reconciler.run()) == {"stale": 1}

    stage.drain()
    shown = stage.world.shown(synced)
    assert sorted(shown["cast"]) == (["Ann", "New Name"] if what == "performer" else ["Ann", "Bob"])
    assert shown["studio"] == ("New Name" if what == "studio" else "Studio")
    assert shown["collections"] == (["New Name"] if what == "studio" else ["Studio"])
    assert sorted(shown["genres"]) == (["New Name", "red"] if what == "tag" else ["blue", "red"])
    assert kinds(reconciler.run()) == {}


def test_gap_02_only_the_scenes_that_bear_a_renamed_tag_are_gaps(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = [stage.world.add(f"s{n}", tags=["even" if n % 2 == 0 else "odd"]) for n in range(6)]
    stage.clock.move(10)
    stage.sync(*scenes)
    stage.world.stash.rename_tag("even", "straight")

    assert kinds(reconciler.run()) == {"stale": 3}
    assert reconciler.queued() == [scenes[0], scenes[2], scenes[4]]


def test_gap_02_a_tag_that_merely_bears_another_image_makes_nothing_stale(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    stage.world.stash.library.tags.set_image("red", picture("red"))

    assert kinds(reconciler.run()) == {}


def test_a_scene_that_was_synced_in_the_second_of_its_edit_is_looked_at_once_more(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", **FACTS)
    stage.sync(scene)
    stage.world.stash.change_silently(scene, title="In the same second")
    stage.clock.move(10)

    assert reconciler.run().enqueued_count == 1

    stage.drain()
    assert stage.world.shown(scene)["title"] == "In the same second"
    assert reconciler.run().enqueued_count == 0


def test_gap_02_without_posters_a_scene_that_plex_shows_is_no_gap_either(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.open(skip_poster=True)
    scene = stage.world.add("a", **FACTS)
    sync_and_wait(stage, scene)

    assert kinds(reconciler.run()) == {}


def test_without_posters_a_change_is_found_all_the_same(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.open(skip_poster=True)
    scene = stage.world.add("a", **FACTS)
    sync_and_wait(stage, scene)
    stage.world.stash.change_silently(scene, title="Another")

    assert kinds(reconciler.run()) == {"stale": 1}

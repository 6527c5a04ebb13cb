"""What a run must not say: of libraries it did not see as they are, of scenes it could not read."""

import pytest

from plex import index as plex_index
from reconciliation import engine
from tests.reconciliation.due import walks
from tests.reconciliation.reconciler import Reconciler, add_synced, kinds
from tests.servers.plex import Request
from tests.worker.stage import Stage


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plex_index, "PAGE", 2)
    monkeypatch.setattr(engine, "PAGE", 2)


def unreadable(stage: Stage, scene: int) -> None:
    stage.world.stash.scene(scene).rating100 = "eighty"  # type: ignore[assignment]


@pytest.mark.usefixtures("small_pages")
def test_nothing_is_missing_while_the_library_cannot_be_listed_to_its_end(
    stage: Stage, reconciler: Reconciler
) -> None:
    """Whatever lies before the reading point goes: all that is behind moves up, unseen."""
    world = stage.world
    going = [world.plex.add_item(f"/data/x{n}.mp4", 1, world.section) for n in range(12)]
    for name in "abcdef":
        world.add(name, title=name)
    _ = stage.worker
    at = [12]

    def shrink(request: Request) -> None:
        start = request.option("X-Plex-Container-Start")
        if request.path.endswith("/all") and start == str(at[0]) and len(going) > 1:
            world.plex.remove_item(going.pop(0))
            world.plex.remove_item(going.pop(0))
            at[0] -= 2

    world.plex.on_request = shrink
    result = reconciler.run()
    world.plex.on_request = None

    assert kinds(result).get("missing", 0) == 0
    assert any('library "' in error and "changes while" in error for error in result.errors)
    assert not reconciler.found("stash_only")


def test_what_was_in_a_library_that_is_empty_now_is_not_missing(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    other = world.plex.add_section("B", locations=("/b",))
    add_synced(stage, "a")
    scene = world.stash.add_scene(files=[{"path": "/b/b.mp4", "size": 5}], studio="S", title="b")
    key = world.plex.add_item("/b/b.mp4", 5, other)
    stage.sync(scene)
    stage.clock.move(60)
    assert reconciler.run().is_complete
    world.plex.remove_item(key)
    stage.worker.services.index.forget_all()

    result = reconciler.run()

    assert (kinds(result), result.is_complete) == ({}, True)
    (error,) = result.errors
    assert f"scene {scene}: " in error
    assert 'library "B" is empty in Plex' in error
    assert list(reconciler.found("matched")) == [1, scene]


@pytest.mark.usefixtures("small_pages")
def test_a_plex_that_scans_while_the_drain_lists_it_does_not_end_the_run(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    add_synced(stage, *"abcdef")
    assert reconciler.run().is_complete
    late = world.add("late", in_plex=False)
    came: list[int] = []

    def grow(request: Request) -> None:
        if request.path.endswith("/all"):
            came.append(world.plex.add_item(f"/data/new{len(came)}.mp4", 1, world.section))

    pages: list[int] = []

    def drain() -> bool:
        pages.append(1)
        if len(pages) == 5:
            world.plex.on_request = grow
            stage.sync(late)
            world.plex.on_request = None
        return True

    result = reconciler.run(between=drain)

    assert came
    assert (result.is_complete, result.failure) == (True, None)


def test_a_match_cache_that_is_cleared_meanwhile_still_ends_it(
    stage: Stage, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAGE", 2)
    add_synced(stage, *"abcdef")
    index = stage.worker.services.index

    def clear() -> bool:
        if walks(stage.world):
            index.forget_all()
        return True

    result = reconciler.run(between=clear)

    assert (result.is_complete, kinds(result)) == (False, {})
    assert result.errors == [engine.CLEARED]


def test_an_unreadable_scene_keeps_its_item_from_a_higher_one(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    (low,) = add_synced(stage, "a")
    world.stash.add_scene(files=[{"path": "/data/a.mp4", "size": 1000}], studio="S", title="high")
    unreadable(stage, low)

    result = reconciler.run()

    assert (kinds(result), result.enqueued_count) == ({}, 0)


def test_an_unreadable_scene_takes_no_item_from_a_lower_one(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    low = world.add("a", title="", studio=None)
    files = [{"path": "/data/a.mp4", "size": 1000}]
    high = world.stash.add_scene(files=files, studio="S", title="high")
    stage.clock.move(10)
    stage.sync(high)
    stage.clock.move(60)
    world.stash.change_silently(low, title="Low", studio="S")
    stage.clock.move(60)
    unreadable(stage, high)

    result = reconciler.run()

    assert sum(kinds(result).values()) == 1
    assert reconciler.queued() == [low]


def test_strangers_are_told_beside_scenes_that_cannot_be_read(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    scene, _ = add_synced(stage, *"ab")
    stranger = world.plex.add_item("/data/stranger.mp4", 1, world.section)
    reconciler.run()
    assert list(reconciler.found("plex_only")) == [stranger]

    unreadable(stage, scene)
    reconciler.run()

    assert list(reconciler.found("plex_only")) == [stranger]


@pytest.mark.parametrize("studio", ["S", None])
def test_what_an_ambiguous_scene_could_be_is_no_stranger(
    stage: Stage, reconciler: Reconciler, studio: str | None
) -> None:
    world = stage.world
    files = [{"path": "/elsewhere/same.mp4", "size": 7}]
    world.stash.add_scene(files=files, studio=studio, title="t")
    for folder in ("one", "two"):
        world.plex.add_item(f"/data/{folder}/same.mp4", 7, world.section)
    other = world.plex.add_item("/data/three/same.mp4", 8, world.section)

    reconciler.run()

    assert list(reconciler.found("plex_only")) == [other]


def test_looking_without_a_queue_takes_no_news_from_what_rests(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    world.plex.add_item("/data/x.mp4", 1, world.section)
    scene, other = (world.add(name, in_plex=False, title=name.upper()) for name in "po")
    stage.enqueue(scene)
    stage.drain_until_idle()
    assert stage.parked() == [scene]
    stage.clock.move(1000)
    world.plex.add_item("/data/p.mp4", 1000, world.section)

    reconciler.count()

    stage.reopen()
    stage.sync(other)
    stage.drain()
    assert world.shown(scene)["title"] == "P"


def test_a_library_that_was_chosen_just_now_is_listed_once(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    add_synced(stage, *"abc")
    reconciler.run()
    other = world.plex.add_section("B", locations=("/b",))
    for number in range(3):
        world.plex.add_item(f"/b/{number}.mp4", 1, other)
    world.plex.clear_requests()

    reconciler.run()

    pages = [
        request.option("X-Plex-Container-Size")
        for request in world.plex.requests
        if request.path == f"/library/sections/{other}/all" and "updatedAt>>" not in request.args
    ]
    assert pages.count("1000") == 1

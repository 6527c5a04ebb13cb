"""Edits that come while an earlier one is on its way: all of them reach Plex."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.job import QueueName
from tests.servers.plex import Request as PlexRequest
from tests.servers.stash.reply import Request as StashRequest
from tests.worker.stage import Stage, hook
from tests.world import World, picture


def once(world: World, save: Callable[[], None]) -> Callable[[Any], None]:
    """A moment that comes once, in a server's thread."""
    saved: list[bool] = []

    def at(_: object) -> None:
        if not saved:
            saved.append(True)
            save()

    return at


def save(world: World, scene: int, **changes: Any) -> None:
    """A save with its hook, as another process would do it now."""
    world.stash.edit(scene, **changes)
    hook(world, scene)


def test_an_edit_between_the_reading_of_a_scene_and_its_writing_reaches_plex(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="One")
    moment = once(world, lambda: save(world, scene, title="Two"))

    def after_scenes_are_read(request: StashRequest) -> None:
        if "Scenes" in request.text:
            moment(request)

    world.stash.before_answer = after_scenes_are_read
    stage.sync(scene)

    assert world.shown(scene)["title"] == "Two"
    assert stage.is_idle()


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_an_edit_between_a_write_and_its_settling_reaches_plex(stage: Stage, method: str) -> None:
    world = stage.world
    scene = world.add("a", title="One", cover=picture("one"))
    moment = once(world, lambda: save(world, scene, title="Two", cover=picture("two")))

    def after_a_write(request: PlexRequest) -> None:
        if request.method == method:
            moment(request)

    world.plex.before_answer = after_a_write
    stage.sync(scene)

    assert world.shown(scene)["title"] == "Two"
    stored = world.plex.item(world.key(scene))
    assert stored.posters[stored.poster or ""] == picture("two")
    assert stage.is_idle()


def test_a_second_edit_within_the_same_second_reaches_plex_with_its_cover(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="One", cover=picture("one"))
    stage.sync(scene)

    world.stash.edit(scene, title="Two", cover=picture("two"))
    stage.sync(scene)

    stored = world.plex.item(world.key(scene))
    assert stored.title == "Two"
    assert stored.posters[stored.poster or ""] == picture("two")


def test_a_second_edit_within_the_second_of_our_reading_reaches_plex_with_its_cover(
    stage: Stage,
) -> None:
    world = stage.world
    scene = world.add("a", title="One", cover=picture("one"))
    moment = once(world, lambda: save(world, scene, title="Two", cover=picture("two")))

    def after_scenes_are_read(request: StashRequest) -> None:
        if "Scenes" in request.text:
            moment(request)
            stage.clock.move(5)

    world.stash.before_answer = after_scenes_are_read
    stage.sync(scene)

    stored = world.plex.item(world.key(scene))
    assert stored.title == "Two"
    assert stored.posters[stored.poster or ""] == picture("two")


def test_a_change_within_the_second_of_our_reading_is_no_version_that_we_claim_to_have_synced(
    stage: Stage,
) -> None:
    world = stage.world
    scene = world.add("a", title="One")

    def change_without_a_hook(request: StashRequest) -> None:
        if "Scenes" in request.text:
            world.stash.change_silently(scene, title="Two")
            stage.clock.move(5)

    world.stash.before_answer = change_without_a_hook
    stage.sync(scene)

    (entry,) = stage.memory(scene)
    assert entry.updated_at == ""


@pytest.mark.parametrize("queue", ["default", "bulk"])
def test_edits_of_a_scene_that_waits_become_one_job(stage: Stage, queue: QueueName) -> None:
    world = stage.world
    scene = world.add("a", title="One")
    stage.enqueue(scene, queue=queue)
    for title in ("Two", "Three"):
        save(world, scene, title=title)

    report = stage.drain()

    assert report.processed == 1
    assert world.shown(scene)["title"] == "Three"
    assert len(stage.puts(scene)) == 1


def test_an_edit_of_a_scene_further_down_the_batch_reaches_plex(stage: Stage) -> None:
    world = stage.world
    first, last = world.add("a", title="A"), world.add("b", title="One")
    moment = once(world, lambda: save(world, last, title="Two"))
    world.plex.before_answer = moment

    stage.sync(first, last)

    assert world.shown(last)["title"] == "Two"
    assert stage.is_idle()


def test_an_edit_while_its_scene_fails_is_an_attempt_of_its_own(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="One")
    world.plex.chokes_on(world.key(scene))
    moment = once(world, lambda: save(world, scene, title="Two"))

    def while_it_fails(request: PlexRequest) -> None:
        if request.method == "PUT":
            moment(request)

    world.plex.on_request = while_it_fails
    stage.sync(scene)

    assert len(stage.puts(scene)) == 2
    assert stage.attempts(scene) == 1


def test_a_scene_destroyed_while_it_is_written_leaves_no_job_and_no_memory(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="One")
    key = world.key(scene)

    def destroy() -> None:
        world.stash.destroy(scene)
        hook(world, scene)

    world.plex.before_answer = once(world, destroy)
    stage.sync(scene)

    assert stage.is_idle()
    assert stage.memory(scene) == []
    assert world.plex.shown(key)["title"] == "One"

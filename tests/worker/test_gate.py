"""A scene that nobody has described yet is not written, wherever its job came from."""

from collections.abc import Callable
from typing import Any

import pytest

from domain.job import QueueName
from tests.worker.stage import Stage, hook, spool
from worker import bulk

Produce = Callable[[Stage, int], object]


def by_hook(stage: Stage, scene: int) -> None:
    hook(stage.world, scene)


def by_spool(stage: Stage, scene: int) -> None:
    spool(stage.world, scene)


def by_bulk_run(stage: Stage, scene: int) -> None:
    services = stage.worker.services
    bulk.enqueue(services.queue, bulk.all_scenes(services.stash))


PRODUCERS = [by_hook, by_spool, by_bulk_run]


@pytest.mark.parametrize("produce", PRODUCERS)
def test_a_scene_without_any_metadata_is_not_written(stage: Stage, produce: Produce) -> None:
    scene = stage.world.add("a", title="Only a title", rating100=80, studio=None)
    assert stage.queue
    before = stage.world.shown(scene)

    produce(stage, scene)
    report = stage.drain()

    assert report.succeeded == 1
    assert stage.world.shown(scene) == before
    assert stage.plex_saw("PUT") == 0
    assert stage.is_idle()


@pytest.mark.parametrize("produce", PRODUCERS)
def test_a_scene_that_lost_all_its_metadata_leaves_plex_as_it_is(
    stage: Stage, produce: Produce
) -> None:
    scene = stage.world.add("a", title="A", details="A summary.", tags=["red"])
    stage.clock.move(10)
    stage.sync(scene)
    before = stage.world.shown(scene)

    stage.world.stash.change_silently(scene, details="", tags=[], studio=None, title="Other")
    produce(stage, scene)
    stage.drain()

    assert stage.world.shown(scene) == before
    assert stage.is_idle()


@pytest.mark.parametrize(
    "fact",
    [
        {"studio": "S"},
        {"studio": None, "performers": ["P"]},
        {"studio": None, "tags": ["T"]},
        {"studio": None, "details": "D"},
        {"studio": None, "date": "2020-01-01"},
    ],
)
def test_one_described_field_is_enough(stage: Stage, fact: dict[str, Any]) -> None:
    scene = stage.world.add("a", title="A title", **fact)

    stage.sync(scene)

    assert stage.world.shown(scene)["title"] == "A title"


@pytest.mark.parametrize("queue", ["default", "bulk"])
def test_a_scene_that_is_no_longer_in_stash_settles_and_leaves_plex_alone(
    stage: Stage, queue: QueueName
) -> None:
    scene, other = (stage.world.add(name, title=name) for name in "ab")
    stage.clock.move(10)
    stage.sync(scene, other)
    key, before = stage.world.key(scene), stage.world.shown(scene)

    stage.world.stash.destroy(scene)
    stage.enqueue(scene, other, queue=queue)
    report = stage.drain()

    assert report.succeeded == 2
    assert stage.world.plex.shown(key) == before
    assert stage.memory(scene) == []
    assert stage.is_idle()


def test_a_scene_that_never_was_settles(stage: Stage) -> None:
    report = stage.sync(4711)

    assert report.succeeded == 1
    assert stage.is_idle()


def test_a_scene_without_files_settles_until_it_has_one(stage: Stage) -> None:
    world = stage.world
    scene = world.stash.add_scene(title="A", studio="S", files=[])
    stage.sync(scene)
    assert stage.is_idle()

    world.stash.scan_joins(scene, "/data/a.mp4")
    key = world.plex.add_item("/data/a.mp4", 1000, world.section)
    stage.sync(scene)

    assert world.plex.shown(key)["title"] == "A"

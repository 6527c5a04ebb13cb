"""Enqueuing many scenes at once."""

from datetime import UTC, datetime

import pytest

from tests.worker.stage import Stage
from worker import bulk

DAY = 86_400


def enqueue_all(stage: Stage) -> int:
    services = stage.worker.services
    return bulk.enqueue(services.queue, bulk.all_scenes(services.stash))


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()


@pytest.mark.parametrize("count", [0, 1, 1000, 2001])
def test_every_scene_is_enqueued_once(stage: Stage, count: int) -> None:
    for n in range(count):
        stage.world.stash.add_scene(title=f"Scene {n}")

    assert enqueue_all(stage) == count
    assert stage.stats["pending"] == count


def test_ids_with_gaps_are_all_found(stage: Stage) -> None:
    for scene in (3, 1000, 1001, 50_000):
        stage.world.stash.add_scene(scene_id=scene)

    assert enqueue_all(stage) == 4


def test_scenes_that_wait_already_are_not_enqueued_again(stage: Stage) -> None:
    for _ in range(5):
        stage.world.stash.add_scene()
    enqueue_all(stage)

    assert enqueue_all(stage) == 0
    assert stage.stats["pending"] == 5


def test_progress_is_told_after_each_page(stage: Stage) -> None:
    for _ in range(1500):
        stage.world.stash.add_scene()
    services = stage.worker.services
    told: list[int] = []

    bulk.enqueue(services.queue, bulk.all_scenes(services.stash), told.append)

    assert told == [1000, 1500]


def test_a_scene_that_is_deleted_meanwhile_moves_none_past_us(stage: Stage) -> None:
    stash = stage.world.stash
    scenes = [stash.add_scene() for _ in range(1500)]
    services = stage.worker.services
    pages = bulk.all_scenes(services.stash)
    first = next(pages)
    for scene in first[:10]:
        stash.destroy(scene)

    rest = [scene for page in pages for scene in page]

    assert sorted([*first, *rest]) == scenes


@pytest.mark.parametrize("zone", ["Z", "+02:00", "-08:00"])
def test_recent_scenes_are_those_that_changed_since_in_whatever_zone(
    stage: Stage, zone: str
) -> None:
    stash, now = stage.world.stash, stage.clock.now()
    stash.timezone = zone
    ages = [0, DAY - 1, DAY + 1, 3 * DAY]
    for age in ages:
        moment = datetime.fromtimestamp(now - age, UTC)
        stash.add_scene(updated_at=stash.library.stamp(moment))

    pages = bulk.recent_scenes(stage.worker.services.stash, now - DAY)

    assert [scene for page in pages for scene in page] == [1, 2]


def test_recent_scenes_are_found_behind_a_page_without_any(stage: Stage) -> None:
    stash, now = stage.world.stash, stage.clock.now()
    for n in range(1500):
        age = 0 if n == 1499 else 1.5 * DAY  # within what Stash is asked for, not what we want
        stash.add_scene(updated_at=stamp(now - age))

    pages = bulk.recent_scenes(stage.worker.services.stash, now - DAY)

    assert [scene for page in pages for scene in page] == [1500]

"""However often a scene is edited while it waits, Plex gets one write: what it is in the end."""

import pytest

from tests.invocation.circumstances import hold_off, record, time_passes
from tests.invocation.queues import enqueue_in_bulk, held_at_a_write, put_off
from tests.invocation.witness import answer_of, rows
from tests.world import World

EDITS = 1_000


def edit_often(world: World, scene: int, times: int = EDITS) -> None:
    """Save it again and again, each save with its event."""
    for number in range(times):
        world.stash.edit(scene, title=f"Edit {number}", details=f"Details {number}")
        record(world, scene)


def writes(world: World, scene: int) -> int:
    """How often the scene's item was written, and nobody else's."""
    written = [request.args["id"] for request in world.plex.requests if request.method == "PUT"]
    assert set(written) <= {str(world.key(scene))}
    return len(written)


def settled(world: World) -> bool:
    """Whether nothing of any scene is left in the queue in whatever state."""
    return not any(world.queue_stats().values())


@pytest.fixture
def scene(world: World) -> int:
    return world.add("a", title="As it was found")


def test_a_scene_that_is_edited_1000_times_while_waiting_is_written_once(
    world: World, scene: int
) -> None:
    edit_often(world, scene)
    assert len(rows(world)) == EDITS

    result = world.task("process_queue")

    assert "1 succeeded, 0 failed" in answer_of(result)["output"]
    assert world.shown(scene)["title"] == f"Edit {EDITS - 1}"
    assert world.shown(scene)["summary"] == f"Details {EDITS - 1}"
    world.until(lambda: settled(world))
    assert writes(world, scene) == 1


def test_the_background_too_writes_it_once(world: World, scene: int) -> None:
    hold_off(world)
    edit_often(world, scene, 200)
    time_passes(world)

    world.save(scene, title="Last", details="The end")

    world.until(lambda: world.shown(scene)["title"] == "Last")
    world.until(lambda: settled(world))
    assert writes(world, scene) == 1


def test_what_is_edited_while_it_is_written_is_written_once_more(world: World, scene: int) -> None:
    """500 edits before the write, 500 while Plex is at it."""
    edit_often(world, scene, 500)

    with held_at_a_write(world) as hold:
        world.hook(scene)
        world.until(hold.came.is_set)
        edit_often(world, scene, 500)
        world.stash.edit(scene, title="Last")
        record(world, scene)

    world.until(lambda: world.shown(scene)["title"] == "Last")
    world.until(lambda: settled(world))
    assert writes(world, scene) == 2


def test_edits_of_a_scene_that_waits_for_a_retry_and_in_bulk_make_one_write_of_all(
    world: World, scene: int
) -> None:
    put_off(world, scene, days_ago=1)
    enqueue_in_bulk(world, scene)
    edit_often(world, scene, 100)

    world.task("process_queue")

    assert world.shown(scene)["title"] == "Edit 99"
    world.until(lambda: settled(world))
    assert writes(world, scene) == 1


def test_many_edits_delay_no_other_scene_by_more_than_one(world: World, scene: int) -> None:
    other = world.add("b", title="Other")
    edit_often(world, scene, 200)
    record(world, other)

    world.task("process_queue")

    written = [request.args["id"] for request in world.plex.requests if request.method == "PUT"]
    assert written == [str(world.key(scene)), str(world.key(other))]

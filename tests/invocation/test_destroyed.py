"""A scene that is deleted in Stash: forgotten here, left alone in Plex."""

import sqlite3

from tests.invocation.circumstances import hold_off, record, time_passes
from tests.invocation.witness import rows, spooled
from tests.world import World


def synced(world: World, name: str) -> int:
    """A scene that Plex shows and the ledger knows."""
    scene = world.add(name, title=name)
    world.hook(scene)
    world.until(lambda: world.shown(scene)["title"] == name)
    world.until_drained()
    return scene


def test_a_destroyed_scene_leaves_no_row_and_no_write(world: World) -> None:
    scene = synced(world, "a")
    assert rows(world, "ledger", "scene_id") == [scene]
    before = world.plex.shown(world.plex.key_of("/data/a.mp4"))
    world.plex.clear_requests()

    world.run(world.stash.destroy(scene))

    world.until(lambda: rows(world, "ledger", "scene_id") == [])
    world.until_drained()
    assert [r for r in world.plex.requests if r.method != "GET"] == []
    assert world.plex.shown(world.plex.key_of("/data/a.mp4")) == before


def test_the_waiting_jobs_of_a_destroyed_scene_vanish_unwritten(world: World) -> None:
    gone, other = world.add("a", title="Gone"), world.add("b", title="Other")
    hold_off(world)
    world.hook(gone)
    record(world, gone, gone)
    document = world.stash.destroy(gone)
    time_passes(world)

    world.run(document)
    world.hook(other)

    world.until(lambda: world.shown(other)["title"] == "Other")
    world.until_drained()
    assert world.plex.shown(world.plex.key_of("/data/a.mp4"))["title"] == "a"
    assert world.plex.count("PUT") == 1
    assert rows(world) == []


def test_the_retries_of_a_destroyed_scene_vanish(world: World) -> None:
    scene = world.add("a", title="Not in Plex", in_plex=False)
    world.hook(scene)
    world.until(lambda: rows(world, "retry", "id") == [scene])

    world.run(world.stash.destroy(scene))

    world.until(lambda: rows(world, "retry", "id") == [])
    world.until_drained()


def test_the_dead_letter_of_a_destroyed_scene_vanishes(world: World) -> None:
    scene = synced(world, "a")
    bury(world, scene)

    world.run(world.stash.destroy(scene))

    world.until(lambda: rows(world, "dead_letter", "id") == [])


def test_a_scene_that_was_destroyed_before_anybody_read_it_costs_one_question(
    world: World,
) -> None:
    scene = world.add("a", title="Short")
    hold_off(world)
    world.hook(scene)
    document = world.stash.destroy(scene)
    time_passes(world)
    world.stash.requests.clear()

    world.run(document)

    world.until(lambda: "no longer in Stash" in world.background_log())
    world.until_drained()
    asked = [r.operation for r in world.stash.requests if r.kind == "graphql"]
    assert asked.count("findScene") == 1
    assert spooled(world) == []


def bury(world: World, scene: int) -> None:
    """Let the scene have been given up before."""
    connection = sqlite3.connect(world.data_dir / "queue" / "data.db")
    with connection:
        connection.execute(
            "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, "
            "buried_at) VALUES ('scene', ?, 'default', 'PermanentError', 'bad', 1, 0, 0)",
            (scene,),
        )
    connection.close()

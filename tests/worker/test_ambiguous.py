"""Several files in Plex could be the scene's: the user is told, and nobody else suffers."""

import pytest

from tests.worker.stage import Stage
from tests.world import World
from worker.circuit_breaker import CircuitState


def add_ambiguous(world: World, name: str) -> int:
    """A scene under a path that Plex does not know, and two files in Plex that could be it."""
    for disk in ("one", "two"):
        world.plex.add_item(f"/{disk}/clips/{name}.mp4", 1000, world.section)
    files = [{"path": f"/stash/clips/{name}.mp4", "size": 1000}]
    return world.stash.add_scene(title="Mine", studio="S", files=files)


def test_an_ambiguous_scene_is_buried_with_the_candidates_named(stage: Stage) -> None:
    scene = add_ambiguous(stage.world, "a")

    stage.sync(scene)

    assert stage.dead() == {
        scene: "several files in Plex could be it (/one/clips/a.mp4, /two/clips/a.mp4): "
        "set path_map"
    }


def test_nothing_is_written_to_either_candidate(stage: Stage) -> None:
    scene = add_ambiguous(stage.world, "a")

    stage.sync(scene)

    assert [item.title for item in stage.world.plex.items()] == ["a", "a"]


def test_five_ambiguous_scenes_leave_the_breaker_closed_and_the_others_go_on(
    stage: Stage,
) -> None:
    world = stage.world
    ambiguous = [add_ambiguous(world, f"a{n}") for n in range(5)]
    scene = world.add("b", title="B")

    report = stage.sync(*ambiguous, scene)

    assert (report.failed, report.succeeded) == (5, 1)
    assert world.shown(scene)["title"] == "B"
    assert stage.breaker is CircuitState.CLOSED


def test_a_path_map_tells_the_candidates_apart(stage: Stage) -> None:
    world = stage.world
    scene = add_ambiguous(world, "a")
    stage.sync(scene)

    stage.reopen(path_map="/stash=/two")
    stage.sync(scene)

    assert world.plex.shown(world.plex.key_of("/two/clips/a.mp4"))["title"] == "Mine"
    assert world.plex.shown(world.plex.key_of("/one/clips/a.mp4"))["title"] == "a"
    assert stage.is_idle()


@pytest.mark.parametrize("size", [1000, 3000])
def test_the_size_tells_the_candidates_apart(stage: Stage, size: int) -> None:
    world = stage.world
    keys = {
        s: world.plex.add_item(f"/d{s}/clips/a.mp4", s, world.section) for s in (1000, 2000, 3000)
    }
    files = [{"path": "/stash/clips/a.mp4", "size": size}]
    scene = world.stash.add_scene(title="Mine", studio="S", files=files)

    stage.sync(scene)

    titles = {s: world.plex.shown(key)["title"] for s, key in keys.items()}
    assert titles == {s: "Mine" if s == size else "a" for s in keys}

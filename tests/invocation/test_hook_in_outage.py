"""A hook during an outage does what it always does: it records, asks nobody, and is over."""

import pytest

from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.outages import breaker, plex_went_away
from tests.invocation.test_hook_path import imported_by
from tests.invocation.witness import answer_of, backgrounds, job, rows
from tests.servers.stash import PluginResult
from tests.world import World

IMPORTS = ("-S", "-X", "importtime")


def hooks(world: World, count: int) -> list[PluginResult]:
    """Hooks of as many scenes while a process drains."""
    scenes = [world.add(f"n{number}") for number in range(count)]
    with somebody_holds(world.data_dir / "drain.lock"):
        return [world.hook(scene, flags=IMPORTS) for scene in scenes]


@pytest.mark.parametrize("ago", [10, 100], ids=["open", "time to probe"])
def test_a_hook_asks_neither_server_anything_while_plex_is_away(world: World, ago: float) -> None:
    plex_went_away(world, ago=ago)
    before = breaker(world)

    results = hooks(world, 3)

    assert [answer_of(r)["output"] for r in results] == ["recorded; background running"] * 3
    assert world.plex.requests == []
    assert world.stash.requests == []
    assert breaker(world) == before


def test_a_hook_needs_neither_server(world: World) -> None:
    plex_went_away(world, ago=100)
    scene = world.add("a")
    document = world.stash.hook_input("Scene.Create.Post", scene)
    world.plex.stop()
    world.stash.stop()

    with somebody_holds(world.data_dir / "drain.lock"):
        result = world.run(document)

    assert answer_of(result) == {"output": "recorded; background running"}
    assert rows(world) == [job(scene)]


def test_a_hook_imports_nothing_more_than_in_fine_weather(world: World) -> None:
    record(world, world.add("first"))  # the queue is there, in both weathers
    (fine,) = hooks(world, 1)
    plex_went_away(world, ago=100)

    (foul,) = hooks(world, 1)

    assert imported_by(foul.stderr) == imported_by(fine.stderr)
    assert "sqlite3" in imported_by(foul.stderr)


def test_a_hook_that_starts_the_background_leaves_the_asking_to_it(world: World) -> None:
    """It is over although Plex and Stash answer nobody."""
    plex_went_away(world, ago=100)
    world.plex.weather("hang")
    world.stash.weather("hang")

    result = world.hook(world.add("a"), flags=IMPORTS)

    assert answer_of(result) == {"output": "recorded; background started"}
    assert not {"socket", "http.client", "logging"} & imported_by(result.stderr)
    world.until(lambda: world.stash.requests)
    assert len(backgrounds(world)) == 1

"""Plex or Stash fails for a short while as edits arrive: afterwards Plex shows them all."""

from typing import Any

import pytest

from tests.invocation.circumstances import record
from tests.invocation.witness import answer_of, backgrounds, rows, titles_shown
from tests.servers.plex.weather import Sky
from tests.world import World

IMPATIENT = {"connect_timeout": 0.5, "read_timeout": 1}


def hook_each(world: World, scenes: list[int]) -> None:
    """A hook for each scene; all are recorded, whatever the weather."""
    for scene in scenes:
        assert answer_of(world.hook(scene))["output"].startswith("recorded; background ")


def assert_nothing_was_charged(world: World) -> None:
    assert rows(world, "retry", "id") == []
    assert rows(world, "dead_letter", "id") == []
    assert rows(world, "parked", "id") == []


@pytest.mark.parametrize("sky", ["hang", "reset", "cut", "truncate", "html", 429, 503])
def test_edits_that_arrive_while_plex_fails_reach_it_afterwards(world: World, sky: Sky) -> None:
    world.stash.settings.update(IMPATIENT)
    scenes = [world.add(name, title=name.upper()) for name in "abc"]
    world.plex.weather(sky)

    hook_each(world, scenes[:2])
    world.until(lambda: world.plex.requests)
    hook_each(world, scenes[2:])
    world.plex.weather("fine")

    world.until(lambda: titles_shown(world, scenes) == ["A", "B", "C"], within=30)
    world.until_drained()
    assert_nothing_was_charged(world)


def test_edits_that_arrive_while_plex_is_off_reach_it_afterwards(world: World) -> None:
    scenes = [world.add(name, title=name.upper()) for name in "abc"]
    world.plex.stop()

    hook_each(world, scenes)
    world.until(lambda: "no complete answer from Plex" in world.background_log())
    world.plex.start()

    world.until(lambda: titles_shown(world, scenes) == ["A", "B", "C"], within=30)
    world.until_drained()
    assert_nothing_was_charged(world)


@pytest.mark.parametrize("sky", ["hang", 503])
def test_plex_that_fails_in_the_middle_of_a_drain_gets_the_rest_afterwards(
    world: World, sky: Sky
) -> None:
    world.stash.settings.update(IMPATIENT)
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(12)]

    def fail_at_the_5th(_: object) -> None:
        if world.plex.count("PUT") == 5:
            world.plex.on_request = None
            world.plex.weather(sky)

    world.plex.on_request = fail_at_the_5th
    record(world, *scenes)
    world.hook(scenes[0])
    world.until(lambda: "answer" in world.background_log(), within=30)
    assert titles_shown(world, scenes).count("n11") == 1
    world.plex.weather("fine")

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(12)], within=30)
    assert rows(world, "dead_letter", "id") == []


def test_while_stash_is_off_its_edits_wait_and_nothing_is_charged(world: World) -> None:
    scene = world.add("a", title="A")
    document = world.stash.hook_input("Scene.Create.Post", scene)
    world.stash.stop()

    world.run(document)
    world.until(lambda: "no answer from Stash" in world.background_log())
    world.stash.start()

    world.until(lambda: world.shown(scene)["title"] == "A", within=30)
    assert_nothing_was_charged(world)
    assert not (world.data_dir / "circuit_breaker.json").exists()


@pytest.mark.parametrize("weather", ["locked", "truncate", 502])
def test_a_stash_that_fails_in_the_middle_of_a_drain_costs_no_job_an_attempt(
    world: World, weather: Any
) -> None:
    """It fails at reading the scenes, having told the settings."""
    scenes = [world.add(name, title=name.upper()) for name in "ab"]
    asked: list[str] = []

    def fail_at_the_scenes(request: Any) -> None:
        if request.operation == "findScene" and not asked:
            asked.append(request.operation)
            world.stash.weather(weather)

    record(world, *scenes)
    world.stash.before_answer = fail_at_the_scenes
    world.stash.sky.order(["fine", weather], "graphql")
    world.hook(scenes[0])

    world.until(lambda: "Stash" in world.background_log())
    assert_nothing_was_charged(world)
    assert len(rows(world)) == 3
    world.stash.before_answer = None
    world.stash.weather("fine")
    world.kill_background()
    world.hook(scenes[0])
    world.until(lambda: titles_shown(world, scenes) == ["A", "B"])
    assert_nothing_was_charged(world)


def test_a_stash_that_refuses_the_cookie_costs_nothing_but_the_background(world: World) -> None:
    scene = world.add("a", title="A")
    world.stash.auth = "password"
    document = world.stash.hook_input("Scene.Create.Post", scene)
    world.stash.door.expire_sessions()

    world.run(document)

    world.until(lambda: world.background_log() and not backgrounds(world))
    (line,) = world.background_log().splitlines()
    assert "Stash refused the session" in line
    assert_nothing_was_charged(world)
    assert len(rows(world)) == 1


def test_a_hook_with_a_fresh_cookie_goes_on_where_the_old_one_was_refused(world: World) -> None:
    scenes = [world.add(name, title=name.upper()) for name in "ab"]
    world.stash.auth = "password"
    document = world.stash.hook_input("Scene.Create.Post", scenes[0])
    world.stash.door.expire_sessions()
    world.run(document)
    world.until(lambda: world.background_log() and not backgrounds(world))

    result = world.hook(scenes[1])

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: titles_shown(world, scenes) == ["A", "B"])


def test_a_background_that_is_given_a_cookie_may_use_it_for_longer_than_it_lasts(
    world: World,
) -> None:
    """Stash answers each request with a fresh one."""
    world.stash.auth = "password"
    world.stash.session_lifetime = 2
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(4)]

    for scene in scenes:
        record(world, scene)
        if scene == scenes[0]:
            world.hook(scene)
        world.until(lambda scene=scene: world.shown(scene)["title"].startswith("T"))  # type: ignore[misc]

    assert len(backgrounds(world)) == 1

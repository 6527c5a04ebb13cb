"""What only the user can mend: one clear line, nothing lost, and no process per save."""

import json
from typing import Any

import pytest

from tests.invocation.circumstances import time_passes
from tests.invocation.witness import answer_of, backgrounds, error_of, job, rows, titles_shown
from tests.world import PLEX_TOKEN, World

WRONG_TOKEN = "a-token-that-is-wrong-0815"

COMMON = [
    pytest.param({"plex_token": WRONG_TOKEN}, "Plex refused the token", id="wrong token"),
    pytest.param({"plex_library": "Sceens"}, "Plex has no library Sceens", id="wrong library"),
]
MISTAKES = [
    *COMMON,
    pytest.param({"plex_token": ""}, "plex_token is missing", id="no token"),
    pytest.param({"plex_url": "localhost:32400"}, "plex_url must begin", id="no address"),
    pytest.param({"path_map": "nonsense"}, "check path_map", id="wrong path map"),
    pytest.param({"disabled": True}, "syncing is paused", id="paused"),
]


def ended_for(world: World, mistake: dict[str, Any]) -> int:
    """Let a hook start a background that finds the mistake and ends; return the scene."""
    world.stash.settings.update(mistake)
    scene = world.add("a", title="A")
    assert answer_of(world.hook(scene)) == {"output": "recorded; background started"}
    world.until(lambda: (world.data_dir / "background.json").exists() and not backgrounds(world))
    return scene


def mend(world: World) -> None:
    for name in ("plex_library", "path_map", "disabled"):
        world.stash.settings.pop(name, None)
    world.stash.settings.update(plex_url=world.plex.url, plex_token=PLEX_TOKEN)


@pytest.mark.parametrize(("mistake", "line"), MISTAKES)
def test_the_background_ends_with_one_clear_line_and_leaves_word_why(
    world: World, mistake: dict[str, Any], line: str
) -> None:
    scene = ended_for(world, mistake)

    (logged,) = world.background_log().splitlines()
    assert line in logged
    assert line in json.loads((world.data_dir / "background.json").read_text())["why"]
    assert WRONG_TOKEN not in logged
    assert rows(world) == [job(scene)]
    assert rows(world, "retry", "id") == []
    assert world.plex.count("PUT") == 0


@pytest.mark.parametrize(("mistake", "line"), COMMON)
def test_hooks_go_on_recording_and_start_nothing_meanwhile(
    world: World, mistake: dict[str, Any], line: str
) -> None:
    ended_for(world, mistake)
    others = [world.add(name) for name in "bc"]

    results = [world.hook(scene) for scene in others]

    assert [answer_of(r)["output"] for r in results] == ["recorded; background held off"] * 2
    assert backgrounds(world) == []


@pytest.mark.parametrize(("mistake", "line"), MISTAKES)
def test_a_task_says_what_is_wrong(world: World, mistake: dict[str, Any], line: str) -> None:
    world.stash.settings.update(mistake)
    world.add("a", title="A")

    result = world.task("all")

    error = error_of(result)
    assert line in error
    assert WRONG_TOKEN.encode() not in result.stdout + result.stderr


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_once_it_is_mended_any_task_drains_what_was_recorded(world: World, mode: str) -> None:
    scene = ended_for(world, {"plex_token": WRONG_TOKEN})
    other = world.add("b", title="B")
    world.hook(other)
    mend(world)

    result = world.task(mode)

    assert "succeeded" in answer_of(result)["output"]
    assert titles_shown(world, [scene, other]) == ["A", "B"]


def test_the_same_mistake_again_holds_hooks_off_for_twice_as_long(world: World) -> None:
    ended_for(world, {"plex_token": WRONG_TOKEN})
    first = held_off(world)

    world.task("process_queue")  # ignores the word, and wakes the background

    world.until(lambda: held_off(world) == 2 * first)


def held_off(world: World) -> float:
    seconds: float = json.loads((world.data_dir / "background.json").read_text())["held_off"]
    return seconds


@pytest.mark.parametrize(("mistake", "line"), COMMON)
def test_once_it_is_mended_and_time_has_passed_a_hook_drains_what_was_recorded(
    world: World, mistake: dict[str, Any], line: str
) -> None:
    scene = ended_for(world, mistake)
    other = world.add("b", title="B")
    mend(world)
    time_passes(world)

    world.hook(other)

    world.until(lambda: titles_shown(world, [scene, other]) == ["A", "B"])

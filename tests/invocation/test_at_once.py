"""Tasks, hooks and the background at the same time: one drains, the others follow."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.witness import Sampler, answer_of, backgrounds, rows, titles_shown
from tests.world import World

SOME = [f"T{number}" for number in range(25)]


def add_some(world: World) -> list[int]:
    return [world.add(f"n{number}", title=title) for number, title in enumerate(SOME)]


def plex_waits_until_stash_was_asked(world: World, times: int) -> None:
    """Let Plex answer slowly, and not before so many processes have asked for the settings."""

    def wait(_: object) -> None:
        world.until(lambda: settings_asked(world) >= times, within=30)

    world.plex.on_request = wait
    world.plex.latency = 0.05


def settings_asked(world: World) -> int:
    return sum(request.operation == "version" for request in world.stash.requests)


@pytest.mark.parametrize("modes", [("all", "all"), ("process_queue", "process_queue")])
def test_of_two_tasks_at_once_one_drains_and_the_other_follows(
    world: World, modes: tuple[str, str]
) -> None:
    scenes = add_some(world)
    record(world, *scenes)
    plex_waits_until_stash_was_asked(world, 2)

    with Sampler(world) as sampler, ThreadPoolExecutor(2) as threads:
        results = list(threads.map(world.task, modes))

    assert sampler.most_holders == 1
    assert [answer_of(result).get("error") for result in results] == [None, None]
    assert [result.progress[-1:] for result in results] == [[1.0], [1.0]]
    world.until_drained()
    assert titles_shown(world, scenes) == SOME
    assert rows(world, "dead_letter", "id") == []


def test_a_task_follows_the_background_that_drains_and_ends_with_it(world: World) -> None:
    scenes = add_some(world)
    record(world, *scenes)
    world.hook(scenes[0])
    world.until(lambda: settings_asked(world))
    (background,) = backgrounds(world)
    plex_waits_until_stash_was_asked(world, settings_asked(world) + 1)

    result = world.task("process_queue")

    output = answer_of(result)["output"]
    assert output == "Nothing is due; the background process has drained the queue"
    assert ("info", "Another process drains; showing its progress") in result.logs
    assert result.progress == sorted(result.progress)
    assert result.progress[-1] == 1
    assert titles_shown(world, scenes) == SOME
    assert backgrounds(world) == [background]


def test_a_task_does_not_follow_a_background_that_waits_for_plex(world: World) -> None:
    record(world, world.add("a", title="A"))
    breaker = {"state": "open", "failure_count": 5, "success_count": 0, "opened_at": time.time()}
    (world.data_dir / "circuit_breaker.json").write_text(json.dumps(breaker))

    with somebody_holds(world.data_dir / "drain.lock"):
        result = world.task("process_queue")

    assert "1 items wait until Plex answers again" in answer_of(result)["output"]


def test_an_edit_made_while_its_scene_is_written_reaches_plex(world: World) -> None:
    """The second edit arrives between Stash's answer and the end of the PUT."""
    scene = world.add("a", title="First")
    saved: list[str] = []

    def save_again(_: object) -> None:
        if world.plex.count("PUT") == 1 and not saved:
            saved.append(answer_of(world.save(scene, title="Second"))["output"])

    world.plex.on_request = save_again
    world.hook(scene)

    world.until(lambda: world.shown(scene)["title"] == "Second")
    world.until_drained()
    assert saved == ["recorded; background running"]
    assert world.plex.count("PUT") == 2


def test_hooks_during_a_task_are_drained_by_it_or_after_it(world: World) -> None:
    scenes = add_some(world)
    world.plex.latency = 0.01

    with ThreadPoolExecutor(2) as threads:
        task = threads.submit(world.task, "all")
        for number, scene in enumerate(scenes):
            world.save(scene, title=f"Saved {number}")
        task.result()

    expected = [f"Saved {number}" for number in range(len(scenes))]
    world.until(lambda: titles_shown(world, scenes) == expected)

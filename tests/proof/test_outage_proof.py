"""A minute without Plex in real time, while two hundred edits arrive through real hooks."""

import os
import signal

import pytest

from tests.invocation.outages import (
    assert_nothing_was_charged,
    breaker,
    edit_for,
    invoke,
    records,
)
from tests.invocation.witness import backgrounds, titles_shown
from tests.worker.test_outages import end
from tests.worker.timeline import WEATHERS
from tests.world import World

pytestmark = pytest.mark.proof

HOW = (
    "refuses", "answers 503", "answers 429", "hangs", "drips", "hangs up", "is in maintenance",
    "serves no library",
)  # fmt: skip


def given_scenes(world: World, count: int) -> list[int]:
    """Scenes that Plex has not seen, and a background that lives."""
    first = world.add("first", title="First")
    world.hook(first)
    world.until(lambda: titles_shown(world, [first]) == ["First"])
    return [world.add(f"n{number}", title=f"T{number}") for number in range(count)]


def until_shown(world: World, scenes: list[int]) -> None:
    expected = [f"T{number}" for number in range(len(scenes))]
    world.until(lambda: titles_shown(world, scenes) == expected, within=200)
    world.until_drained()
    assert_nothing_was_charged(world)
    assert breaker(world)["state"] == "closed"


def kill(world: World) -> None:
    for pid in backgrounds(world):
        os.kill(pid, signal.SIGKILL)
    world.until(lambda: not backgrounds(world))


@pytest.mark.parametrize("how", HOW)
def test_recv_01_two_hundred_edits_of_a_minute_without_plex_reach_it_by_themselves(
    world: World, how: str
) -> None:
    world.stash.settings.update(connect_timeout=1, read_timeout=2)
    scenes = given_scenes(world, 200)
    (background,) = backgrounds(world)
    WEATHERS[how](world.plex)

    edit_for(world, scenes, seconds=60)
    assert_nothing_was_charged(world)
    end(world.plex)

    until_shown(world, scenes)
    assert backgrounds(world) == [background]
    (record,) = records(world)
    assert record.jobs_affected == 200


@pytest.mark.parametrize("kind", ["hook", "queue_status", "health_check"])
def test_when_the_background_is_killed_meanwhile_the_next_invocation_of_any_kind_is_enough(
    world: World, kind: str
) -> None:
    scenes = given_scenes(world, 60)
    world.plex.stop()
    edit_for(world, scenes[:30], seconds=10)
    kill(world)
    edit_for(world, scenes[30:], seconds=10)
    kill(world)
    world.plex.start()

    invoke(world, kind, scenes[0])

    until_shown(world, scenes)
    assert len(records(world)) == 1

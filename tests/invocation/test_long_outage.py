"""Plex is away while hooks arrive: then all gets there, by itself or by the next invocation."""

import pytest

from tests.invocation.circumstances import record
from tests.invocation.outages import (
    assert_nothing_was_charged,
    breaker,
    edit_for,
    invoke,
    plex_went_away,
    records,
)
from tests.invocation.witness import backgrounds, titles_shown
from tests.world import World

KINDS = ("hook", "queue_status", "health_check", "outage_summary")
"""Invocations that drain nothing themselves."""


def test_recv_01_edits_of_ten_seconds_without_plex_reach_it_by_themselves(world: World) -> None:
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(15)]
    first = world.add("first", title="First")
    world.hook(first)
    world.until(lambda: titles_shown(world, [first]) == ["First"], within=30)
    (background,) = backgrounds(world)
    world.plex.weather(503)

    edit_for(world, scenes, seconds=10)
    assert len(records(world)) == 1
    assert_nothing_was_charged(world)
    world.plex.weather("fine")

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(15)], within=60)
    world.until_drained()
    assert_nothing_was_charged(world)
    assert backgrounds(world) == [background]
    (record,) = records(world)
    assert record.jobs_affected == 15
    assert breaker(world)["state"] == "closed"


@pytest.mark.parametrize("kind", KINDS)
def test_recv_01_after_the_background_was_killed_the_next_invocation_brings_all_to_plex(
    world: World, kind: str
) -> None:
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(5)]
    record(world, *scenes)
    plex_went_away(world, ago=100)

    invoke(world, kind, world.add("late", title="Late"))

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(5)], within=30)
    world.until_drained()
    assert_nothing_was_charged(world)
    (outage,) = records(world)
    assert outage.jobs_affected == 5 + (kind == "hook")
    assert breaker(world)["state"] == "closed"


@pytest.mark.proof
def test_after_a_short_outage_the_next_invocation_needs_two_probes(world: World) -> None:
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(5)]
    record(world, *scenes)
    plex_went_away(world, ago=10)

    invoke(world, "queue_status", scenes[0])

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(5)], within=30)
    reads = [r.at for r in world.plex.requests if r.path in ("/", "/library/sections")]
    first, second = reads[0], next(at for at in reads if at - reads[0] > 1)
    assert second - first > 4.9

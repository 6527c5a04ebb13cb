"""Plex refuses the token: one clear line, nothing is charged, and the right one drains all."""

import pytest

from tests.invocation.circumstances import record
from tests.invocation.outages import assert_nothing_was_charged, breaker, invoke, records
from tests.invocation.witness import backgrounds, titles_shown
from tests.world import PLEX_TOKEN, World

KINDS = ("hook", "queue_status", "health_check", "recover_outage_jobs", "process_queue", "recent")

LINE = "WARNING Plex refused the token when connecting: check plex_token"


def ended_helplessly(world: World) -> None:
    world.until(lambda: world.background_log() and not backgrounds(world))


def assert_it_is_no_outage(world: World) -> None:
    assert records(world) == []
    assert breaker(world).get("state", "closed") == "closed"
    assert_nothing_was_charged(world)


@pytest.mark.parametrize("kind", KINDS)
def test_once_the_token_is_right_any_invocation_brings_all_to_plex(world: World, kind: str) -> None:
    (world.folder / "config.yml").write_text("with the old token")
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(6)]
    world.stash.settings["plex_token"] = "tok-of-yesterday"
    record(world, *scenes[1:])
    world.hook(scenes[0])
    ended_helplessly(world)
    (line,) = world.background_log().splitlines()
    assert line.endswith(LINE)
    assert_it_is_no_outage(world)

    world.stash.settings["plex_token"] = PLEX_TOKEN
    if kind == "hook":  # a button is pressed because something was mended
        (world.folder / "config.yml").write_text("with the new token")
    invoke(world, kind, scenes[0])

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(6)], within=30)
    world.until_drained()
    assert_it_is_no_outage(world)


def test_a_token_that_is_revoked_in_the_middle_of_a_drain_costs_no_job_anything(
    world: World,
) -> None:
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(6)]

    def revoke(_: object) -> None:
        if world.plex.count("PUT") == 3:
            world.plex.token = "changed"

    world.plex.before_answer = revoke
    record(world, *scenes)
    world.hook(scenes[0])
    ended_helplessly(world)

    assert world.background_log().count("Plex refused the token") == 1
    assert titles_shown(world, scenes).count("T3") == 0
    assert_it_is_no_outage(world)
    world.plex.token = PLEX_TOKEN
    world.task("health_check")
    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(6)], within=30)

"""What the background process does during an outage can be seen from outside."""

import json

import pytest

from tests.invocation.circumstances import record
from tests.invocation.outages import plex_went_away, section
from tests.invocation.witness import backgrounds
from tests.servers.stash import PluginResult
from tests.worker.stage import last_word
from tests.world import World

WAITING = "waiting: Plex does not answer"


@pytest.fixture
def waiting(world: World) -> World:
    """A background lives that waits for Plex, and has said so."""
    scene = world.add("a", title="A")
    record(world, scene)
    plex_went_away(world, ago=10)
    world.plex.stop()
    world.hook(scene)
    world.until(lambda: WAITING in world.background_log())
    world.until(lambda: "warning" in last_word(world))
    return world


def repeated(result: PluginResult) -> list[str]:
    """The warnings of the background that a task has repeated."""
    told = [text for level, text in result.logs if level == "warning"]
    return [text for text in told if text.startswith("the background process warned ")]


def test_background_json_says_who_waits_and_what_it_has_warned_of(waiting: World) -> None:
    word = last_word(waiting)

    assert [word["pid"]] == backgrounds(waiting)
    assert word["ended_at"] is None
    assert word["started_at"] <= word["warned_at"]
    assert word["warning"].endswith(WAITING)


def test_the_next_task_repeats_its_last_warning_and_the_one_after_that_does_not(
    waiting: World,
) -> None:
    first, second = (waiting.task("outage_summary") for _ in range(2))

    (said,) = repeated(first)
    assert said.endswith(WAITING)
    assert repeated(second) == []


def test_visb_01_the_queue_status_has_a_section_for_it(waiting: World) -> None:
    running, warning, breaker = section(waiting.task("queue_status"), "Background Process")

    assert running.startswith("Running, started ")
    assert warning.startswith("Last warning, ")
    assert warning.endswith(WAITING)
    assert breaker.startswith("Circuit breaker: OPEN (")


def test_one_that_was_killed_is_not_said_to_run(waiting: World) -> None:
    waiting.kill_background()

    result = waiting.task("queue_status")

    running = section(result, "Background Process")[0]
    assert running == "Not running although something is due: the next event or task starts it"


def test_one_that_was_killed_has_not_given_up_for_the_reason_of_an_earlier_one(
    world: World,
) -> None:
    world.data_dir.mkdir(mode=0o700)
    why = {"why": "Plex refused the token", "ended_at": 1.0, "held_off": 60.0, "not_before": 61.0}
    (world.data_dir / "background.json").write_text(json.dumps(why))
    scene = world.add("a", title="A")
    world.hook(scene)
    world.until(lambda: world.shown(scene)["title"] == "A", within=30)
    world.until_drained()
    world.kill_background()

    result = world.task("queue_status")

    assert section(result, "Background Process")[0] == "Not running, and nothing is due"

"""Plex goes away and comes back under an actual Stash, and the buttons that tell of it."""

import pytest

from tests.real.stash_server import until
from tests.real.test_tasks import lines
from tests.real.world import RealWorld

pytestmark = pytest.mark.real


def test_saves_of_an_outage_reach_plex_without_a_button(world: RealWorld) -> None:
    first = world.add("first", title="First", details="d")
    until(lambda: world.shown(first)["title"] == "First")
    world.plex.weather(503)

    scenes = [world.add(f"s{number}", title=f"T{number}", details="d") for number in range(3)]
    until(lambda: world.plex.count("GET", "/library/sections") > 5)
    world.plex.weather("fine")

    expected = ["T0", "T1", "T2"]
    until(lambda: [world.shown(scene)["title"] for scene in scenes] == expected, within=60)


@pytest.mark.parametrize(
    ("task", "said"),
    [
        ("Health Check", "Plex is well"),
        ("Outage Summary Report", "No outages recorded"),
        ("Recover Outage Jobs", "No outages recorded: nothing to recover"),
    ],
)
def test_the_button_answers_in_stashs_log(world: RealWorld, task: str, said: str) -> None:
    job = world.stash.run_task(task)

    assert (job.status, job.error) == ("FINISHED", None)
    assert f"[Plugin / Stash2Plex] {said}" in lines(world, "Info")

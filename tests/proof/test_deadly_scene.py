"""Deaths of the process that drains: a scene that causes them is buried, all others are not."""

import os
import signal
from random import Random

import pytest

from tests.invocation.circumstances import record
from tests.invocation.queues import put_into_queue
from tests.invocation.witness import backgrounds, rows, titles_shown
from tests.proof.oracle import unsettled
from tests.servers.plex import Request
from tests.world import World
from worker.batch import BATCH

CHANGED = 8  # scenes of each batch that need a write; the others are in step


class Executioner:
    """Kills the background when it writes a certain item, or its so-and-so-many-th.

    Attributes:
        deaths: how many processes it has killed.
        item: the rating key of that item; 0 for none.
        countdown: writes until it kills once.
        batch: the most jobs that were in flight.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.deaths = 0
        self.item = 0
        self.countdown = 0
        self.batch = 0
        world.plex.on_request = self._judge

    def _judge(self, request: Request) -> None:
        self.batch = max(self.batch, sum(rows(self.world, column="status = 2")))
        if request.method == "PUT":
            self.countdown -= 1
            if self.countdown == 0 or request.args["id"] == str(self.item):
                self._kill()

    def _kill(self) -> None:
        (pid,) = backgrounds(self.world)
        os.kill(pid, signal.SIGKILL)
        self.deaths += 1


@pytest.fixture
def executioner(world: World) -> Executioner:
    return Executioner(world)


def until_the_next_death(executioner: Executioner) -> None:
    """Let somebody save another scene, and the process that it starts die."""
    world, deaths = executioner.world, executioner.deaths
    other = world.add(f"other {deaths}", title="Old")
    world.save(other, title="New")
    world.until(lambda: executioner.deaths > deaths and not backgrounds(world))
    assert world.shown(other)["title"] == "New"  # the deadly one was kept for the end


def test_a_scene_that_kills_three_processes_alone_is_buried_and_blocks_nobody(
    executioner: Executioner,
) -> None:
    world = executioner.world
    scenes = [world.add(f"n{number}", title="T") for number in range(10)]
    deadly = scenes.pop(3)
    executioner.item = world.key(deadly)
    world.plex.chokes_on(executioner.item)
    record(world, *scenes[:3], deadly, *scenes[3:])
    world.hook(scenes[0])
    world.until(lambda: executioner.deaths and not backgrounds(world))
    assert titles_shown(world, scenes) == ["T"] * 3 + [f"n{number}" for number in range(4, 10)]

    for _ in range(3):
        assert rows(world, "dead_letter", "id") == []
        until_the_next_death(executioner)
    assert titles_shown(world, scenes) == ["T"] * 9
    world.save(scenes[0], title="Afterwards")

    world.until(lambda: world.shown(scenes[0])["title"] == "Afterwards" and not unsettled(world))
    buried = rows(world, "dead_letter", "id || ': ' || reason")
    assert buried == [f"{deadly}: 3 workers died while only this scene was at work"]
    assert executioner.deaths == 4
    assert len(backgrounds(world)) == 1


@pytest.mark.parametrize("deaths", [10, pytest.param(100, marks=pytest.mark.proof)])
def test_deaths_with_a_hundred_scenes_in_flight_bury_no_scene(
    executioner: Executioner, deaths: int
) -> None:
    world, random = executioner.world, Random(deaths)
    scenes = [world.add(f"n{number}", title="Old") for number in range(BATCH)]
    expected = dict.fromkeys(scenes, "Old")

    for number in range(deaths):
        for scene in random.sample(scenes, CHANGED):
            expected[scene] = f"Edit {number}"
            world.stash.edit(scene, title=expected[scene])
        executioner.batch, executioner.countdown = 0, random.randint(1, CHANGED)
        put_into_queue(world, *scenes)
        if number == 0:  # later on, the background that lives takes them all at once
            world.hook(scenes[0])
        world.until(lambda: executioner.countdown <= 0 and not backgrounds(world))
        assert executioner.batch >= BATCH

        world.hook(random.choice(scenes))
        world.until(lambda: not unsettled(world))

        assert titles_shown(world, scenes) == list(expected.values())
        assert rows(world, "dead_letter", "id") == []
    assert executioner.deaths == deaths

"""A task that Stash stops, and one more invocation: every scene is right."""

import os
import signal

import pytest

from tests.invocation.circumstances import record
from tests.invocation.witness import rows, titles_shown
from tests.world import World


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_stopping_a_task_in_the_middle_loses_nothing(world: World, mode: str) -> None:
    """Stash stops a task with SIGKILL."""
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(20)]
    record(world, *scenes)
    killed: list[int] = []

    def kill_at_the_8th(_: object) -> None:
        if world.plex.count("PUT") == 8 and not killed:
            killed.append(task[0])
            os.kill(task[0], signal.SIGKILL)

    task: list[int] = []
    world.plex.on_request = kill_at_the_8th
    result = world.task(mode, on_start=task.append)
    assert result.error == "signal: killed"
    assert rows(world, "at_work", "id") != []

    world.hook(scenes[0])

    world.until(lambda: titles_shown(world, scenes) == [f"T{n}" for n in range(20)])
    world.until(lambda: not world.due() and not rows(world, "retry", "id"))
    assert rows(world, "dead_letter", "id") == []

"""The buttons that look after the queue, and the terminal beside them, in an actual Stash."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.real.stash_server import RealStash
from tests.real.test_tasks import PROCESS, lines, paused_scenes
from tests.real.world import RealWorld
from tests.world import ROOT

pytestmark = pytest.mark.real

STATUS = "View Queue Status"
CLEAR = "Clear Pending Queue"
UNDO = "Undo Clear"
RETRY = "Retry Dead Letters"

OPERATION = """mutation($id: ID!, $args: Map!) {
    runPluginOperation(plugin_id: $id, args: $args)
}"""


def operate(stash: RealStash, **args: str) -> Any:
    """What the plugin answers to a program."""
    return stash.ask(OPERATION, id="Stash2Plex", args=args)["runPluginOperation"]


def key(world: RealWorld) -> int:
    """The rating key of the first scene's item."""
    return world.plex.key_of(str(world.stash.library / "s0.mp4"))


def given_a_dead_letter(world: RealWorld) -> int:
    """A scene that Plex refused for good."""
    (scene,) = paused_scenes(world, 1)
    world.plex.chokes_on(key(world), 400)
    world.stash.run_task(PROCESS)
    return scene


def test_the_status_stands_in_stashs_log_line_by_line(world: RealWorld) -> None:
    scene = given_a_dead_letter(world)

    job = world.stash.run_task(STATUS)

    told = "\n".join(lines(world, "Info"))
    assert (job.status, job.error) == ("FINISHED", None)
    assert "[Plugin / Stash2Plex] === Queue Status ===" in told
    assert f'scene {scene} "T0": Plex answered 400' in told


def test_the_status_is_a_document_for_programs(world: RealWorld) -> None:
    scene = given_a_dead_letter(world)

    status = operate(world.stash, mode="queue_status")

    assert status["failed"] == 1
    assert status["newest_dead_letters"][0]["scene"] == scene
    assert status["dead_letters"]["PlexBadRequest"]["failure"] == "permanent"


def test_what_is_cleared_by_mistake_reaches_plex_after_an_undo(world: RealWorld) -> None:
    scenes = paused_scenes(world, 3)

    world.stash.run_task(CLEAR)
    assert world.waiting() == []
    assert "3 waiting jobs removed; Undo Clear restores" in "\n".join(lines(world, "Info"))
    world.stash.run_task(UNDO)

    world.stash.run_task(PROCESS)
    assert world.titles(scenes) == ["T0", "T1", "T2"]


def test_dead_letters_are_tried_again_by_the_button_and_by_id(world: RealWorld) -> None:
    scene = given_a_dead_letter(world)

    none = operate(world.stash, mode="retry_dlq", ids="999")
    world.until_drained()
    assert none == "No dead letter to retry"
    assert operate(world.stash, mode="queue_status")["failed"] == 1

    world.plex.chokes_on(key(world), None)
    world.stash.run_task(RETRY)
    world.until_drained()
    assert world.titles([scene]) == ["T0"]


def test_the_terminal_drains_what_hooks_have_recorded(world: RealWorld) -> None:
    scenes = paused_scenes(world, 3)
    environment = {**os.environ, "STASH_URL": world.stash.url, "STASH_API_KEY": ""}

    ended = subprocess.run(
        [sys.executable, ROOT / "process_queue.py", "--data-dir", world.data_dir, "--json"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    document = json.loads(ended.stdout)
    assert (ended.returncode, document["succeeded"]) == (0, 3), ended.stderr
    assert world.titles(scenes) == ["T0", "T1", "T2"]

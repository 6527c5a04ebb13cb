"""A button whose run could look at nothing has failed; one that was cut short says so."""

import json
import logging

import pytest

from reconciliation import engine
from reconciliation.task import reconcile
from sync_queue.manager import QueueManager
from tests.reconciliation.due import at_page, state
from tests.worker.stage import Stage
from tests.world import World


def test_a_refused_token_fails_the_task_with_one_line(world: World) -> None:
    world.add("a", title="A")
    world.stash.settings["plex_token"] = "tok-wrong-000000000"

    result = world.task("reconcile_all")

    errors = [line for level, line in result.logs if level == "error"]
    (line,) = [each for each in errors if "Reconciliation failed: " in each]
    assert "refused the token" in line
    answer = json.loads(result.stdout)
    assert "refused the token" in answer["error"]
    assert not any("Reconciliation Summary" in line for _, line in result.logs)
    assert state(world).started_at == 0.0


def test_a_lock_that_cannot_be_made_is_not_taken_for_another_run(world: World) -> None:
    world.add("a", title="A")
    world.data_dir.mkdir(parents=True)
    (world.data_dir / "reconcile.lock").mkdir()

    result = world.task("reconcile_all")

    answer = json.loads(result.stdout)
    assert "the data folder cannot be written" in answer["error"]


def test_a_run_that_is_cut_short_keeps_its_summary_and_says_why(
    world: World, stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(engine, "PAGE", 2)
    for name in "abcd":
        world.add(name, title=name.upper())
    services = stage.worker.services
    at_page(world, 2, lambda: world.plex.weather(503))
    manager = QueueManager(world.data_dir, clock=stage.clock)

    answer = reconcile("all", services.stash, services.config, manager)

    manager.close()
    assert answer.startswith("stopped early: ")
    assert "Gaps found: 2" in caplog.messages
    (error,) = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert error == f"Reconciliation failed: {answer.removeprefix('stopped early: ')}"
    assert "Error during reconciliation" not in caplog.text

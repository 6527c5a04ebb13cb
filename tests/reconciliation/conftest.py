"""What the tests of reconciliation get: the stage of the drain, and an engine that plays on it."""

from pathlib import Path

import pytest

from reconciliation import engine
from reconciliation.scheduler import ReconciliationScheduler
from tests.invocation.circumstances import installed_copy
from tests.reconciliation.reconciler import FACTS, Reconciler, sync_and_wait
from tests.worker.conftest import (
    clock,
    no_queue_is_left_to_other_threads,
    stage,
    what_is_imported_stays,
)
from tests.worker.stage import Stage
from tests.world import FrozenClock, World

__all__ = ["clock", "no_queue_is_left_to_other_threads", "stage", "what_is_imported_stays"]


@pytest.fixture
def reconciler(stage: Stage) -> Reconciler:
    return Reconciler(stage)


@pytest.fixture
def synced(stage: Stage) -> int:
    """A scene with `FACTS` that Plex is known to show, a minute later."""
    scene = stage.world.add("a", **FACTS)
    sync_and_wait(stage, scene)
    return scene


@pytest.fixture
def six(stage: Stage, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch) -> Reconciler:
    """Six described scenes, of which Plex shows nothing yet; looked at two by two."""
    monkeypatch.setattr(engine, "PAGE", 2)
    for name in "abcdef":
        stage.world.add(name, title=name.upper())
    stage.clock.move(10)
    return reconciler


@pytest.fixture
def small_pages(world: World, tmp_path: Path) -> World:
    """A plugin of its own, whose processes ask for five scenes at once."""
    world.script = installed_copy(tmp_path / "plugin")
    file = tmp_path / "plugin" / "reconciliation" / "engine.py"
    text = file.read_text()
    assert text.count("PAGE = 1000") == 1
    file.write_text(text.replace("PAGE = 1000", "PAGE = 5"))
    return world


@pytest.fixture
def scheduler(tmp_path: Path, clock: FrozenClock) -> ReconciliationScheduler:
    """One that keeps its state in a folder without anything else."""
    return ReconciliationScheduler(tmp_path, clock=clock)

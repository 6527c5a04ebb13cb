"""What the tests of reconciliation get: the stage of the drain, and an engine that plays on it."""

from email.utils import format_datetime

import pytest

from tests.reconciliation.reconciler import Reconciler
from tests.servers.stash.transport import Connection
from tests.worker.conftest import (
    clock,
    no_queue_is_left_to_other_threads,
    stage,
    what_is_imported_stays,
)
from tests.worker.stage import Stage

__all__ = ["clock", "no_queue_is_left_to_other_threads", "stage", "what_is_imported_stays"]


@pytest.fixture
def reconciler(stage: Stage) -> Reconciler:
    return Reconciler(stage)


@pytest.fixture
def stash_tells_its_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Date what the loopback Stash answers by its own clock; by itself it takes ours."""
    stash = stage.world.stash

    def date_time_string(_: Connection) -> str:
        return format_datetime(stash.now(), usegmt=True)

    monkeypatch.setattr(Connection, "date_time_string", date_time_string)

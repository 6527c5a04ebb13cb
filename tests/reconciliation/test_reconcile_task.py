"""Plan 15, the ten cases of the task's handler as the plan describes them.

The only file with mocks: the plan prescribes them.
"""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import MagicMock, patch

import pytest

import Stash2Plex
from reconciliation.engine import GapDetectionResult
from tests.world import FrozenClock
from worker.logs import OURS, log_to_stash

Lines = Callable[[], list[str]]


@pytest.fixture
def lines(capfd: pytest.CaptureFixture[str]) -> Iterator[Lines]:
    """What was logged to Stash since the last look, each line after the letter of its level."""
    logs = log_to_stash({})

    def lines() -> list[str]:
        return re.findall(r"^\x01([tdiwe]\x02.*)$", capfd.readouterr().err, re.MULTILINE)

    yield lines
    logs.close()
    for name in OURS:
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def stash() -> Iterator[MagicMock]:
    with patch("Stash2Plex.stash_interface", MagicMock()) as stash:
        yield stash


@pytest.fixture
def config() -> Iterator[MagicMock]:
    with patch("Stash2Plex.config", MagicMock()) as config:
        yield config


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[MagicMock]:
    manager = MagicMock(folder=tmp_path, clock=FrozenClock())
    with patch("Stash2Plex.queue_manager", manager):
        yield manager


@pytest.fixture
def engine(stash: MagicMock, config: MagicMock, manager: MagicMock) -> Iterator[MagicMock]:
    """The class; its runs find what the plan's example says."""
    with patch("reconciliation.engine.GapDetectionEngine") as engine:
        engine.return_value.run.return_value = GapDetectionResult(
            empty_metadata_count=3,
            stale_sync_count=2,
            missing_count=5,
            total_gaps=10,
            enqueued_count=8,
            skipped_already_queued=2,
            scenes_checked=100,
            is_complete=True,
        )
        yield engine


def test_handle_reconcile_all_scope(
    engine: MagicMock, stash: MagicMock, config: MagicMock, manager: MagicMock, tmp_path: Path
) -> None:
    Stash2Plex.handle_reconcile("all")

    engine.return_value.run.assert_called_once_with(scope="all")
    engine.assert_called_once()
    given = engine.call_args.kwargs
    assert given["stash"] is stash
    assert given["config"] is config
    assert given["data_dir"] == tmp_path
    assert given["queue"] is manager.get_queue.return_value


def test_handle_reconcile_recent_scope(engine: MagicMock) -> None:
    Stash2Plex.handle_reconcile("recent")

    engine.return_value.run.assert_called_once_with(scope="recent")


def test_handle_reconcile_logs_summary(engine: MagicMock, lines: Lines) -> None:
    Stash2Plex.handle_reconcile("all")

    assert lines() == [
        "i\x02Starting reconciliation: all scenes",
        "i\x02=== Reconciliation Summary ===",
        "i\x02Scenes checked: 100",
        "i\x02Gaps found: 10",
        "i\x02  Empty metadata: 3",
        "i\x02  Stale sync: 2",
        "i\x02  Missing from Plex: 5",
        "i\x02Enqueued: 8",
        "i\x02Skipped (already queued): 2",
    ]


def test_handle_reconcile_no_stash(engine: MagicMock, lines: Lines) -> None:
    with patch("Stash2Plex.stash_interface", None):
        Stash2Plex.handle_reconcile("all")

    assert lines() == ["e\x02No Stash connection available for reconciliation"]
    engine.assert_not_called()


def test_handle_reconcile_no_config(engine: MagicMock, lines: Lines) -> None:
    with patch("Stash2Plex.config", None):
        Stash2Plex.handle_reconcile("all")

    assert lines() == ["e\x02No config available for reconciliation"]
    engine.assert_not_called()


def test_handle_reconcile_no_queue(engine: MagicMock, lines: Lines) -> None:
    with patch("Stash2Plex.queue_manager", None):
        Stash2Plex.handle_reconcile("all")

    told = lines()
    assert told[0] == "w\x02No queue available - running in detection-only mode"
    assert told[-1] == "i\x02Detection-only mode (no items enqueued)"
    assert "i\x02Gaps found: 10" in told
    assert engine.call_args.kwargs["queue"] is None


def test_handle_reconcile_engine_errors(engine: MagicMock, lines: Lines) -> None:
    engine.return_value.run.return_value.errors = ["some error"]

    Stash2Plex.handle_reconcile("all")

    assert "w\x02Error during reconciliation: some error" in lines()


def test_handle_task_dispatches_reconcile_all() -> None:
    with patch("Stash2Plex.handle_reconcile", return_value="done") as handle:
        answer = Stash2Plex.handle_task({"mode": "reconcile_all"})

    handle.assert_called_once_with("all")
    assert answer == "done"


def test_handle_task_dispatches_reconcile_recent() -> None:
    with patch("Stash2Plex.handle_reconcile", return_value="done") as handle:
        answer = Stash2Plex.handle_task({"mode": "reconcile_recent"})

    handle.assert_called_once_with("recent")
    assert answer == "done"


def test_reconcile_modes_in_management_modes(engine: MagicMock) -> None:
    assert {"reconcile_all", "reconcile_recent"} <= Stash2Plex.management_modes

    with patch("worker.foreground") as drain:
        for mode in ("reconcile_all", "reconcile_recent"):
            Stash2Plex.handle_task({"mode": mode})

    assert drain.mock_calls == []

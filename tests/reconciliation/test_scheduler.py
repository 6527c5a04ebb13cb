"""When a reconciliation is due, decided by one small file: ReconciliationScheduler."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

import reconciliation
from reconciliation.scheduler import (
    INTERVAL_SECONDS,
    SCOPE_MAP,
    ReconciliationScheduler,
    ReconciliationState,
)
from tests.reconciliation.due import FOUND
from tests.world import FrozenClock

HOUR, DAY, WEEK = 3600.0, 86_400.0, 604_800.0  # seconds
INTERVALS = {"hourly": HOUR, "daily": DAY, "weekly": WEEK}
A_RUN_AGO = 1_799_000_000.0  # Unix seconds, before the clock of the tests

Write = Callable[[bytes], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Put something into the place of the state's file."""

    def write(content: bytes) -> None:
        (tmp_path / "reconciliation_state.json").write_bytes(content)

    return write


def test_the_names_of_the_plan_are_public() -> None:
    assert reconciliation.ReconciliationScheduler is ReconciliationScheduler
    assert reconciliation.ReconciliationState is ReconciliationState
    assert ReconciliationScheduler.STATE_FILE == "reconciliation_state.json"


def test_the_intervals_in_seconds() -> None:
    assert dict(INTERVAL_SECONDS) == {"never": 0, "hourly": 3600, "daily": 86400, "weekly": 604800}


def test_auto_03_every_scope_of_the_setting_has_its_own_of_the_engine() -> None:
    assert dict(SCOPE_MAP) == {"all": "all", "24h": "recent", "7days": "recent_7days"}


class TestState:
    def test_without_a_file_nothing_is_known(self, scheduler: ReconciliationScheduler) -> None:
        assert scheduler.load_state() == ReconciliationState(
            last_run_time=0.0,
            last_run_scope="",
            last_gaps_found=0,
            last_gaps_by_type={},
            last_enqueued=0,
            last_scenes_checked=0,
            is_startup_run=False,
            run_count=0,
            last_interval_run_time=None,
            started_at=0.0,
        )

    def test_looking_makes_no_file(
        self, scheduler: ReconciliationScheduler, tmp_path: Path
    ) -> None:
        scheduler.load_state()
        scheduler.is_due("hourly")
        scheduler.is_startup_due()

        assert list(tmp_path.iterdir()) == []

    def test_what_is_saved_is_known_to_the_next_process(
        self, scheduler: ReconciliationScheduler, tmp_path: Path
    ) -> None:
        state = ReconciliationState(
            last_run_time=A_RUN_AGO,
            last_run_scope="7days",
            last_gaps_found=7,
            last_gaps_by_type={"empty_metadata": 1, "stale_sync": 2, "missing": 4},
            last_enqueued=5,
            last_scenes_checked=900,
            is_startup_run=True,
            run_count=3,
            last_interval_run_time=A_RUN_AGO - DAY,
            started_at=A_RUN_AGO - 1,
        )

        scheduler.save_state(state)

        assert ReconciliationScheduler(str(tmp_path)).load_state() == state

    def test_the_file_is_one_document_and_nothing_stays_beside_it(
        self, scheduler: ReconciliationScheduler, tmp_path: Path
    ) -> None:
        scheduler.save_state(ReconciliationState(run_count=3))

        assert [file.name for file in tmp_path.iterdir()] == ["reconciliation_state.json"]
        document = json.loads((tmp_path / "reconciliation_state.json").read_text())
        assert document["run_count"] == 3

    def test_a_folder_that_takes_nothing_is_told_and_harms_nothing(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").touch()
        scheduler = ReconciliationScheduler(tmp_path / "file")

        scheduler.save_state(ReconciliationState(run_count=3))

        assert "reconciliation_state.json cannot be written" in caplog.text
        assert scheduler.load_state() == ReconciliationState()

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"\xff\xfe\x00",
            b"null",
            b"[1, 2]",
            b'"text"',
            b"[" * 100_000,
            b'{"last_run_time": "yesterday"}',
            b'{"last_run_time": null}',
            b'{"last_run_time": NaN}',
            b'{"last_run_time": Infinity}',
            b'{"last_run_time": -1}',
            b'{"last_run_time": 1e300}',
            b'{"last_run_time": [1]}',
            b'{"started_at": "x"}',
            b'{"run_count": "many"}',
            b'{"run_count": 1' + b"0" * 400 + b"}",
            b'{"last_gaps_by_type": null}',
            b'{"last_gaps_by_type": 3}',
            b'{"last_gaps_by_type": {"missing": "some"}}',
            b'{"last_interval_run_time": "monday"}',
        ],
        ids=lambda content: content[:40].decode("latin-1"),
    )
    def test_a_file_without_sense_counts_as_none(
        self, scheduler: ReconciliationScheduler, write: Write, content: bytes
    ) -> None:
        write(content)

        assert scheduler.load_state() == ReconciliationState()
        assert scheduler.is_due("weekly")
        scheduler.record_run(FOUND, "all")
        assert scheduler.load_state().run_count == 1

    def test_a_folder_in_the_files_place_counts_as_none(
        self, scheduler: ReconciliationScheduler, tmp_path: Path
    ) -> None:
        (tmp_path / "reconciliation_state.json").mkdir()

        assert scheduler.load_state() == ReconciliationState()
        scheduler.record_run(FOUND, "all")

    def test_what_another_version_has_written_is_read_as_far_as_it_is_known(
        self, scheduler: ReconciliationScheduler, write: Write
    ) -> None:
        write(b'{"last_run_time": 1799000000.0, "run_count": 4, "colour": "blue"}')

        assert scheduler.load_state() == ReconciliationState(last_run_time=A_RUN_AGO, run_count=4)


class TestIsDue:
    @pytest.mark.parametrize("interval", INTERVALS)
    def test_auto_01_without_a_run_it_is(
        self, scheduler: ReconciliationScheduler, interval: str
    ) -> None:
        assert scheduler.is_due(interval)

    @pytest.mark.parametrize("interval", INTERVALS)
    def test_auto_01_it_is_once_the_interval_is_over_and_not_before(
        self, scheduler: ReconciliationScheduler, interval: str
    ) -> None:
        scheduler.save_state(ReconciliationState(last_run_time=A_RUN_AGO))
        over = A_RUN_AGO + INTERVALS[interval]

        assert not scheduler.is_due(interval, now=A_RUN_AGO)
        assert not scheduler.is_due(interval, now=over - 0.1)
        assert scheduler.is_due(interval, now=over)

    @pytest.mark.parametrize("interval", ["never", "yearly", "", "Daily"])
    def test_auto_01_never_and_what_is_no_interval_never_are(
        self, scheduler: ReconciliationScheduler, interval: str
    ) -> None:
        assert not scheduler.is_due(interval)
        scheduler.save_state(ReconciliationState(last_run_time=1.0))
        assert not scheduler.is_due(interval)

    def test_the_interval_counts_from_its_own_run_and_not_from_that_of_a_startup(
        self, scheduler: ReconciliationScheduler
    ) -> None:
        times = ReconciliationState(
            last_run_time=A_RUN_AGO, last_interval_run_time=A_RUN_AGO - 20 * HOUR
        )
        scheduler.save_state(times)

        assert not scheduler.is_due("daily", now=A_RUN_AGO + 4 * HOUR - 0.1)
        assert scheduler.is_due("daily", now=A_RUN_AGO + 4 * HOUR)

    def test_an_interval_that_began_at_zero_is_over(
        self, scheduler: ReconciliationScheduler
    ) -> None:
        """A start-up run was the first of all."""
        times = ReconciliationState(last_run_time=A_RUN_AGO, last_interval_run_time=0.0)
        scheduler.save_state(times)

        assert scheduler.is_due("weekly", now=A_RUN_AGO + 1)

    def test_a_clock_that_was_set_back_makes_it_due(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        scheduler.record_run(FOUND, "all")
        clock.time -= 400 * DAY

        assert scheduler.is_due("weekly")
        assert scheduler.is_startup_due()
        scheduler.record_run(FOUND, "all")
        assert not scheduler.is_due("weekly")
        assert not scheduler.is_startup_due()

    def test_a_clock_that_jumped_ahead_costs_one_run(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        scheduler.record_run(FOUND, "all")
        clock.time += 4000 * DAY

        assert scheduler.is_due("weekly")
        scheduler.record_run(FOUND, "all")
        assert not scheduler.is_due("weekly")

    def test_without_a_time_it_asks_the_clock(
        self, scheduler: ReconciliationScheduler, clock: FrozenClock
    ) -> None:
        scheduler.save_state(ReconciliationState(last_run_time=clock.now()))

        clock.move(DAY - 1)
        assert not scheduler.is_due("daily")
        clock.move(1)
        assert scheduler.is_due("daily")

    def test_without_a_clock_it_asks_the_systems(self, tmp_path: Path) -> None:
        scheduler = ReconciliationScheduler(tmp_path)

        scheduler.record_run(FOUND, "all")

        age = datetime.now().timestamp() - scheduler.load_state().last_run_time  # noqa: DTZ005
        assert 0 <= age < 60
        assert not scheduler.is_due("hourly")


class TestIsStartupDue:
    def test_auto_02_without_a_run_it_is(self, scheduler: ReconciliationScheduler) -> None:
        assert scheduler.is_startup_due()

    def test_auto_02_it_is_an_hour_after_the_last_run_and_not_before(
        self, scheduler: ReconciliationScheduler
    ) -> None:
        scheduler.save_state(ReconciliationState(last_run_time=A_RUN_AGO))

        assert not scheduler.is_startup_due(now=A_RUN_AGO + HOUR - 0.1)
        assert scheduler.is_startup_due(now=A_RUN_AGO + HOUR)

    def test_auto_02_the_last_run_of_any_kind_counts(
        self, scheduler: ReconciliationScheduler
    ) -> None:
        times = ReconciliationState(last_run_time=A_RUN_AGO, last_interval_run_time=1.0)
        scheduler.save_state(times)

        assert not scheduler.is_startup_due(now=A_RUN_AGO + HOUR - 0.1)

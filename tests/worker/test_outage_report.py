"""What is said of outages: in the report, and in the sections of the status."""

import time
from collections.abc import Callable, Iterator

import pytest

from sync_queue.manager import QueueManager
from tests.worker.away import ask, come_back, go_away
from tests.worker.stage import EventfulClock, Stage
from tests.world import FrozenClock, World
from worker.circuit_breaker import CircuitState
from worker.outage_history import OutageHistory
from worker.outage_report import outage_summary
from worker.status import report

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC
HOUR = 3600.0


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Times of day are told in the zone of whoever reads them."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def manager(world: World, clock: EventfulClock) -> Iterator[QueueManager]:
    manager = QueueManager(world.data_dir, clock=clock)
    yield manager
    manager.close()


@pytest.fixture
def history(world: World) -> OutageHistory:
    return OutageHistory(world.data_dir)


def outage(history: OutageHistory, ago: float, lasted: float | None, jobs: int = 0) -> None:
    """An outage that began so long ago; None lasts."""
    history.record_outage_start(NOW - ago)
    if lasted is not None:
        history.record_outage_end(NOW - ago + lasted, jobs)


def told(caplog: pytest.LogCaptureFixture, name: str) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.name == name]


class TestSummary:
    """Outage Summary Report."""

    def test_visb_04_without_an_outage_it_says_so(
        self, manager: QueueManager, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert outage_summary(manager) == "No outages recorded"
        assert told(caplog, "worker.outage_report") == [
            "=== Outage Summary Report ===", "No outages recorded",
        ]  # fmt: skip

    def test_visb_04_it_says_how_often_how_long_and_when_the_latest_first(
        self, manager: QueueManager, history: OutageHistory, caplog: pytest.LogCaptureFixture
    ) -> None:
        outage(history, ago=10 * HOUR, lasted=600, jobs=12)
        outage(history, ago=6 * HOUR + 600, lasted=65)

        summary = outage_summary(manager)

        assert summary == "2 outages, 11m 5s of downtime, 97.54% availability"
        assert told(caplog, "worker.outage_report") == [
            "=== Outage Summary Report ===",
            "Outages: 2",
            "Total downtime: 11m 5s",
            "Mean time to recovery (MTTR): 5m 32s",
            "Mean time between failures (MTBF): 3h 40m",
            "Availability: 97.54%",
            "Latest outages:",
            "  2027-01-15 01:50:00: 1m 5s",
            "  2027-01-14 22:00:00: 10m 0s, 12 jobs affected",
        ]

    def test_visb_04_an_outage_that_lasts_is_told_as_such(
        self, manager: QueueManager, history: OutageHistory, caplog: pytest.LogCaptureFixture
    ) -> None:
        outage(history, ago=HOUR, lasted=10)
        outage(history, ago=125, lasted=None)

        summary = outage_summary(manager)

        assert summary == "2 outages, 10s of downtime; one is ongoing for 2m 5s"
        assert "  2027-01-15 07:57:55: ONGOING for 2m 5s" in caplog.messages
        assert "MTBF" not in caplog.text

    def test_visb_04_the_last_ten_are_listed_and_all_are_counted(
        self, manager: QueueManager, history: OutageHistory, caplog: pytest.LogCaptureFixture
    ) -> None:
        for number in range(12):
            outage(history, ago=(20 - number) * HOUR, lasted=60 + number)

        assert outage_summary(manager).startswith("12 outages, ")
        listed = [line.split(": ")[1] for line in caplog.messages if line.startswith("  2027")]
        assert listed == [f"1m {number}s" for number in range(11, 1, -1)]

    def test_one_outage_is_one(self, manager: QueueManager, history: OutageHistory) -> None:
        outage(history, ago=100, lasted=30)

        assert outage_summary(manager).startswith("1 outage, 30s of downtime")


class TestStatus:
    """The sections of View Queue Status."""

    @pytest.fixture
    def lines(
        self, manager: QueueManager, caplog: pytest.LogCaptureFixture
    ) -> Callable[[], list[str]]:
        def lines() -> list[str]:
            caplog.clear()
            report(manager, None, None)
            return told(caplog, "worker.status")

        return lines

    def section(self, lines: list[str], title: str) -> list[str]:
        after = lines[lines.index(f"=== {title} ===") + 1 :]
        ends = [n for n, line in enumerate(after) if line.startswith("===")]
        return after[: ends[0]] if ends else after

    def test_visb_01_all_is_quiet_at_first(self, lines: Callable[[], list[str]]) -> None:
        said = lines()

        assert "Circuit breaker: CLOSED" in said
        assert self.section(said, "Recovery") == ["Recoveries: 0"]
        assert self.section(said, "Recent Outages") == ["No outages recorded"]

    def test_visb_01_while_plex_is_away_it_says_since_when_and_when_it_is_asked_again(
        self, lines: Callable[[], list[str]], stage: Stage
    ) -> None:
        stage.enqueue(stage.world.add("a"))
        go_away(stage)
        ask(stage, "f")
        stage.clock.move(14)

        said = lines()

        assert "Circuit breaker: OPEN (opened 21s ago)" in said
        assert self.section(said, "Recovery") == [
            "Last check: 14s ago", "Next check: in 39s at the latest", "Recoveries: 0",
        ]  # fmt: skip
        assert self.section(said, "Recent Outages") == ["2027-01-15 08:00:04: ONGOING for 21s"]

    def test_visb_01_when_plex_is_back_it_says_since_when(
        self, lines: Callable[[], list[str]], stage: Stage
    ) -> None:
        stage.enqueue(stage.world.add("a"))
        go_away(stage)
        come_back(stage)
        stage.clock.move(HOUR)

        said = lines()

        assert "Circuit breaker: CLOSED" in said
        assert self.section(said, "Recovery") == [
            "Last check: 1h 0m ago", "Last recovery: 1h 0m ago", "Recoveries: 1",
        ]  # fmt: skip
        assert self.section(said, "Recent Outages") == ["2027-01-15 08:00:04: 13s, 1 jobs affected"]

    def test_visb_03_the_last_three_outages_are_shown_the_latest_first(
        self, lines: Callable[[], list[str]], history: OutageHistory
    ) -> None:
        for number in range(5):
            outage(history, ago=(10 - number) * HOUR, lasted=number)

        shown = self.section(lines(), "Recent Outages")

        assert [line.rpartition(" ")[2] for line in shown] == ["4s", "3s", "2s"]

    def test_looking_changes_nothing(
        self, lines: Callable[[], list[str]], stage: Stage, clock: FrozenClock
    ) -> None:
        stage.enqueue(stage.world.add("a"))
        go_away(stage)
        clock.move(600)
        files = [f for f in stage.world.data_dir.iterdir() if f.suffix == ".json"]
        before = {file: file.read_bytes() for file in files}

        lines()

        assert {file: file.read_bytes() for file in files} == before
        assert stage.breaker is CircuitState.HALF_OPEN

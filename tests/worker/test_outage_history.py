"""One outage is one record, from the breaker's opening to its closing, whoever dies meanwhile."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.worker.damage import NO_TIME, UNREADABLE
from tests.world import FrozenClock
from worker.circuit_breaker import CircuitBreaker, CircuitState
from worker.outage_history import OutageHistory, OutageRecord

Make = Callable[[], CircuitBreaker]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outage_history.json"


@pytest.fixture
def history(path: Path) -> OutageHistory:
    return OutageHistory(path.parent)


@pytest.fixture
def make(tmp_path: Path, history: OutageHistory, clock: FrozenClock) -> Make:
    """A breaker as each drain makes its own; seven jobs wait whenever somebody counts them."""
    return lambda: CircuitBreaker(
        state_file=tmp_path / "circuit_breaker.json",
        outage_history=history,
        count_waiting=lambda: 7,
        clock=clock,
    )


def fail(breaker: CircuitBreaker, times: int = 5) -> None:
    for _ in range(times):
        breaker.record_failure()


def half_open(make: Make, clock: FrozenClock) -> CircuitBreaker:
    """A breaker whose time is over."""
    fail(make())
    clock.move(60)
    breaker = make()
    assert breaker.can_execute()
    return breaker


class TestRing:
    """The file: the last thirty, oldest first."""

    def test_visb_03_an_outage_is_kept_with_start_end_duration_and_jobs(
        self, history: OutageHistory, path: Path
    ) -> None:
        history.record_outage_start(1000.0)
        history.record_outage_end(1090.5, jobs_affected=3)

        assert OutageHistory(path.parent).get_history() == [OutageRecord(1000.0, 1090.5, 90.5, 3)]

    def test_visb_03_the_last_thirty_outages_are_kept_oldest_first(
        self, history: OutageHistory, path: Path
    ) -> None:
        for start in range(0, 3500, 100):
            history.record_outage_start(start)
            history.record_outage_end(start + 10)

        starts = [record.started_at for record in history.get_history()]
        assert starts == list(range(500, 3500, 100))
        assert len(json.loads(path.read_bytes())["outages"]) == OutageHistory.MAX_OUTAGES == 30

    def test_an_outage_that_lasts_is_the_current_one(self, history: OutageHistory) -> None:
        assert history.get_current_outage() is None
        history.record_outage_start(1000.0)
        assert history.get_current_outage() == OutageRecord(1000.0, None, None, 0)
        history.record_outage_end(1001.0)
        assert history.get_current_outage() is None

    def test_an_outage_within_an_outage_is_none(self, history: OutageHistory) -> None:
        history.record_outage_start(1000.0)
        history.record_outage_start(1060.0)

        assert history.get_history() == [OutageRecord(1000.0)]

    def test_an_end_without_an_outage_is_none(self, history: OutageHistory, path: Path) -> None:
        history.record_outage_end(1000.0, 5)
        assert not path.exists()

        history.record_outage_start(1000.0)
        history.record_outage_end(1010.0, 5)
        history.record_outage_end(1020.0, 6)
        assert history.get_history() == [OutageRecord(1000.0, 1010.0, 10.0, 5)]

    def test_an_outage_that_the_clock_ends_before_it_began_took_no_time(
        self, history: OutageHistory
    ) -> None:
        history.record_outage_start(1000.0)
        history.record_outage_end(400.0)

        assert history.get_history() == [OutageRecord(1000.0, 400.0, 0.0, 0)]

    def test_the_name_of_an_outage_is_the_second_in_which_it_began(self) -> None:
        assert OutageRecord(1_800_000_000.75).id == 1_800_000_000

    def test_a_disk_that_takes_nothing_is_told_and_not_fatal(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (tmp_path / "file").touch()

        OutageHistory(tmp_path / "file").record_outage_start(1000.0)

        assert "outage_history.json cannot be written: File exists" in caplog.messages


def with_record(**changes: Any) -> bytes:
    record = {"started_at": 1000.0, "ended_at": 1010.0, "duration": 10.0, "jobs_affected": 1}
    return json.dumps({"outages": [{**record, **changes}]}).encode()


def started_at(*names: str) -> dict[str, bytes]:
    return {f"started {name}": with_record().replace(b"1000.0", NO_TIME[name]) for name in names}


SENSELESS: dict[str, bytes] = {
    **UNREADABLE,
    "no outages": b"{}",
    "outages null": b'{"outages": null}',
    "an empty record": b'{"outages": [{}]}',
    "ended at text": with_record(ended_at="today"),
    "jobs null": with_record(jobs_affected=None),
    "jobs infinite": with_record(jobs_affected=float("inf")),
    "started at null": with_record(started_at=None),
    **started_at("text", "a list", "too big for a float"),
}

UNFORESEEN: dict[str, bytes] = {
    "ended at infinite": with_record(ended_at=float("inf")),
    "lasted not a number": with_record(duration=float("nan")),
    **started_at("not a number", "infinite", "after the end of the calendar"),
    **{f"a record is {what}": f'{{"outages": [{what}]}}'.encode() for what in ("1", "null", "[]")},
}


class TestDamage:
    """A file that makes no sense is an empty history."""

    @pytest.mark.parametrize("content", SENSELESS.values(), ids=SENSELESS)
    def test_a_file_that_makes_no_sense_is_an_empty_history(
        self, content: bytes, history: OutageHistory, path: Path
    ) -> None:
        path.write_bytes(content)

        assert history.get_history() == []

    @pytest.mark.parametrize("content", UNFORESEEN.values(), ids=UNFORESEEN)
    def test_a_file_with_records_that_make_no_sense_is_an_empty_history(
        self, content: bytes, history: OutageHistory, path: Path
    ) -> None:
        path.write_bytes(content)

        assert history.get_history() == []

    @pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
    def test_after_a_damage_the_next_outage_is_the_first(
        self, content: bytes, history: OutageHistory, path: Path
    ) -> None:
        path.write_bytes(content)

        history.record_outage_start(2000.0)
        history.record_outage_end(2001.0)

        assert [record.started_at for record in history.get_history()] == [2000.0]

    def test_looking_at_a_damaged_file_leaves_it_alone(
        self, history: OutageHistory, path: Path
    ) -> None:
        path.write_bytes(b"half")

        history.get_history()

        assert [file.name for file in path.parent.iterdir()] == [path.name]

    def test_a_file_with_the_plans_four_names_is_read(
        self, history: OutageHistory, path: Path
    ) -> None:
        path.write_bytes(with_record())
        assert history.get_history() == [OutageRecord(1000.0, 1010.0, 10.0, 1)]

        path.write_bytes(b'{"outages": [{"started_at": 1000}]}')
        assert history.get_history() == [OutageRecord(1000.0, None, None, 0)]


class TestBreaker:
    """The breaker tells the history; where a crash came between the two files, it is believed."""

    def test_an_outage_begins_when_the_breaker_opens(
        self, make: Make, history: OutageHistory, clock: FrozenClock
    ) -> None:
        fail(make(), 4)
        assert history.get_history() == []

        fail(make(), 1)

        assert history.get_history() == [OutageRecord(clock.now())]

    def test_forty_failed_probes_are_the_same_outage(
        self, make: Make, history: OutageHistory, clock: FrozenClock
    ) -> None:
        began = clock.now()
        fail(make())
        for _ in range(40):
            clock.move(300)
            breaker = make()
            assert breaker.can_execute()
            breaker.record_failure()

        assert history.get_history() == [OutageRecord(began)]

    def test_finding_the_breaker_open_is_no_new_outage(
        self, make: Make, history: OutageHistory, clock: FrozenClock
    ) -> None:
        fail(make())
        began = clock.now()
        clock.move(30)

        make()

        assert history.get_history() == [OutageRecord(began)]

    def test_a_success_ends_the_outage_and_counts_the_jobs_it_held_up(
        self, make: Make, history: OutageHistory, clock: FrozenClock
    ) -> None:
        began = clock.now()

        half_open(make, clock).record_success()

        assert history.get_history() == [OutageRecord(began, began + 60, 60.0, 7)]

    def test_two_outages_are_two_records(
        self, make: Make, history: OutageHistory, clock: FrozenClock
    ) -> None:
        for _ in range(2):
            half_open(make, clock).record_success()
            clock.move(1000)

        assert [record.duration for record in history.get_history()] == [60.0, 60.0]

    @pytest.mark.parametrize("waited", [10, 60])
    def test_an_open_breaker_without_a_record_gets_one_from_its_opening(
        self, waited: float, make: Make, history: OutageHistory, path: Path, clock: FrozenClock
    ) -> None:
        began = clock.now()
        fail(make())
        path.unlink()
        clock.move(waited)
        CircuitBreaker(state_file=path.parent / "circuit_breaker.json", clock=clock).can_execute()

        breaker = make()

        assert breaker.peek() is not CircuitState.CLOSED
        assert history.get_history() == [OutageRecord(began)]

    @pytest.mark.parametrize("what", ["closed", "gone", "damaged"])
    def test_a_record_that_no_open_breaker_supports_is_ended(
        self, what: str, make: Make, history: OutageHistory, path: Path, clock: FrozenClock
    ) -> None:
        fail(make())
        state_file = path.parent / "circuit_breaker.json"
        if what == "closed":
            CircuitBreaker(state_file=state_file, clock=clock).reset()
        elif what == "gone":
            state_file.unlink()
        else:
            state_file.write_bytes(b"half")
        clock.move(45)

        make()

        assert [(r.ended_at, r.duration) for r in history.get_history()] == [(clock.now(), 45.0)]

    def test_files_that_agree_are_not_written_again(
        self, make: Make, path: Path, clock: FrozenClock
    ) -> None:
        half_open(make, clock).record_success()
        fail(make())
        written = path.stat().st_mtime_ns

        make()

        assert path.stat().st_mtime_ns == written

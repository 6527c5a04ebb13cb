"""How long jobs take: by the default, by what was measured, and by both while that is little."""

import json
from functools import partial
from pathlib import Path

import pytest

from worker.stats import FILE, WINDOW, SyncStats

COLD = SyncStats()
ONE_SECOND = SyncStats(100, 100.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / FILE


@pytest.mark.parametrize(
    ("stats", "items", "seconds"),
    [
        (COLD, 10, 30),
        (COLD, 100, 300),
        (COLD, 300, 600),
        (ONE_SECOND, 10, 30),
        (ONE_SECOND, 21, 31.5),
        (ONE_SECOND, 0, 30),
        (ONE_SECOND, 399, 598.5),
        (ONE_SECOND, 401, 600),
        (SyncStats(1000, 0.0), 1_000_000, 30),
    ],
)
def test_items_are_allowed_half_as_much_again_within_bounds(
    stats: SyncStats, items: int, seconds: float
) -> None:
    assert stats.get_estimated_timeout(items) == seconds


def test_whoever_asks_may_set_the_allowance_and_the_bounds() -> None:
    bounds = partial(ONE_SECOND.get_estimated_timeout, min_timeout=5, max_timeout=50)

    assert bounds(20, buffer_factor=2.0) == 40
    assert bounds(1) == 5
    assert bounds(100) == 50


@pytest.mark.parametrize(
    ("jobs", "average", "measured"),
    [
        (0, 2.0, False),
        (1, 3.6, False),
        (2, 5.2, False),
        (4, 8.4, False),
        (5, 10, True),
        (6, 10, True),
    ],
)
def test_the_default_gives_way_to_the_measurement_within_five_jobs(
    jobs: int, average: float, measured: bool
) -> None:
    stats = SyncStats(jobs, jobs * 10.0)

    assert stats.avg_processing_time == pytest.approx(average)
    assert stats.is_measured is measured


def test_two_seconds_are_the_default() -> None:
    assert SyncStats.DEFAULT_TIME_PER_ITEM == 2.0


def test_what_is_added_counts() -> None:
    stats = SyncStats()
    stats.add(10, 5.0)
    stats.add(30, 5.0)

    assert stats == SyncStats(40, 10.0)
    assert stats.avg_processing_time == 0.25


def test_a_clock_that_was_set_back_makes_no_job_quicker_than_nothing() -> None:
    stats = SyncStats()
    stats.add(10, -5.0)

    assert stats.avg_processing_time == 0


def test_the_average_follows_a_server_that_has_become_faster() -> None:
    stats = SyncStats()
    stats.add(100_000, 100_000.0)
    assert stats.jobs_processed == WINDOW == 1000

    for _ in range(50):
        stats.add(100, 10.0)

    assert stats.jobs_processed == WINDOW
    assert 0.1 < stats.avg_processing_time < 0.11


def test_it_is_kept_in_a_file(path: Path) -> None:
    SyncStats(7, 3.5).save_to_file(path)

    assert (
        SyncStats.load_from_file(path) == SyncStats.load_from_file(str(path)) == SyncStats(7, 3.5)
    )
    assert json.loads(path.read_text()) == {"jobs_processed": 7, "total_processing_time": 3.5}


BAD = {
    "absent": None,
    "empty": b"",
    "half": b'{"jobs_processed": 7, "tot',
    "list": b"[]",
    "not utf-8": b"\xff\xfe",
    "negative jobs": b'{"jobs_processed": -7, "total_processing_time": 3.5}',
    "negative time": b'{"jobs_processed": 7, "total_processing_time": -3.5}',
    "text": b'{"jobs_processed": "many", "total_processing_time": 3.5}',
    "null": b'{"jobs_processed": null, "total_processing_time": 3.5}',
    "no number": b'{"jobs_processed": 7, "total_processing_time": NaN}',
    "infinite time": b'{"jobs_processed": 7, "total_processing_time": Infinity}',
    "infinite jobs": b'{"jobs_processed": Infinity, "total_processing_time": 1}',
    "more jobs than a float can tell": b'{"jobs_processed": 1%s}' % (b"0" * 400),
    "more time than a float can tell": b'{"total_processing_time": 1%s}' % (b"0" * 400),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_file_that_makes_no_sense_means_that_nothing_was_measured(
    path: Path, content: bytes | None
) -> None:
    if content is not None:
        path.write_bytes(content)

    stats = SyncStats.load_from_file(path)

    assert stats.avg_processing_time == 2.0
    stats.add(10, 1.0)
    stats.save_to_file(path)
    assert SyncStats.load_from_file(path) == SyncStats(10, 1.0)


def test_a_disk_that_takes_nothing_costs_the_measurement_and_no_more(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    SyncStats(7, 3.5).save_to_file(tmp_path / "file" / FILE)

    assert caplog.messages == ["stats.json cannot be written: File exists"]

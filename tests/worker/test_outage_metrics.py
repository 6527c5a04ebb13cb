"""What a history says on the whole, and how spans of time are told."""

from collections.abc import Sequence

import pytest

from domain.clock import SystemClock
from worker.outage_history import (
    OutageRecord,
    calculate_outage_metrics,
    format_duration,
    format_elapsed_since,
)

HOUR = 3600.0
DAY = 24 * HOUR


def outages(*spans: tuple[float, float | None]) -> list[OutageRecord]:
    """Records of outages from one time to another; None lasts."""
    return [
        OutageRecord(start, end, None if end is None else end - start, 2) for start, end in spans
    ]


ONE = ((1000, 1060),)
TWO = ((0, 100), (1000, 1300))
THREE = ((0, 600), (10_000, 10_060), (40_060, 40_300))

# outages -> mttr, mtbf, availability, total downtime, count
METRICS: dict[str, tuple[Sequence[tuple[float, float | None]], float, float, float, float, int]] = {
    "none": ((), 0, 0, 100, 0, 0),
    "one": (ONE, 60, 0, 100, 60, 1),
    "one that lasts": (((1000, None),), 0, 0, 100, 0, 1),
    # 900 s from the end of the first to the start of the second; from start to start were 1000.
    "two": (TWO, 200, 900, 100 * 900 / 1100, 400, 2),
    "three": (THREE, 300, (9400 + 30_000) / 2, 100 * 19_700 / 20_000, 900, 3),
    "one and one that lasts": (((0, 100), (1000, None)), 100, 0, 100, 100, 2),
    "two and one that lasts": ((*TWO, (9000, None)), 200, 900, 100 * 900 / 1100, 400, 3),
    "two that touch": (((0, 100), (100, 200)), 100, 0, 100, 200, 2),
    "one by a clock that was set back": (((5000, 1000),), 0, 0, 100, 0, 1),
    "two by a clock that was set back": (((5000, 5100), (1000, 1100)), 100, 0, 100, 200, 2),
}


@pytest.mark.parametrize(
    ("spans", "mttr", "mtbf", "availability", "downtime", "count"), METRICS.values(), ids=METRICS
)
def test_visb_04_the_figures_of_a_history(
    spans: Sequence[tuple[float, float | None]],
    mttr: float, mtbf: float, availability: float, downtime: float, count: int,
) -> None:  # fmt: skip
    metrics = calculate_outage_metrics(outages(*spans))

    assert metrics == {
        "mttr": pytest.approx(mttr),
        "mtbf": pytest.approx(mtbf),
        "availability": pytest.approx(availability),
        "total_downtime": pytest.approx(downtime),
        "outage_count": count,
    }


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-5, "0s"),
        (0, "0s"),
        (0.9, "0s"),
        (59.9, "59s"),
        (60, "1m 0s"),
        (65, "1m 5s"),
        (3599, "59m 59s"),
        (3600, "1h 0m"),
        (3661, "1h 1m"),
        (DAY - 1, "23h 59m"),
        (DAY, "1d 0h"),
        (86_401, "1d 0h"),
        (400 * DAY + 5 * HOUR, "400d 5h"),
    ],
)
def test_visb_03_a_span_is_told_in_its_two_largest_units(seconds: float, told: str) -> None:
    assert format_duration(seconds) == told


@pytest.mark.parametrize(
    ("elapsed", "told"),
    [(0, "0s ago"), (65, "1m 5s ago"), (3 * DAY, "3d 0h ago"), (-60, "0s ago")],
)
def test_a_moment_is_told_by_how_long_ago_it_was(elapsed: float, told: str) -> None:
    assert format_elapsed_since(1_800_000_000.0, 1_800_000_000.0 + elapsed) == told


def test_a_moment_is_told_by_the_systems_clock_if_no_other_is_given() -> None:
    an_hour_ago = SystemClock().now() - HOUR - 30

    assert format_elapsed_since(an_hour_ago) == "1h 0m ago"

"""make bench in a small size: that it measures every budget, and that its table is honest."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.drains import Drain, unchanged
from tests.bench.table import BEGIN, END, TIMES, Row, at_least, at_most, exactly, markdown, write
from tests.world import ROOT


def measured(*options: str) -> dict[str, str]:
    """The table of a run: what was measured, and with which result."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench", *options],
        cwd=ROOT, capture_output=True, timeout=115, check=True,
    )  # fmt: skip
    lines = [line for line in run.stdout.decode().splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {what: result for what, _, result, _ in cells}


TIMED = {
    "first drain of 20 scenes, with posters: GET to Plex",
    "first drain of 20 scenes, with posters: speed",
    "hook: starts a background process",
    "hook: background process alive",
    "hook: Plex down",
    "hook: Plex hanging",
    "hook: 256 kB on stdin, a cover",
    "hook: memory at its peak, 256 kB on stdin",
    "4 hooks at once",
    "4 hooks at once: processes draining at any moment",
    "save to Plex: no background process",
    "save to Plex: a lingering one",
    "drain of 20 changed scenes: speed",
    "drain of 20 changed scenes: CPU",
    "drain of 20 changed scenes: GET to Plex",
    "drain of 20 changed scenes: queries to Stash",
    "drain of 20 unchanged scenes: GET to Plex",
    "drain of 20 unchanged scenes: requests to Stash",
    "drain of 20 unchanged scenes: speed",
    "drain of 10 changed scenes, Plex takes 5 ms",
    "enqueue 2,000 scenes",
    "enqueue: one of 2,000 against one of 1,000",
    "claim and settle: one of 2,000 against one of 1,000",
    "count 2,000 rows by state",
    "claim and settle: after 2,000 jobs against after 1,000",
    "status: 2,000 jobs, as many retries, 10,000 dead letters",
    "file after 50,000 jobs are gone against before",
    "first reconcile of 1,000 scenes: speed",
    "reconcile 1,000 scenes after a rename that all show: speed",
    "reconcile 2,000 scenes in step: time",
    "reconcile 2,000 scenes in step: memory at its peak",
    "comparison of 2,000 scenes: 200 rows of it",
    "reconcile: CPU time of one of 4,000 against one of 100",
    "reconcile: CPU time of one of 4,000 against one of 1,000",
}
COUNTED = {
    "4 hooks at once: scenes in Plex afterwards": "4",
    "4 hooks at once: background processes started": "1",
    "first drain of 20 scenes, with posters: PUT": "1 per scene",
    "first drain of 20 scenes, with posters: POST": "1 per scene",
    "drain of 20 changed scenes: PUT": "1 per scene",
    "drain of 20 changed scenes: POST": "0 per scene",
    "drain of 20 changed scenes: image GET to Stash": "1 per scene",
    "drain of 20 unchanged scenes: writes": "0",
    "first reconcile of 1,000 scenes: requests": "19 (15 to Plex, 4 to Stash)",
    "reconcile 1,000 scenes after a rename that all show: requests": "7 (3 to Plex, 4 to Stash)",
    "reconcile 2,000 scenes in step: requests": "9 (4 to Plex, 5 to Stash)",
    "reconcile 2,000 scenes in step: writes": "0",
}


def test_a_quick_run_measures_every_budget_and_counts_right_what_is_not_a_matter_of_time() -> None:
    # One test, not one per row: it takes seconds, and two workers would run it twice.
    table = measured("--quick")

    assert table.keys() == TIMED | COUNTED.keys()
    assert {what: table[what] for what in COUNTED} == COUNTED
    assert [what for what in TIMED if not any(digit in table[what] for digit in "123456789")] == []


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        (at_most("a", 3.0, 3, TIMES), "ok"),
        (at_most("a", 3.004, 3, TIMES), "**MISSED**"),
        (at_least("a", 100.0, 100, ""), "ok"),
        (at_least("a", 99.6, 100, ""), "**MISSED**"),
        (exactly("a", 1.002, 1), "**MISSED**"),
        (Row("a", "none", "5 ms"), ""),
    ],
)
def test_a_budget_is_missed_by_what_was_measured_and_not_by_what_is_printed(
    row: Row, verdict: str
) -> None:
    assert markdown([row]).splitlines()[-1].endswith(f"| {verdict} |")


def test_a_single_write_to_an_unchanged_scene_is_a_miss() -> None:
    drain = Drain(rate=1000.0, cpu=1.0, requests={"plex POST": 1 / 1000, "plex GET": 0.01})

    writes, *_ = unchanged(1000, drain)

    assert writes.ok is False


def test_the_report_replaces_what_is_between_the_markers_and_keeps_the_prose(
    tmp_path: Path,
) -> None:
    file = tmp_path / "performance.md"
    file.write_text(f"# Before\n{BEGIN}\nold\n{END}\nAfter\n", "utf-8")

    write(file, "new\n")

    assert file.read_text("utf-8") == f"# Before\n{BEGIN}\nnew\n{END}\nAfter\n"


def test_a_report_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "performance.md"
    file.write_text("Only prose\n", "utf-8")

    with pytest.raises(ValueError, match="lacks the markers"):
        write(file, "new\n")
    assert file.read_text("utf-8") == "Only prose\n"


def test_the_measuring_process_reports_what_it_started_and_not_itself(tmp_path: Path) -> None:
    data = tmp_path / "stdin"
    data.write_bytes(b"x" * 300_000)
    hungry = "import sys; data = sys.stdin.buffer.read() * 200; print(len(data))"
    order = {"argv": [sys.executable, "-c", hungry], "env": {}, "stdin": [str(data)]}

    run = subprocess.run(
        [sys.executable, "-S", str(ROOT / "tests/bench/slim.py")],
        input=json.dumps(order).encode() + b"\n", stdout=subprocess.PIPE, check=True,
    )  # fmt: skip

    answer = json.loads(run.stdout)
    assert answer["outputs"] == ["60000000\n"]
    assert answer["peak"] > 58_000

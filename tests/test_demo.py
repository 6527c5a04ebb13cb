"""make demo, run as a person runs it and read as a person reads it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.world import ROOT


def run_demo(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "tests.demo", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment},
        capture_output=True,
        timeout=110,
    )


@pytest.fixture(scope="module")
def told() -> str:
    """What the demo writes when all goes well, on a terminal that knows no colours."""
    run = run_demo()
    assert (run.stderr, run.returncode) == (b"", 0), run.stdout.decode()
    return run.stdout.decode("utf-8")


def test_the_demo_shows_each_of_eight_scenes_before_and_after_with_one_put_and_one_post(
    told: str,
) -> None:
    rows = re.findall(r"^  (\S+) +(\S.*?)  .+ ms +[\d.]+ s +(\d+) +(\d+) +\d+$", told, re.M)

    assert [(name, title) for name, title, _, _ in rows] == [
        ("DSC_0412", "Harbour at Dawn"),
        ("MVI_2231", "The Long Way Home"),
        ("clip-007", "Été à Lyon"),
        ("GX010033", "Night Train North"),
        ("00014", "東京の夜"),
        ("video(3)", "Salt & Stone"),
        ("IMG_5120", "A Garden in March"),
        ("untitled", "Paper Boats"),
    ]
    assert {(puts, posts) for _, _, puts, posts in rows} == {("1", "1")}


def test_the_demo_saves_four_edits_while_plex_is_away_and_shows_them_when_it_is_back(
    told: str,
) -> None:
    _, _, outage = told.partition("Now Plex goes away")
    saved, _, arrived = outage.partition("Plex is back")

    assert re.findall(r"^  (\S.*?)  .+ ms  is away$", saved, re.M) == [
        "Harbour at Dawn", "Été à Lyon", "東京の夜", "A Garden in March",
    ]  # fmt: skip
    assert "4 edits wait in the queue" in saved
    assert sorted(re.findall(r"^  (\S.*?) +[\d.]+ s$", arrived, re.M)) == [
        "A Garden in March", "Harbour at Dusk", "Été à Lyon", "東京の夜",
    ]  # fmt: skip


def test_the_demo_ends_with_the_word_that_nothing_was_lost(told: str) -> None:
    assert told.splitlines()[-1].startswith("Nothing was lost: 12 saves, all of them in Plex.")


def test_the_demo_names_no_place_on_this_machine_and_sends_no_colours_into_a_file(
    told: str,
) -> None:
    assert str(ROOT) not in told
    assert str(Path.home()) not in told
    assert "\x1b" not in told


def test_the_demo_fits_a_terminal_of_100_columns(told: str) -> None:
    assert max(map(len, told.splitlines())) <= 100


def test_a_demo_whose_edits_do_not_arrive_in_time_says_which_and_fails() -> None:
    run = run_demo("--patience", "0")

    assert run.returncode == 1
    assert "NOT EVERYTHING IS IN PLEX: Harbour at Dusk" in run.stdout.decode("utf-8")
    assert b"Nothing was lost" not in run.stdout


def test_the_demo_runs_on_a_terminal_that_knows_ascii_only() -> None:
    run = run_demo("--patience", "0", PYTHONIOENCODING="ascii")

    assert run.stderr == b""
    assert b"clip-007" in run.stdout

"""The comparison's file: whose it is, what becomes of a damaged one, and of killed runs."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import TransientError
from reconciliation.comparison import FILE, Comparison, Summary
from tests.reconciliation.comparisons import folder, held, ids, matched, missing, run, summary
from tests.world import ROOT

__all__ = ["folder"]

ENDLESS = """
import sys
from pathlib import Path
from reconciliation.comparison import Comparison, Row

scene = 0
with Comparison.begin(Path(sys.argv[1]), "all", 90.0) as comparison:
    print("begun", flush=True)
    while True:
        page = range(scene + 1, scene + 101)
        comparison.add(
            Row("matched", n, "in_step", 100 + n, "B", f"/data/{n}.mp4") for n in page
        )
        scene += 100
        print("a page", flush=True)
"""


def killed_run(folder: Path, after: int) -> None:
    """A run of all scenes that is killed when it has added so many pages, or a few more."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, folder], cwd=ROOT, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        for _ in range(after):
            assert process.stdout.readline() == b"a page\n"
        process.send_signal(signal.SIGKILL)


def run_or_fail(folder: Path) -> None:
    try:
        run(folder, "all", matched(1))
    except TransientError:
        pass  # this time


def test_only_its_owner_may_read_it(folder: Path) -> None:
    run(folder, "all", matched(1))

    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


def test_only_its_owner_may_read_it_whatever_the_mask(folder: Path) -> None:
    os.umask(0)

    run(folder, "all", matched(1))

    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_one_that_is_damaged_is_begun_anew(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / FILE).write_bytes(content)

    run(folder, "all", matched(1))

    assert ids(folder)["matched"] == [1]


def test_one_that_is_damaged_in_its_middle_is_begun_anew_sooner_or_later(folder: Path) -> None:
    run(folder, "all", *(matched(scene) for scene in range(1, 5001)))
    size = (folder / FILE).stat().st_size
    with (folder / FILE).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))

    run_or_fail(folder)
    run_or_fail(folder)

    assert ids(folder)["matched"] == [1]


def test_another_programs_database_is_not_taken_for_ours(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.executescript("CREATE TABLE side (x); PRAGMA user_version=7;")

    run(folder, "all", matched(1))

    assert ids(folder)["matched"] == [1]


def test_one_that_was_begun_and_no_more_is_begun_anew(folder: Path) -> None:
    """A process may be killed before it has made the tables."""
    folder.mkdir()
    (folder / FILE).touch()

    assert summary(folder) is None


def test_one_that_another_process_has_only_just_made_is_not_thrown_away(folder: Path) -> None:
    """A reader that comes in this moment must not take the writer's file away."""
    folder.mkdir()
    with (folder / FILE).open("ab") as made:  # open, so that its number is not given away again
        assert summary(folder) is None

        assert (folder / FILE).stat().st_ino == os.fstat(made.fileno()).st_ino


def test_a_folder_in_its_place_is_told_in_our_words(folder: Path) -> None:
    (folder / FILE).mkdir(parents=True)

    with pytest.raises(TransientError, match="the comparison cannot be kept"):
        Comparison(folder)


@pytest.mark.parametrize("pages", [0, 1, 2, 10, 50])
def test_a_run_that_is_killed_leaves_whole_pages_and_what_it_has_not_met(
    folder: Path, pages: int
) -> None:
    run(folder, "all", matched(50), missing(10_000_000), strangers=(9,))

    killed_run(folder, pages)

    with closing(sqlite3.connect(folder / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        (count,) = connection.execute("SELECT count(*) FROM side WHERE title = 'B'").fetchone()
    assert count % 100 == 0
    assert count >= 100 * pages
    assert ids(folder)["stash_only"] == [10_000_000]
    assert ids(folder)["plex_only"] == [9]
    found = summary(folder)
    assert found is not None
    assert (found.scope, found.ended_at) == ("all", None)

    run(folder, "all", matched(50))

    assert held(folder) == {"stash_only": [], "matched": [matched(50)], "plex_only": []}
    assert summary(folder) == Summary("all", 57.0, {"in_step": 1})


@pytest.mark.proof  # SQLite waits for half a minute
def test_one_that_another_process_keeps_locked_is_not_thrown_away(folder: Path) -> None:
    run(folder, "all", matched(1))

    with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TransientError):
            Comparison(folder)
        other.execute("ROLLBACK")

    assert ids(folder)["matched"] == [1]

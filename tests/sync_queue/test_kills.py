"""kill -9 at every statement of every move: the job is settled or it is not, never half."""

import json
import subprocess
import sys
from pathlib import Path

from tests.sync_queue.moves import MOVES
from tests.world import ROOT


def deaths(folder: Path) -> dict[str, list[str]]:
    """For every move: what was found after each death, in the order of its statements."""
    command = [sys.executable, "-m", "tests.sync_queue.crasher", str(folder)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def test_a_worker_killed_at_any_statement_has_settled_nothing_until_all_is_settled(
    tmp_path: Path,
) -> None:
    found = deaths(tmp_path)

    assert found.keys() == MOVES.keys()
    assert min(map(len, found.values())) >= 6  # two to begin, two to change, commit, and after
    for move, (*during, after) in found.items():
        assert (move, set(during)) == (move, {"unsettled, fetched again: [1, 2]"})
        assert (move, after) == (move, "in flight: 1, at work: 2")

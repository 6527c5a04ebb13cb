"""kill -9 at every statement of every move: nothing is lost, doubled, or left half done."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.proof.crash_moves import (
    ARRIVING,
    BETWEEN,
    CLAIMING,
    MANAGING,
    MOVES,
    OPENING,
    SETTLING,
)
from tests.proof.crash_oracle import Found, Move, faults
from tests.proof.crash_wrong import WRONG
from tests.world import ROOT

FEWEST = 6  # points: to begin, to change something, to commit, and after


def deaths(folder: Path, names: Iterable[str]) -> dict[str, list[Found]]:
    """For every move: what was found after each death, in the order of its points."""
    command = [sys.executable, "-m", "tests.proof.crash_points", str(folder), *names]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return {
        name: [Found(**one) for one in found] for name, found in json.loads(done.stdout).items()
    }


@pytest.mark.parametrize(
    "moves",
    [
        pytest.param(ARRIVING, id="arriving"),
        pytest.param(CLAIMING, id="claiming"),
        pytest.param(SETTLING, id="settling"),
        pytest.param(MANAGING, id="managing"),
        pytest.param(OPENING, id="opening", marks=pytest.mark.proof),
    ],
)
def test_a_process_killed_at_any_statement_leaves_every_scene_where_it_was_or_will_be(
    moves: dict[str, Move], tmp_path: Path
) -> None:
    found = deaths(tmp_path, moves)

    for name, move in moves.items():
        print(f"{name}: killed at {len(found[name])} points")
        assert len(found[name]) >= FEWEST, name
        assert list(faults(move, found[name])) == [], name


def test_every_kind_of_wrong_move_is_caught(tmp_path: Path) -> None:
    found = deaths(tmp_path, WRONG)

    caught = {name for name, move in WRONG.items() if any(faults(move, found[name]))}
    assert caught == set(WRONG)


@pytest.mark.parametrize("name", BETWEEN)
def test_a_process_killed_between_two_transactions_leaves_the_scene_in_one_place(
    name: str, tmp_path: Path
) -> None:
    found = deaths(tmp_path, [name])

    assert list(faults(MOVES[name], found[name])) == []

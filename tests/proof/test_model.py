"""Queue, retries, dead letters and breaker against a model, whatever happens in whatever order."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.proof.machine import THOROUGH, run
from tests.proof.system import System

EVENTS = {"Synced", "Waiting", "Parked", "Buried", "died", "looked again", "revived", "undone"}

QUICK = settings(THOROUGH, max_examples=12, derandomize=True)


@pytest.mark.parametrize(
    "effort",
    [pytest.param(QUICK, id="quick"), pytest.param(THOROUGH, id="long", marks=pytest.mark.proof)],
)
def test_whatever_happens_every_scene_is_in_one_place_and_reaches_plex_in_the_end(
    effort: settings, tmp_path: Path
) -> None:
    tally = run(System, tmp_path, effort)

    print(f"{tally.examples} examples, {tally.steps} steps: {dict(tally.happened)}")
    assert {event for event in EVENTS if not tally.happened[event]} == set()

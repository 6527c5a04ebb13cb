"""Queue, retries, dead letters and breaker against a model, whatever happens in whatever order."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.proof.machine import run
from tests.proof.system import System
from tests.servers.plex import LoopbackPlex

EVENTS = {"Synced", "Waiting", "Parked", "Buried", "died", "looked again", "revived", "undone"}

LONG = settings(
    max_examples=3000,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
SHORT = settings(LONG, max_examples=15, derandomize=True)


@pytest.fixture(scope="module")
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex() as plex:
        yield plex


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody reads the log of so many drains, and kept it would fill the memory."""
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize(
    "effort", [SHORT, pytest.param(LONG, marks=pytest.mark.proof)], ids=["short", "long"]
)
def test_whatever_happens_every_scene_is_in_one_place_and_reaches_plex_in_the_end(
    effort: settings, plex: LoopbackPlex, tmp_path: Path
) -> None:
    tally = run(System, plex, tmp_path, effort)

    print(f"{tally.examples} examples, {tally.steps} steps: {dict(tally.happened)}")
    assert {event for event in EVENTS if not tally.happened[event]} == set()

"""Queues and breakers that are wrong in one step: the machine that passes ours must catch each."""

import logging
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.proof import wrong
from tests.proof.machine import run
from tests.proof.system import System
from tests.proof.test_model import LONG, plex  # noqa: F401 -- a fixture
from tests.servers.plex import LoopbackPlex

WRONG = {
    name: kind
    for name, kind in vars(wrong).items()
    if isinstance(kind, type) and issubclass(kind, System) and kind is not System
}
HARD = {
    "KeepsDeadLetters",
    "KeepsItsPlaceWhenPutBack",
    "PassesOverDeadLetters",
    "RevivesInTwoSteps",
}
"""These take many examples to be found out."""

EFFORT = settings(LONG, max_examples=200, derandomize=True, database=None, phases=(Phase.generate,))


@pytest.fixture(autouse=True)
def silence(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.proof if name in HARD else ()) for name in WRONG],
)
def test_a_queue_that_is_wrong_in_one_step_is_found_out(
    name: str,
    plex: LoopbackPlex,  # noqa: F811 -- the fixture
    tmp_path: Path,
) -> None:
    with pytest.raises(Exception) as found:  # noqa: PT011 -- whichever invariant it breaks
        run(WRONG[name], plex, tmp_path, EFFORT)

    assert not isinstance(found.value, TypeError | AttributeError | ImportError)


def test_there_are_more_than_twenty_wrong_ones_most_of_them_found_out_at_once() -> None:
    assert len(WRONG) > 20
    assert set(WRONG) >= HARD

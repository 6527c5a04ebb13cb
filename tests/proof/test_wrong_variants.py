"""Systems that are wrong in one step: the machine that passes ours must catch each of them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import Phase, settings

from tests.proof import wrong
from tests.proof.machine import THOROUGH, run
from tests.proof.system import System

# Nobody needs the shortest example of a mistake that was made on purpose.
HUNT = settings(
    THOROUGH,
    max_examples=300,
    phases=(Phase.generate,),
    database=None,
    report_multiple_bugs=False,
)

START: Mapping[type[System], int] = MappingProxyType(
    {
        wrong.AcknowledgesWhatCameLater: 0,
        wrong.ChargesTheWholeBatch: 3,
        wrong.ClearsWhatIsInFlight: 1,
        wrong.NeverBuriesTheDeadly: 8,
    }
)
"""Where chance begins if it finds the mistake sooner than from 0; it finds it from anywhere."""


@pytest.mark.parametrize("kind", wrong.KINDS)
def test_a_system_that_is_wrong_in_one_step_is_caught(kind: type[System], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run(kind, tmp_path, HUNT, start=START.get(kind, 0))


@pytest.mark.proof
@pytest.mark.parametrize("kind", wrong.KINDS)
def test_it_is_caught_wherever_chance_begins(kind: type[System], tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        run(kind, tmp_path, HUNT)

"""Every reason for giving a scene up is known by name, with its class and what to do about it."""

import inspect
import re
from typing import get_args

import pytest

from domain import errors
from domain.causes import CAUSES, WORKER_DIED, Cause, FailureClass, cause_of
from domain.errors import PermanentError, PlexServerDown, TransientError
from tests.world import ROOT

PAGE = ROOT / "docs" / "dead-letters.md"


def kinds_of(base: type[Exception]) -> set[str]:
    """The errors of a family that have no kinds of their own; only those are raised for a job."""
    family = [
        found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, base)
    ]
    parents = {parent for found in family for parent in found.__bases__}
    return {found.__name__ for found in family if found not in parents}


def sections() -> dict[str, str]:
    """The page's sections by their titles."""
    _, *parts = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in parts}


every_cause = pytest.mark.parametrize("name", CAUSES)


def test_whatever_can_bury_a_scene_has_a_row() -> None:
    of_jobs = kinds_of(PermanentError) | kinds_of(TransientError)

    assert of_jobs | {WORKER_DIED, "PlexServerDown"} == set(CAUSES)


@pytest.mark.parametrize(
    ("base", "failure"),
    [(PermanentError, "permanent"), (TransientError, "temporary"), (PlexServerDown, "server")],
)
def test_a_causes_class_is_that_of_its_error(base: type[Exception], failure: str) -> None:
    assert {CAUSES[name].failure for name in kinds_of(base)} == {failure}


def test_a_worker_that_died_is_our_own_fault() -> None:
    assert CAUSES[WORKER_DIED].failure == "crash"


def test_every_class_of_failure_occurs() -> None:
    assert {cause.failure for cause in CAUSES.values()} == set(get_args(FailureClass))


@pytest.mark.parametrize("cause", [*CAUSES.values(), cause_of("unheard of")])
def test_the_next_step_is_one_sentence_that_goes_on_after_a_colon(cause: Cause) -> None:
    step = cause.next_step

    assert step[0].islower()
    assert not re.search(r"[.!?](\s|$)|\n", step)
    assert len(step.split()) > 4


def test_a_cause_that_another_version_wrote_is_permanent_and_can_be_tried_again() -> None:
    cause = cause_of("FromTheFuture")

    assert cause.failure == "permanent"
    assert "Retry Dead Letters" in cause.next_step


@every_cause
def test_a_known_cause_is_found_by_its_name(name: str) -> None:
    assert cause_of(name) is CAUSES[name]


@every_cause
def test_the_page_on_dead_letters_says_what_to_do_about_it(name: str) -> None:
    assert len(sections()[name].split()) > 15


def test_the_page_on_dead_letters_has_no_section_for_what_cannot_happen() -> None:
    assert set(sections()) == set(CAUSES)

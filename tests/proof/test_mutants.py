"""Nobody can change the breaker without a test that notices, or a reason why none can."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.proof.mutants import Change, Fate, Laboratory, Mutant, complaints, mutants_of, reasons

BREAKER = "worker/circuit_breaker.py"
TESTS = (
    "tests/worker/test_circuit_breaker.py",
    "tests/worker/test_circuit_breaker_file.py",
    "tests/worker/test_circuit_breaker_log.py",
    "tests/worker/test_circuit_breaker_onlooker.py",
    "tests/worker/test_circuit_breaker_outages.py",
    "tests/worker/test_circuit_breaker_thresholds.py",
    "tests/worker/test_outage_history.py::TestBreaker",
)
WEAK = "tests/worker/test_circuit_breaker.py::test_the_states_are_spelled_as_the_plan_says"
EXCUSED = Path(__file__).with_name("survivors.toml")
MEMORY = Path("/dev/shm")  # where a system has it, fsync costs nothing there


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to be."""
    parent = MEMORY if os.access(MEMORY, os.W_OK) else tmp_path
    with TemporaryDirectory(dir=parent) as empty:
        yield Path(empty) / "project"


@pytest.mark.proof
def test_every_mutant_of_the_breaker_is_noticed_or_excused(folder: Path) -> None:
    laboratory = Laboratory(folder, BREAKER, TESTS)

    fates = laboratory.try_all(laboratory.mutants())

    counted = Counter(fate for _, fate in fates)
    print(len(fates), "mutants:", ", ".join(f"{counted[fate]} {fate.value}" for fate in Fate))
    survivors = [change for change, fate in fates if fate is Fate.SURVIVED]
    assert complaints(survivors, reasons(EXCUSED)) == []


@pytest.mark.proof
def test_what_no_test_looks_at_survives_and_is_complained_of(folder: Path) -> None:
    """With one weak test: the states are spelled right, and nothing else is known."""
    laboratory = Laboratory(folder, BREAKER, [WEAK])
    looked_at = [m for m in laboratory.mutants() if m.change.where == "CircuitState"]
    unnoticed = next(m for m in laboratory.mutants() if m.change.where == "CircuitBreaker.reset")

    fates = laboratory.try_all([*looked_at, unnoticed])

    assert {fate for _, fate in fates[:-1]} == {Fate.KILLED}
    assert fates[-1] == (unnoticed.change, Fate.SURVIVED)
    assert complaints([unnoticed.change], reasons(EXCUSED))


@pytest.mark.proof
@pytest.mark.parametrize(
    ("text", "fate"),
    [
        ("while True:\n    pass\n", Fate.TIMED_OUT),
        ("1 / 0\n", Fate.KILLED),
        ("no Python\n", Fate.KILLED),
    ],
)
def test_a_module_that_cannot_be_imported_is_noticed(text: str, fate: Fate, folder: Path) -> None:
    laboratory = Laboratory(folder, BREAKER, [WEAK], least_patience=1.0)
    mutant = Mutant(Change("", "", text), text)

    assert laboratory.try_all([mutant]) == [(mutant.change, fate)]


@pytest.mark.proof
def test_tests_that_fail_without_a_mutant_prove_nothing(folder: Path) -> None:
    laboratory = Laboratory(folder, BREAKER, ["tests/there_is_no_such_test.py"])

    with pytest.raises(AssertionError, match="without a mutant"):
        laboratory.try_all([])


CLASS = """
LONGEST = 300.0

class Breaker:
    @property
    def is_open(self) -> bool:
        return self.due > 0
"""


def test_mutants_are_made_outside_of_functions_and_in_properties_too() -> None:
    mutants = list(mutants_of(CLASS))

    assert [mutant.change for mutant in mutants] == [
        Change("", "LONGEST = 300.0", "LONGEST = None"),
        Change("", "LONGEST = 300.0", "LONGEST = 301.0"),
        Change("Breaker.is_open", "return self.due > 0", "return self.due >= 0"),
        Change("Breaker.is_open", "return self.due > 0", "return self.due > 1"),
    ]
    assert mutants[1].text == CLASS.replace("300", "301")


ONE, OTHER = Change("f", "a", "b"), Change("f", "a", "c")


@pytest.mark.parametrize(
    ("survivors", "excused", "expected"),
    [
        ([], [], []),
        ([ONE, OTHER], [OTHER, ONE], []),
        ([ONE], [], ["survived, and nobody says why: f: a -> b"]),
        ([], [ONE], ["excused, but it does not survive: f: a -> b"]),
        ([ONE, ONE], [ONE], ["survived, and nobody says why: f: a -> b"]),
        ([ONE], [ONE, ONE], ["excused, but it does not survive: f: a -> b"]),
        ([ONE], [OTHER], [
            "excused, but it does not survive: f: a -> c",
            "survived, and nobody says why: f: a -> b",
        ]),
    ],
)  # fmt: skip
def test_each_survivor_needs_a_reason_and_each_reason_a_survivor(
    survivors: list[Change], excused: list[Change], expected: list[str]
) -> None:
    assert complaints(survivors, excused) == expected


def test_a_survivor_without_words_is_not_excused(tmp_path: Path) -> None:
    file = tmp_path / "survivors.toml"
    file.write_text('[[survivor]]\nwhere = "f"\nbefore = "a"\nafter = ["b", "c"]\nreason = "so"\n')
    assert reasons(file) == [ONE, OTHER]

    file.write_text(file.read_text().replace('"so"', '" "'))
    with pytest.raises(AssertionError, match="says nothing"):
        reasons(file)

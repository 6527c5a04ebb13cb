"""A module with one thing changed at a time, by mutmut's operators, and the tests that must notice.

mutmut's own run passes over properties, defaults that are no literals, and whatever stands
outside of functions: the wording of the log, the defaults of a snapshot. Hence a walk of our own.
"""

import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import ndiff
from enum import Enum
from pathlib import Path

import libcst
from mutmut.mutation.mutators import mutation_operators

from domain.clock import SystemClock
from tests.world import ROOT

PATIENCE = 10  # times as long as the tests take on the module as it is


@dataclass(frozen=True, order=True, slots=True)
class Change:
    """What tells a mutant from the module, however the lines around it change.

    Attributes:
        where: the function or class, such as "Cache.get"; empty at the top of the module.
        before: the line as it is.
        after: the line as the mutant has it.
    """

    where: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.where or 'top of the module'}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Mutant:
    """The whole module after a change."""

    change: Change
    text: str


class _Walk(libcst.CSTVisitor):
    """Every change that an operator offers; annotations and decorators are let alone."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, libcst.CSTNode, libcst.CSTNode]] = []
        self._names: list[str] = []

    def on_visit(self, node: libcst.CSTNode) -> bool:
        if isinstance(node, (libcst.Annotation, libcst.Decorator)):
            return False
        if isinstance(node, (libcst.ClassDef, libcst.FunctionDef)):
            self._names.append(node.name.value)
        for kind, operator in mutation_operators:
            if isinstance(node, kind):
                where = ".".join(self._names)
                self.found.extend((where, node, changed) for changed in operator(node))
        return True

    def on_leave(self, original_node: libcst.CSTNode) -> None:
        if isinstance(original_node, (libcst.ClassDef, libcst.FunctionDef)):
            self._names.pop()


def mutants_of(text: str) -> Iterator[Mutant]:
    """Every mutant of a module."""
    module = libcst.parse_module(text)
    walk = _Walk()
    module.visit(walk)
    for where, node, changed in walk.found:
        mutant = module.deep_replace(node, changed)
        assert isinstance(mutant, libcst.Module)
        yield Mutant(_change(where, text, mutant.code), mutant.code)


def _change(where: str, before: str, after: str) -> Change:
    lines = list(ndiff(before.splitlines(), after.splitlines()))

    def with_mark(mark: str) -> str:
        return " ".join(line[2:].strip() for line in lines if line.startswith(mark))

    return Change(where, with_mark("- "), with_mark("+ "))


class Fate(Enum):
    """What the tests say to a mutant; one that hangs is as good as killed, but said so."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"


class Laboratory:
    """A copy of the project in which a module is replaced by its mutants."""

    def __init__(
        self, folder: Path, module: str, tests: Sequence[str], *, least_patience: float = 60.0
    ) -> None:
        """Copy the project.

        Args:
            folder: where; it must not exist.
            module: its path in the project.
            tests: what pytest is asked to run.
            least_patience: seconds that the tests may always take.
        """
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        self._folder = folder
        self._module = folder / module
        self._tests = tests
        self._least_patience = least_patience

    def mutants(self) -> list[Mutant]:
        """Every mutant of the module."""
        return list(mutants_of(self._module.read_text()))

    def try_all(self, mutants: Iterable[Mutant]) -> list[tuple[Change, Fate]]:
        """What becomes of each mutant; the module as it is must pass its tests."""
        clock = SystemClock()
        started = clock.monotonic()
        assert self._passes(), "the tests fail without a mutant"
        patience = max(self._least_patience, PATIENCE * (clock.monotonic() - started))
        return [(mutant.change, self._fate(mutant, patience)) for mutant in mutants]

    def _fate(self, mutant: Mutant, patience: float) -> Fate:
        self._module.write_text(mutant.text)
        try:
            # -B: Python would take a mutant of the same second and length for the one before.
            return Fate.SURVIVED if self._passes("-B", patience=patience) else Fate.KILLED
        except subprocess.TimeoutExpired:
            return Fate.TIMED_OUT

    def _passes(self, *options: str, patience: float | None = None) -> bool:
        command = [sys.executable, *options, "-m", "pytest", "-qx", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [*command, "--basetemp", str(self._folder / "tmp"), *self._tests],
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
        # 1: a test failed; 2 and 4: the module, or what imports it, cannot be imported.
        assert done.returncode in {0, 1, 2, 4}, done.stdout + done.stderr
        return done.returncode == 0


def reasons(file: Path) -> list[Change]:
    """The survivors of which a file says why no test can tell them from the module."""
    excused = []
    for survivor in tomllib.loads(file.read_text()).get("survivor", []):
        assert survivor["reason"].strip(), f"the reason says nothing: {survivor}"
        where, before = survivor["where"], survivor["before"]
        excused += [Change(where, before, after) for after in survivor["after"]]
    return excused


def complaints(survivors: Iterable[Change], excused: Iterable[Change]) -> list[str]:
    """Survivors without a reason, and reasons without a survivor; each twin needs its own."""
    found, known = Counter(survivors), Counter(excused)
    unexcused = [f"survived, and nobody says why: {one}" for one in (found - known).elements()]
    gone = [f"excused, but it does not survive: {one}" for one in (known - found).elements()]
    return sorted(unexcused + gone)

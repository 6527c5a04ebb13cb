"""What requirements.txt and constraints.txt say."""

import sys
import tomllib
from pathlib import Path

import pytest

from tests.packages.wheels import closure, pinned
from tests.world import ROOT
from worker.packages import OWN, private_folder
from worker.requirements import MODULES, read_requirements


def test_each_requirement_is_understood_and_its_module_known() -> None:
    requirements = read_requirements(ROOT / "requirements.txt")

    assert [(one.package, one.module) for one in requirements] == list(MODULES.items())


@pytest.mark.parametrize("line", ["requests", "requests>=2.32.2", "requests>=2,<3; x", "six>=1,<2"])
def test_a_line_that_is_not_understood_is_an_error(tmp_path: Path, line: str) -> None:
    (tmp_path / "requirements.txt").write_text(f"{line}\n")

    with pytest.raises(ValueError, match=r"requirements\.txt"):
        read_requirements(tmp_path / "requirements.txt")


def test_the_constraints_pin_all_that_is_needed_and_nothing_else() -> None:
    assert pinned() == sorted(closure(MODULES))


def test_each_pin_is_one_that_the_requirements_allow() -> None:
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    pins = dict(line.split("==") for line in lines)

    for requirement in read_requirements(ROOT / "requirements.txt"):
        release = tuple(map(int, pins[requirement.package].split(".")))
        assert requirement.least <= release < requirement.limit


def test_each_of_our_own_packages_is_known_from_those_that_are_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

    assert sorted(OWN) == sorted(project["tool"]["importlinter"]["root_packages"])


def test_other_requirements_lead_to_another_folder(tmp_path: Path) -> None:
    script = tmp_path / "Stash2Plex.py"
    folders = set()
    for requirements in ("requests>=2,<3\n", "requests>=2.1,<3\n", "requests>=2,<3\n"):
        (tmp_path / "requirements.txt").write_text(requirements)
        folders.add(private_folder(str(script), tmp_path / "data"))

    assert len(folders) == 2
    for folder in folders:
        assert folder.parent == tmp_path / "data" / "packages"
        assert folder.name.startswith(f"{sys.implementation.cache_tag}-")

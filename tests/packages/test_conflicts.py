"""What is there already is used if it will do; what is in the way of the right one is named."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.packages.conftest import make_python, pip_environment
from worker.requirements import MODULES

CLOSED = "http://127.0.0.1:9/simple/"  # who installs something here has failed


@dataclass(frozen=True)
class Place:
    """A plugin's folder, a Python with packages of its own, and the private set."""

    plugin: Path
    packages: Path
    data_dir: Path
    private: Path
    python: Path

    def look(self, *flags: str, python_path: str = "") -> dict[str, Any]:
        """What a task would find."""
        env = {**os.environ, **pip_environment(CLOSED), "PYTHONPATH": python_path}
        argv = [str(self.python), *flags, str(self.plugin / "probe.py"), str(self.data_dir)]
        done = subprocess.run(argv, env=env, cwd="/", capture_output=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found


@pytest.fixture
def place(plugin: Path, installed: Path, tmp_path: Path) -> Place:
    """All packages are in this Python, and in the private set too."""
    shutil.copy(Path(__file__).with_name("probe.py"), plugin.parent)
    packages, data_dir = tmp_path / "site", tmp_path / "data"
    private = data_dir / "packages" / installed.name
    for folder in (packages, private):
        shutil.copytree(installed, folder, copy_function=os.link)
    python = make_python(tmp_path / "python", has_pip=False, packages=packages)
    return Place(plugin.parent, packages, data_dir, private, python)


def namesake(folder: Path, *, has_description: bool) -> None:
    """Another project's module of the same name."""
    (folder / "stashapi").mkdir(exist_ok=True)
    for name in ("__init__.py", "classes.py"):
        (folder / "stashapi" / name).unlink(missing_ok=True)
        (folder / "stashapi" / name).write_text("")
    if has_description:
        info = folder / "stashapi-0.1.5.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: stashapi\nVersion: 0.1.5\n")


def set_version(folder: Path, package: str, version: str) -> None:
    """Let a package say that it has another version."""
    (info,) = folder.glob(f"{package.replace('-', '_')}-*.dist-info")
    text = (info / "METADATA").read_text("utf-8")
    lines = [f"Version: {version}" if line.startswith("Version:") else line
             for line in text.splitlines()]  # fmt: skip
    (info / "METADATA").unlink()
    (info / "METADATA").write_text("\n".join(lines), "utf-8")


def all_from(folder: Path) -> dict[str, str]:
    return dict.fromkeys(MODULES.values(), str(folder))


@pytest.mark.parametrize("flags", [(), ("-S",)], ids=["background", "as Stash starts us"])
def test_packages_of_this_python_that_will_do_are_used(
    place: Place, flags: tuple[str, ...]
) -> None:
    shutil.rmtree(place.private)

    found = place.look(*flags)

    assert found["error"] is None
    assert found["told"] == []
    assert found["homes"] == all_from(place.packages)


def test_packages_that_are_too_old_or_too_new_are_not_used(place: Place) -> None:
    versions = {
        "stashapp-tools": "0.2.58",
        "plexapi": "5.0rc1",
        "pydantic": "1.10.17",
        "persist-queue": "1.2",
        "requests": "2.32.1",
    }
    for package, version in versions.items():
        set_version(place.packages, package, version)

    found = place.look()

    assert found["wrong"] == [
        f"{name} {version} does not fit" for name, version in versions.items()
    ]
    assert found["error"] is None
    assert found["homes"] == all_from(place.private)


def test_versions_within_the_limits_are_used_however_they_are_spelled(place: Place) -> None:
    versions = {
        "stashapp-tools": "0.2.59.post1+local",
        "plexapi": "4.17",
        "pydantic": "2.100",
        "persist-queue": "1.1rc1",
        "requests": "2.32.2",
    }
    for package, version in versions.items():
        set_version(place.packages, package, version)

    found = place.look()

    assert found["wrong"] == []
    assert found["homes"] == all_from(place.packages)


def test_the_project_of_the_same_name_among_the_packages_is_named_and_not_used(
    place: Place,
) -> None:
    namesake(place.packages, has_description=True)

    found = place.look()

    assert found["wrong"] == ["the package stashapi is in the way of stashapp-tools"]
    assert found["homes"] == all_from(place.private)


def test_a_module_of_the_same_name_on_pythonpath_is_named_and_not_used(
    place: Place, tmp_path: Path
) -> None:
    namesake(tmp_path, has_description=False)

    found = place.look(python_path=str(tmp_path))

    assert found["wrong"] == [f"{tmp_path / 'stashapi'} hides stashapp-tools"]
    assert found["homes"] == all_from(place.private)


def test_a_module_of_the_same_name_in_the_plugin_s_folder_is_named_and_not_used(
    place: Place,
) -> None:
    namesake(place.plugin, has_description=False)

    found = place.look()

    assert found["wrong"] == [f"{place.plugin / 'stashapi'} hides stashapp-tools"]
    assert found["error"] is None
    assert found["homes"] == all_from(place.private)


def test_our_own_modules_go_before_the_private_set_and_that_before_all_else(place: Place) -> None:
    set_version(place.packages, "requests", "2.0")

    found = place.look(python_path="/somewhere")

    assert found["path"][:3] == [str(place.plugin), str(place.private), "/somewhere"]


def break_one(folder: Path, how: str) -> None:
    module = folder / "pydantic" / "version.py"
    module.unlink()
    module.write_text(how)


@pytest.mark.parametrize(
    "how", ["raise SystemError('the installed pydantic-core is incompatible')", "print 'Python 2'"]
)
def test_a_package_that_is_broken_is_not_used(place: Place, how: str) -> None:
    break_one(place.packages, how)

    found = place.look()

    assert found["wrong"] == []
    assert found["error"] is None
    assert found["homes"] == all_from(place.private)


def test_a_package_whose_description_is_damaged_is_not_used(place: Place) -> None:
    (info,) = place.packages.glob("plexapi-*.dist-info")
    (info / "METADATA").unlink()

    found = place.look()

    assert found["wrong"][0].startswith("no plexapi")
    assert found["homes"] == all_from(place.private)


def test_what_is_missing_is_told_as_the_reason_when_it_cannot_be_installed(place: Place) -> None:
    shutil.rmtree(place.private)
    namesake(place.packages, has_description=True)

    found = place.look()

    assert found["error"].startswith(
        "NotInstalled: Stash2Plex lacks a Python package (the package stashapi is in the way of "
        "stashapp-tools), and could not install it: this Python has no pip"
    )


def test_a_bug_of_our_own_is_no_reason_to_install_anything(place: Place) -> None:
    (place.plugin / "worker" / "services.py").write_text("{}['bug']\n")

    found = place.look()

    assert found["error"] == "KeyError: 'bug'"
    assert found["told"] == []


@pytest.mark.parametrize(
    ("file", "missing"),
    [
        ("plex/errors.py", "plex.errors"),
        ("stash/connection.py", "stash.connection"),
        ("plex", "plex"),
    ],
)
def test_a_file_of_our_own_that_is_missing_is_no_reason_to_install_anything(
    place: Place, file: str, missing: str
) -> None:
    shutil.rmtree(place.private)
    (place.plugin / file).rename(place.plugin / "gone")

    found = place.look()

    assert found["error"] == (
        f"NotInstalled: a file of the plugin is missing ({missing}): it is being updated, or "
        "install it again; edits are recorded meanwhile"
    )
    assert found["told"] == []


def test_a_set_in_use_is_marked_as_used_today(place: Place) -> None:
    set_version(place.packages, "requests", "2.0")
    os.utime(place.private, (1, 1))

    place.look()

    assert place.private.stat().st_mtime > 1_000_000_000

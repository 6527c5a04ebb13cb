"""The release, unpacked into a plugin folder, serves what Stash and a terminal start."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.invocation.terminal import environment
from tests.invocation.witness import answer_of, titles_shown
from tests.release.checkout import Release
from tests.world import World

REQUIRED = {"persistqueue", "plexapi", "pydantic", "requests", "stashapi"}
COMES_WITH_THEM = {"urllib3"}

IMPORT_ALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    importlib.import_module(name)
"""


@pytest.fixture
def script(release: Release, tmp_path: Path) -> Path:
    """The entrypoint in the folder that Stash would unpack the release into."""
    return release.unpack(tmp_path / "plugins" / "a source")


@pytest.fixture
def world(world: World, script: Path) -> World:
    """A world whose plugin is the release."""
    world.script = script
    return world


def imported(release: Release) -> Iterator[tuple[str, str]]:
    """Each import of each module, wherever it stands in it: the module, and what it imports."""
    for name, content in release.files.items():
        for node in ast.walk(ast.parse(content)) if name.endswith(".py") else ():
            if isinstance(node, ast.Import):
                yield from ((name, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{name} imports relatively"
                yield name, str(node.module)


def test_each_import_is_of_the_release_of_python_or_of_a_required_package(
    release: Release,
) -> None:
    installed = REQUIRED | COMES_WITH_THEM | sys.stdlib_module_names
    for name, wanted in imported(release):
        file = wanted.replace(".", "/")
        ours = {f"{file}.py", f"{file}/__init__.py"} & set(release.files)
        assert ours or wanted.partition(".")[0] in installed, f"{name} imports {wanted}"


def test_each_module_can_be_imported_from_the_release_alone(script: Path, tmp_path: Path) -> None:
    folder = script.parent
    files = [file.relative_to(folder).with_suffix("") for file in folder.rglob("*.py")]
    names = [".".join(file.parts).removesuffix(".__init__") for file in files]

    done = subprocess.run(
        # -I: neither the current folder nor PYTHONPATH.
        [sys.executable, "-I", "-c", IMPORT_ALL, str(folder), *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_a_hook_brings_an_edit_to_plex_by_the_background(world: World, script: Path) -> None:
    scene = world.add("a", title="A")

    result = world.hook(scene)

    assert result.error is None
    world.until(lambda: titles_shown(world, [scene]) == ["A"])
    assert str(script).encode() in b"".join(
        Path(f"/proc/{pid}/cmdline").read_bytes() for pid in world.processes()
    )


@pytest.mark.parametrize("mode", ["all", "recent"])
def test_a_task_brings_scenes_to_plex(world: World, mode: str) -> None:
    scenes = [world.add(name, title=name.upper()) for name in "abc"]

    summary = answer_of(world.task(mode))["output"]

    assert "3 succeeded, 0 failed" in summary
    assert titles_shown(world, scenes) == ["A", "B", "C"]


def test_the_reports_page_is_there(world: World) -> None:
    world.add("a", title="A")
    answer_of(world.task("reconcile_all"))

    answer_of(world.task("write_reconciliation_report"))

    page = world.data_dir / "reconciliation_report.html"
    assert page.read_bytes().startswith(b"<!doctype html>")


def test_the_terminal_finds_what_it_needs(world: World, script: Path) -> None:
    world.task("queue_status")

    done = subprocess.run(
        [sys.executable, script.with_name("process_queue.py"), "--data-dir", world.data_dir],
        env=environment(world),
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


def test_the_release_writes_nothing_into_its_folder_but_caches(
    world: World, script: Path, release: Release
) -> None:
    world.hook(world.add("a", title="A"))
    world.until_drained()
    answer_of(world.task("all"))

    found = {file for file in script.parent.rglob("*") if file.is_file()}
    kept = {file for file in found if "__pycache__" not in file.parts}
    assert {file.relative_to(script.parent).as_posix() for file in kept} == set(release.files)

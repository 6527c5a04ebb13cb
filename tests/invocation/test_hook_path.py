"""A hook imports little, asks nobody, and needs no package to record an edit."""

import sys
import threading
from pathlib import Path

import pytest

from tests.invocation.circumstances import PACKAGES, hold_off, time_passes, without_packages
from tests.invocation.witness import answer_of, backgrounds, error_of, job, rows, titles_shown
from tests.world import World

DEAR = (
    "asyncio", "concurrent", "contextlib", "dataclasses", "email", "http", "inspect", "logging",
    "pathlib", "random", "socket", "ssl", "subprocess", "tempfile", "traceback", "typing", "urllib",
)  # fmt: skip
OURS = ("domain", "plex", "reconciliation", "transport", "validation")
ALLOWED = ("stash", "stash.protocol", "sync_queue", "sync_queue.host", "sync_queue.inbox",
           "sync_queue.wake", "worker", "worker.hook")  # fmt: skip


def imported_by(stderr: bytes) -> set[str]:
    """The modules that ``-X importtime`` names."""
    lines = [line for line in stderr.decode().splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines} - {"imported package"}


@pytest.mark.parametrize("packages", ["installed", "missing"])
def test_a_hook_imports_the_standard_library_alone_and_little_of_it(
    world: World, tmp_path: Path, packages: str
) -> None:
    scene = world.add("a", title="A")
    env = without_packages(tmp_path / "none") if packages == "missing" else {}

    result = world.hook(scene, env=env, flags=("-S", "-X", "importtime"))

    assert answer_of(result) == {"output": "recorded; background started"}
    imported = imported_by(result.stderr)
    assert {"sqlite3", "stash.protocol", "sync_queue.inbox"} <= imported
    for name in (*PACKAGES, *DEAR, *OURS):
        assert not {m for m in imported if m == name or m.startswith(name + ".")}
    assert {m for m in imported if m.startswith(("stash", "sync_queue", "worker"))} == {*ALLOWED}
    assert {m.partition(".")[0] for m in imported} - sys.stdlib_module_names == {
        "stash", "sync_queue", "worker"
    }  # fmt: skip


def test_a_hook_asks_neither_server_anything(world: World) -> None:
    scene = world.add("a", title="A")
    hold_off(world)

    world.save(scene, title="B")
    world.hook(scene, "Scene.Destroy.Post")
    world.hook(scene, "scan")

    assert world.plex.requests == []
    assert world.stash.requests == []


@pytest.mark.parametrize("who", ["stash", "plex"])
def test_a_hook_does_not_wait_for_a_server_that_hangs(world: World, who: str) -> None:
    """The background it starts does; the hook is over while that is still asking."""
    scene = world.add("a", title="A")
    if who == "stash":
        world.stash.weather("hang")
    else:
        world.plex.weather("hang")

    results = [world.hook(scene), world.hook(scene), world.hook(scene)]

    assert answer_of(results[-1]) == {"output": "recorded; background running"}
    assert titles_shown(world, [scene]) == ["a"]


def test_an_edit_is_recorded_when_every_package_is_missing(world: World, tmp_path: Path) -> None:
    scene = world.add("a", title="A")

    result = world.hook(scene, env=without_packages(tmp_path / "none"))

    assert answer_of(result) == {"output": "recorded; background started"}
    assert result.logs == []
    world.until(lambda: not backgrounds(world))
    assert rows(world) == [job(scene)]


def test_a_background_without_packages_ends_with_one_clear_line(
    world: World, tmp_path: Path
) -> None:
    world.hook(world.add("a"), env=without_packages(tmp_path / "none"))

    world.until(lambda: world.background_log() and not backgrounds(world))
    begins, ends = world.background_log().splitlines()
    assert "Installing Python packages (once, into " in begins
    assert "Stash2Plex lacks a Python package" in ends
    assert "-m pip install " in ends


def test_while_packages_are_missing_hooks_record_and_start_nothing_for_a_minute(
    world: World, tmp_path: Path
) -> None:
    env = without_packages(tmp_path / "none")
    first, second = world.add("a"), world.add("b")
    world.hook(first, env=env)
    world.until(lambda: (world.data_dir / "background.json").exists() and not backgrounds(world))

    result = world.hook(second, env=env)

    assert answer_of(result) == {"output": "recorded; background held off"}
    assert rows(world) == [job(first), job(second)]


def test_once_packages_are_there_the_next_hook_brings_everything_to_plex(
    world: World, tmp_path: Path
) -> None:
    env = without_packages(tmp_path / "none")
    scenes = [world.add(name, title=name.upper()) for name in "abc"]
    for scene in scenes[:2]:
        world.hook(scene, env=env)
    world.until(lambda: (world.data_dir / "background.json").exists() and not backgrounds(world))
    time_passes(world)

    world.hook(scenes[2])

    world.until(lambda: titles_shown(world, scenes) == ["A", "B", "C"])


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_a_task_without_packages_says_how_to_get_them(
    world: World, tmp_path: Path, mode: str
) -> None:
    result = world.task(mode, env=without_packages(tmp_path / "none"))

    error = error_of(result)
    assert "Stash2Plex lacks a Python package" in error
    assert "requirements.txt" in error


def test_a_package_that_is_of_another_python_is_missing_too(world: World, tmp_path: Path) -> None:
    """An old stashapi raises SyntaxError (lessons, D2)."""
    env = without_packages(tmp_path / "none")
    for name in PACKAGES:
        (tmp_path / "none" / f"{name}.py").write_text("print 'Python 2'\n")

    result = world.task("process_queue", env=env)

    assert "Stash2Plex lacks a Python package" in error_of(result)


def test_two_hooks_of_one_scene_at_the_same_time_are_both_recorded(quiet: World) -> None:
    scene = quiet.add("a")
    threads = [threading.Thread(target=quiet.hook, args=(scene,)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert rows(quiet) == [job(scene), job(scene)]

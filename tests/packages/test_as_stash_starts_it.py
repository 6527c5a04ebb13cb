"""The plugin on a Python without packages: tasks and background install them, hooks need none."""

import os
import shutil
import threading
import time
from pathlib import Path

from tests.invocation import terminal
from tests.invocation.circumstances import record
from tests.invocation.witness import answer_of, backgrounds, error_of, job, rows, titles_shown
from tests.packages.conftest import pip_environment
from tests.packages.index import LoopbackIndex
from tests.packages.wheels import made_up
from tests.servers.stash import PluginResult
from tests.world import World
from worker.packages import REST, UNFIT
from worker.requirements import MODULES

PASSWORD = "mirror-SECRET-51ab"


def installing(result: PluginResult) -> list[str]:
    """The lines of Stash's log about packages."""
    return [text for _, text in result.logs if "Python packages" in text]


def private_set(world: World) -> Path:
    """The one folder with packages."""
    (folder,) = (world.data_dir / "packages").iterdir()
    return folder


def test_a_task_installs_what_is_missing_once_and_does_its_work(
    bare_world: World, index: LoopbackIndex
) -> None:
    world, env = bare_world, pip_environment(index.url())
    scene = world.add("a", title="A")
    record(world, scene)

    first = world.task("process_queue", env=env)
    files = len(index.given)
    second = world.task("queue_status", env=env)

    assert "output" in answer_of(first)
    assert "output" in answer_of(second)
    assert titles_shown(world, [scene]) == ["A"]
    (line,) = installing(first)
    assert line.startswith(f"Installing Python packages (once, into {private_set(world)}): ")
    for package in MODULES:
        assert f"no {package}" in line
    assert installing(second) == []
    assert len(index.given) == len(set(index.given)) == files


def test_while_a_task_installs_a_hook_records_at_once_and_the_background_waits_for_the_same_set(
    bare_world: World, index: LoopbackIndex
) -> None:
    world, env = bare_world, pip_environment(index.url())
    scene = world.add("a", title="A")
    index.goes_on.clear()
    task = threading.Thread(target=world.task, args=("queue_status",), kwargs={"env": env})
    task.start()
    world.until(lambda: index.given, within=60.0)

    result = world.hook(scene, env=env)

    assert answer_of(result) == {"output": "recorded; background started"}
    assert rows(world) == [job(scene)]
    waits = "Waiting for another process that installs Python packages"
    world.until(lambda: waits in world.background_log())
    index.goes_on.set()
    task.join()
    world.until(lambda: titles_shown(world, [scene]) == ["A"], within=60.0)
    assert len(index.given) == len(set(index.given))
    assert "Installing" not in world.background_log()
    world.kill_background()


def test_after_a_save_the_background_installs_and_the_edit_reaches_plex(
    bare_world: World, index: LoopbackIndex
) -> None:
    world = bare_world
    scene = world.add("a", title="A")

    result = world.hook(scene, env=pip_environment(index.url()))

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: titles_shown(world, [scene]) == ["A"], within=60.0)
    assert "Installing Python packages (once, into " in world.background_log()


def test_while_it_fails_saves_do_not_start_pip_again_but_a_task_does(
    bare_world: World, index: LoopbackIndex
) -> None:
    world, env = bare_world, pip_environment(index.url(f"somebody:{PASSWORD}@"))
    scenes = [world.add(name) for name in "abc"]
    index.status = 403
    world.hook(scenes[0], env=env)
    world.until(lambda: (world.data_dir / "background.json").exists() and not backgrounds(world))
    asked = len(index.asked)
    assert asked

    saves = [world.hook(scene, env=env) for scene in scenes[1:]]
    assert len(index.asked) == asked
    task = world.task("process_queue", env=env)

    assert len(index.asked) > asked
    assert [answer_of(save) for save in saves] == [{"output": "recorded; background held off"}] * 2
    assert rows(world) == [job(scene) for scene in scenes]
    refused = "the package index refuses to let pip in"
    assert refused in error_of(task)
    assert refused in world.background_log()
    assert error_of(task).endswith("edits are recorded meanwhile")
    for file in world.data_dir.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()
    for result in (*saves, task):
        assert PASSWORD.encode() not in result.stdout + result.stderr


def test_a_set_that_lost_a_file_is_installed_anew(
    bare_world: World, index: LoopbackIndex, installed: Path
) -> None:
    world = bare_world
    folder = world.data_dir / "packages" / installed.name
    shutil.copytree(installed, folder)
    next(folder.glob("pydantic_core/*.so")).unlink()

    result = world.task("queue_status", env=pip_environment(index.url()))

    assert "output" in answer_of(result)
    assert "no plexapi" in installing(result)[0]
    assert list(private_set(world).glob("pydantic_core/*.so"))


def test_a_set_that_cannot_be_imported_is_named_and_downloaded_again_a_day_later(
    bare_world: World, index: LoopbackIndex, wheels: Path, tmp_path: Path
) -> None:
    world, env = bare_world, pip_environment(index.url())
    index.wheels = tmp_path / "wheels"
    shutil.copytree(wheels, index.wheels, copy_function=os.link)
    (wheel,) = index.wheels.glob("persist_queue-*")
    wheel.unlink()
    broken = {"persistqueue/__init__.py": b"raise ImportError('failed to map segment')"}
    made_up("persist_queue", wheel.name.split("-")[1], index.wheels, files=broken)

    first = world.task("queue_status", env=env)
    files = len(index.given)
    second = world.task("queue_status", env=env)
    assert len(index.given) == files
    mark = private_set(world) / UNFIT
    os.utime(mark, (time.time() - REST - 60,) * 2)
    world.task("queue_status", env=env)

    assert len(index.given) == 2 * files
    for result in (first, second):
        assert "though it has installed all (failed to map segment): if the data folder is " in (
            error_of(result)
        )


def test_the_terminal_says_what_it_waits_for_and_how_to_do_it_by_hand(
    bare_world: World, index: LoopbackIndex, installed: Path
) -> None:
    world = bare_world
    world.data_dir.mkdir()
    script = world.script.with_name("process_queue.py")
    shutil.copy(terminal.SCRIPT, script)
    argv = [world.python, str(script), "--data-dir", str(world.data_dir), "--stats"]
    env = terminal.environment(world, **pip_environment(index.url()))
    index.status = 403

    refused = terminal.run(argv, env)
    shutil.copytree(installed, world.data_dir / "packages" / installed.name)
    ended = terminal.run(argv, env)

    assert (refused.code, refused.out) == (1, "")
    assert refused.log.startswith("Installing Python packages (once, into ")
    assert "the package index refuses to let pip in" in refused.last_line
    assert (ended.code, ended.log) == (0, "")

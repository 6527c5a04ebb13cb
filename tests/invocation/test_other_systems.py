"""Windows and macOS, as far as they can be imitated here (tests/imitation)."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.imitation.systems import WITHOUT_LOCKS
from tests.invocation.circumstances import hold_off, time_passes, without_packages
from tests.invocation.witness import answer_of, backgrounds, error_of, spooled, titles_shown
from tests.servers.stash.runner import as_stdin
from tests.world import ROOT, SCRIPT, World

_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

MODULES = sorted(
    ".".join(file.relative_to(ROOT).with_suffix("").parts)
    for folder in _PROJECT["tool"]["importlinter"]["root_packages"]
    for file in (ROOT / folder).glob("*.py")
)

IMPORT_ALL = """
import importlib, sys
from tests.imitation.systems import become
become("win32")
for name in sys.argv[1:]:
    importlib.import_module(name)
"""

HOLD = """
import sys
from tests.imitation.systems import become
become("win32")
from sync_queue import host
assert host.try_lock(sys.argv[1]) is not None
print("held", flush=True)
sys.stdin.read()
"""

START = """
import os, sys
from tests.imitation.systems import become
become("win32")
from sync_queue import host
read = "import sys; open(sys.argv[1], 'w').write(str(len(sys.stdin.read())))"
argv = [sys.executable, "-c", read, sys.argv[1]]
os.waitpid(host.start_detached(argv, stdin=bytes(20_000), stderr=os.devnull), 0)
"""

ADD = """
import sys
from tests.imitation.systems import become
become("win32")
from sync_queue import host
lock, counter = sys.argv[1:]
for _ in range(50):
    descriptor = host.wait_lock(lock, patience=60)
    with open(counter) as file:
        number = int(file.read())
    with open(counter, "w") as file:
        file.write(str(number + 1))
    host.unlock(descriptor)
"""


def interpreter(folder: Path, system: str) -> str:
    """A Python of that system; return its path."""
    file = folder / f"python-{system}"
    launcher = ROOT / "tests" / "imitation" / "__main__.py"
    # Without Stash's -S: site would look for packages beside this file.
    file.write_text(
        f'#!/bin/sh\n[ "$1" = -S ] && shift\nexec {sys.executable} {launcher} {system} "$0" "$@"\n'
    )
    file.chmod(0o755)
    return os.fspath(file)


@pytest.fixture(params=["win32", "darwin"])
def elsewhere(world: World, tmp_path: Path, request: pytest.FixtureRequest) -> World:
    """A world in which the plugin is started by a Python of another system."""
    world.python = interpreter(tmp_path, request.param)
    return world


@pytest.fixture
def windows(world: World, tmp_path: Path) -> World:
    world.python = interpreter(tmp_path, "win32")
    return world


@contextmanager
def somebody_holds_on_windows(lock: Path) -> Iterator[None]:
    """Let another process hold a lock meanwhile, as Windows locks."""
    lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    holder = subprocess.Popen(
        python(HOLD, str(lock)), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.kill()


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def test_every_module_can_be_imported_on_windows() -> None:
    modules = [*MODULES, "Stash2Plex", "process_queue"]

    done = subprocess.run(
        python(IMPORT_ALL, *modules), cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")


def test_no_module_but_one_asks_which_system_it_runs_on() -> None:
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in MODULES]

    assert [file for file in files if "host.WINDOWS" in file.read_text("utf-8")] == []


def test_a_process_is_told_more_than_a_pipe_of_windows_takes_at_once(tmp_path: Path) -> None:
    length = tmp_path / "length"

    subprocess.run(python(START, str(length)), cwd=ROOT, check=True, timeout=60)

    assert length.read_text() == "20000"


def test_a_save_reaches_plex(elsewhere: World) -> None:
    scene = elsewhere.add("a", title="Ünïcode ☃")

    result = elsewhere.hook(scene)

    assert answer_of(result) == {"output": "recorded; background started"}
    elsewhere.until(lambda: elsewhere.shown(scene)["title"] == "Ünïcode ☃")
    elsewhere.until_drained()
    assert len(backgrounds(elsewhere)) == 1
    assert answer_of(elsewhere.save(scene, title="B")) == {"output": "recorded; background running"}
    elsewhere.until(lambda: elsewhere.shown(scene)["title"] == "B")


def test_a_task_does_its_work(elsewhere: World) -> None:
    scene = elsewhere.add("a", title="A")

    result = elsewhere.task("all")

    assert "1 scenes enqueued" in str(answer_of(result)["output"])
    elsewhere.until(lambda: elsewhere.shown(scene)["title"] == "A")


def test_an_edit_that_the_database_cannot_take_is_spooled_and_reaches_plex(
    elsewhere: World,
) -> None:
    first, second = elsewhere.add("a", title="A"), elsewhere.add("b", title="B")
    hold_off(elsewhere)
    no_database = elsewhere.data_dir / "queue" / "data.db"
    no_database.mkdir(parents=True)

    result = elsewhere.hook(first)
    no_database.rmdir()
    time_passes(elsewhere)
    elsewhere.hook(second)

    assert answer_of(result) == {"output": "spooled; background held off"}
    elsewhere.until(lambda: titles_shown(elsewhere, [first, second]) == ["A", "B"])
    elsewhere.until(lambda: spooled(elsewhere) == [])


def test_of_the_backgrounds_that_a_burst_starts_on_windows_all_but_one_end_at_once(
    windows: World, tmp_path: Path
) -> None:
    """Before they import anything dear: a package that is missing is not even missed."""
    connection = windows.stash.connection(windows.folder)
    with somebody_holds_on_windows(windows.data_dir / "drain.lock"):
        done = subprocess.run(
            [windows.python, SCRIPT, "--background"],
            input=as_stdin({"server_connection": connection, "unrecorded": ""}),
            env={**os.environ, **without_packages(tmp_path / "none")},
            capture_output=True,
            timeout=60,
            check=False,
        )

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert not (windows.data_dir / "background.json").exists()


def test_four_processes_that_share_a_lock_of_windows_lose_no_update(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    adders = [
        subprocess.Popen(python(ADD, str(tmp_path / "some.lock"), str(counter)), cwd=ROOT)
        for _ in range(4)
    ]

    assert [adder.wait() for adder in adders] == [0] * 4
    assert counter.read_text() == "200"


def test_where_files_cannot_be_locked_an_edit_is_spooled_and_the_reason_told(
    windows: World,
) -> None:
    scene = windows.add("a")
    env = {WITHOUT_LOCKS: "1"}

    result = windows.hook(scene, env=env)
    task = windows.task("process_queue", env=env)

    assert answer_of(result) == {"output": "spooled; background not started (Invalid argument)"}
    assert len(spooled(windows)) == 1
    assert "Invalid argument" in error_of(task)

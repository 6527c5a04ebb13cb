"""Plan 12, Process Queue: its commands as they stand there, and what the code must be like.

The count of tasks is left out: there are more by now.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.world import ROOT

PRODUCT = ("domain", "plex", "reconciliation", "stash", "sync_queue", "transport", "validation",
           "worker")  # fmt: skip

FUNCTION = "def handle_process_queue"


class Shell:
    """bash in the repository, with a `python` that has what the plugin needs."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        # Not a link: a virtual environment is found by the name it is started under.
        (folder / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (folder / "python").chmod(0o755)
        self._path = f"{folder}:/usr/local/bin:/usr/bin:/bin"

    def __call__(self, command: str) -> str:
        """What a command prints; it must succeed, and complain of nothing."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=ROOT, env={"PATH": self._path},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), command
        return done.stdout.strip()


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "bin")


def test_task_1_the_function_is_there_and_the_plugin_can_be_imported(shell: Shell) -> None:
    assert shell('python -c "import Stash2Plex"') == ""
    (line,) = shell('grep -n "def handle_process_queue" Stash2Plex.py').splitlines()
    assert line.endswith("def handle_process_queue() -> str:")


def test_task_2_the_task_is_defined_and_its_mode_is_served(shell: Shell) -> None:
    shell("""python -c "import yaml; yaml.safe_load(open('Stash2Plex.yml'))" """)
    assert shell('grep -c "mode: process_queue" Stash2Plex.yml') == "1"
    assert int(shell('grep -c "handle_process_queue" Stash2Plex.py')) >= 2


def test_task_3_everything_is_imported_and_wired(shell: Shell) -> None:
    assert shell("""python -c "import Stash2Plex; print('OK')" """) == "OK"
    assert float(shell('python -c "import time; print(time.time())"')) > 0
    counts = shell(
        """
        grep -c "import time" Stash2Plex.py && \\
        grep -c "def handle_process_queue" Stash2Plex.py && \\
        grep -c "handle_process_queue()" Stash2Plex.py && \\
        grep -c "log_progress" Stash2Plex.py && \\
        grep -c "can_execute" Stash2Plex.py
        """
    )
    assert all(int(count) >= 1 for count in counts.split())
    assert len(counts.split()) == 5


def test_the_overall_verification(shell: Shell) -> None:
    assert shell("""python -c "import Stash2Plex; print('Import OK')" """) == "Import OK"
    assert "foreground" in shell('grep -A 5 "def handle_process_queue" Stash2Plex.py')
    assert int(shell('grep "log_progress" Stash2Plex.py | wc -l')) >= 3


def test_the_key_links_of_the_plan(shell: Shell) -> None:
    assert int(shell(r'grep -cE "log_progress\(" Stash2Plex.py')) >= 1
    assert int(shell('grep -c "process_queue\\"" Stash2Plex.py')) >= 1
    assert int(shell('grep -c "self._process_job" worker/processor.py')) >= 1


def test_the_task_is_defined_word_for_word() -> None:
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))

    assert {
        "name": "Process Queue",
        "description": "Process all pending queue items until empty (resumes stuck queues)",
        "defaultArgs": {"mode": "process_queue"},
    } in manifest["tasks"]


def test_the_handler_asks_the_breaker_before_it_starts_and_hands_over_the_progress() -> None:
    tree = ast.parse((ROOT / "Stash2Plex.py").read_text("utf-8"))
    (handler,) = (
        node for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == "handle_process_queue"
    )  # fmt: skip

    assert "can_execute" in set(_calls(handler))
    assert "log_progress" in {node.id for node in ast.walk(handler) if isinstance(node, ast.Name)}


# The drain loop exists once


def _calls(tree: ast.AST) -> Iterator[str]:
    """The names of the functions and methods that are called somewhere below."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Attribute(attr=name) | ast.Name(id=name):
                    yield name


def _functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every function of the product with the place where it stands."""
    files = [ROOT / "Stash2Plex.py", ROOT / "process_queue.py"]
    for package in PRODUCT:
        files += sorted((ROOT / package).rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield f"{file.relative_to(ROOT).as_posix()}:{node.name}", node


def callers(*names: str, in_a_loop: bool = False) -> list[str]:
    """Where one of the functions is called, perhaps only those calls that are repeated."""
    found = []
    for place, function in _functions():
        loops = [node for node in ast.walk(function) if isinstance(node, ast.While | ast.For)]
        within = loops if in_a_loop else [function]
        if any(name in names for node in within for name in _calls(node)):
            found.append(place)
    return found


def test_the_drain_loop_exists_once() -> None:
    """Whoever takes one batch after the other drains."""
    assert callers("next_batch", in_a_loop=True) == ["worker/processor.py:drain"]
    assert callers("next_batch") == ["worker/processor.py:drain"]


def test_jobs_are_fetched_in_one_place() -> None:
    assert callers("get_pending", "get_suspect") == ["worker/batch.py:next_batch"]


def test_jobs_are_processed_and_settled_in_one_place() -> None:
    assert callers("_process_job") == ["worker/processor.py:_process_in_turn"]
    assert callers("settle") == ["worker/processor.py:_process"]


def test_every_way_to_drain_leads_to_the_one_loop() -> None:
    """The background, and everything that somebody watches: tasks and terminal."""
    drains = [place for place in callers("drain") if not place.startswith("worker/processor.py")]

    assert drains == [
        "worker/background.py:_round",
        "worker/background.py:_drain_between",
        "worker/foreground.py:_drain",
    ]

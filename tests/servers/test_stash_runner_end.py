"""When a run of a plugin is over: pipes, children, signals, time."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers.stash import run_plugin

Script = Callable[[str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(text: str) -> Path:
        file = tmp_path / "plugins" / "Example" / "example.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    return write


def test_it_is_over_when_a_child_that_holds_stdout_ends(script: Script) -> None:
    result = run_plugin(
        script("""
            import subprocess, sys
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.6)"])
            print('{"output": 1}', flush=True)
        """),
        {},
    )

    # The child's output would be part of the answer, too.
    assert (result.output, result.exit) == (1, 0)
    assert result.seconds >= 0.6


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[Path]:
    """Where a script notes the process id of a child that must not outlive its test."""
    note = tmp_path / "child"
    yield note
    if note.exists():
        try:
            os.kill(int(note.read_text()), signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_a_child_that_holds_only_stderr_delays_nothing(script: Script, endless: Path) -> None:
    result = run_plugin(
        script(f"""
            import pathlib, subprocess, sys
            child = subprocess.Popen(
                [sys.executable, "-c", "import time; time.sleep(30)"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
            )
            pathlib.Path({str(endless)!r}).write_text(str(child.pid))
            sys.stderr.write("\\x01i\\x02said\\n")
            sys.stderr.flush()
            import os; os.write(1, b'{{"output": 1}}'); os._exit(0)
        """),
        {},
    )

    assert (result.output, result.logs) == (1, [("info", "said")])
    assert result.seconds < 10


def test_what_a_child_writes_to_stderr_afterwards_breaks_its_pipe(
    script: Script, tmp_path: Path
) -> None:
    note = tmp_path / "note"
    child = f"""
import pathlib, sys, time
time.sleep(0.5)
try:
    sys.stderr.write("late\\n"); sys.stderr.flush(); said = "written"
except BrokenPipeError:
    said = "broken"
pathlib.Path({str(note)!r}).write_text(said)
"""
    file = script(f"""
        import subprocess, sys
        subprocess.Popen(
            [sys.executable, "-c", {child!r}],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True,
        )
        import os; os._exit(0)
    """)

    assert run_plugin(file, {}).logs == []

    deadline = time.monotonic() + 20
    while not (note.exists() and note.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert note.read_text() == "broken"


def test_a_child_that_holds_stdout_for_ever_runs_into_the_timeout(
    script: Script, endless: Path
) -> None:
    file = script(f"""
        import pathlib, subprocess, sys
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
        pathlib.Path({str(endless)!r}).write_text(str(child.pid))
        import os; os._exit(0)
    """)

    with pytest.raises(TimeoutError):
        run_plugin(file, {}, timeout=1)


def test_a_plugin_that_closed_stdout_is_still_waited_for(script: Script) -> None:
    result = run_plugin(
        script("""
            import os, sys, time
            os.write(1, b'{"output": 1}'); os.close(1)
            time.sleep(0.4)
            sys.stderr.write("late"); sys.stderr.flush()
            os._exit(5)
        """),
        {},
    )

    assert (result.output, result.error, result.exit) == (1, "exit status 5", 5)
    assert result.logs == [("error", "late")]
    assert result.seconds >= 0.4


def test_stash_stops_a_plugin_with_sigkill(script: Script) -> None:
    result = run_plugin(script("import time; time.sleep(30)"), {}, kill_after=0.3)

    assert (result.exit, result.error) == (-signal.SIGKILL, "signal: killed")
    assert result.seconds < 5


def test_the_process_can_be_reached_while_it_runs(script: Script) -> None:
    seen: list[int] = []

    def stop(pid: int) -> None:
        seen.append(pid)
        os.kill(pid, signal.SIGTERM)

    result = run_plugin(script("import time; time.sleep(30)"), {}, on_start=stop)

    assert (result.error, len(seen)) == ("signal: terminated", 1)


def test_a_plugin_that_does_not_end_is_killed(script: Script) -> None:
    pids: list[int] = []
    started = time.monotonic()

    with pytest.raises(TimeoutError, match="still running"):
        run_plugin(script("import time; time.sleep(30)"), {}, timeout=0.5, on_start=pids.append)

    assert time.monotonic() - started < 5
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_the_time_is_that_of_the_process(script: Script) -> None:
    floor = min(
        _seconds(lambda: subprocess.run([sys.executable, "-S", "-c", "pass"], check=True))
        for _ in range(5)
    )
    took = min(run_plugin(script("pass"), {}).seconds for _ in range(5))

    assert took < floor * 2 + 0.01


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started

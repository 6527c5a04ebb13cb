"""Runs a plugin as Stash does (pkg/plugin/raw.go, pkg/logger/plugin.go)."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .stderr import LogReader

_SIGNALS = {2: "interrupt", 6: "aborted", 9: "killed", 11: "segmentation fault", 15: "terminated"}
_READ_SIZE = 65536
_DRAINS = 4  # a pipe holds 64 KiB


@dataclass(frozen=True, slots=True)
class PluginResult:
    """What Stash knows of a run.

    Attributes:
        exit: the exit code; negative for a signal.
        output: the value Stash returns; the whole stdout as text where that is no answer.
        error: what Stash would log as the plugin's error; None for success.
        logs: level and text of each line of stderr that was read.
        progress: the values the job would show, 0 to 1.
        seconds: from the start of the process until Stash goes on.
    """

    stdout: bytes
    stderr: bytes
    exit: int
    output: Any
    error: str | None
    logs: list[tuple[str, str]]
    progress: list[float]
    seconds: float


def run_plugin(
    argv0_file: str | Path,
    document: Mapping[str, Any] | bytes,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    python: str = sys.executable,
    flags: Sequence[str] = ("-S",),
    timeout: float = 60.0,
    err_log: str = "error",
    kill_after: float | None = None,
    on_start: Callable[[int], object] | None = None,
) -> PluginResult:
    """Start *argv0_file*, write *document* to its stdin, read its stdout to the end.

    Args:
        env: Stash's own environment; by default ours.
        cwd: by default "/", as in Stash's container.
        timeout: seconds until the process is killed and TimeoutError raised; Stash has none.
        err_log: the ``errLog`` of the plugin's YAML: the level of lines without one.
        kill_after: seconds until Stash stops the plugin with SIGKILL.
        on_start: called with the process id.

    Raises:
        TimeoutError: stdout did not end, or the process did not, within *timeout*.
    """
    file = Path(argv0_file).absolute()
    started = time.perf_counter()
    process = subprocess.Popen(
        [python, *flags, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd or "/",
        env=_environment(os.environ if env is None else env, file),
    )
    if on_start is not None:
        on_start(process.pid)
    run = _Run(process, as_stdin(document), LogReader(err_log), started)
    try:
        run.until_over(timeout=timeout, kill_after=kill_after)
    finally:
        run.close()
    seconds = time.perf_counter() - started
    output, error = read_answer(bytes(run.stdout))
    if error is None and process.returncode != 0:
        error = _exit_text(process.returncode)
    logs = run.logs
    return PluginResult(
        bytes(run.stdout), bytes(logs.raw), process.returncode, output, error, logs.lines,
        logs.progress, seconds,
    )  # fmt: skip


class _Run:
    """The three pipes of a process, served by one thread so that nothing can be left behind."""

    def __init__(
        self, process: subprocess.Popen[bytes], stdin: bytes, logs: LogReader, started: float
    ):
        self.stdout = bytearray()
        self.logs = logs
        self._process = process
        self._unsent = memoryview(stdin)
        self._started = started
        self._selector = selectors.DefaultSelector()
        for pipe, event, handle in (
            (process.stdin, selectors.EVENT_WRITE, self._write),
            (process.stdout, selectors.EVENT_READ, self._read_stdout),
            (process.stderr, selectors.EVENT_READ, self._read_stderr),
        ):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)
            self._selector.register(pipe, event, handle)

    def until_over(self, *, timeout: float, kill_after: float | None) -> None:
        """Serve the pipes until stdout ended and the process did; then only stderr is drained."""
        assert self._process.stdout is not None
        while not self._process.stdout.closed or self._process.poll() is None:
            passed = time.perf_counter() - self._started
            if kill_after is not None and passed >= kill_after:
                self._process.kill()
                kill_after = None
            if passed >= timeout:
                raise TimeoutError(f"the plugin was still running after {timeout} s")
            waits = [timeout - passed, 0.5 if kill_after is None else kill_after - passed]
            # Once stdout is closed the exit follows at once, and no pipe announces it.
            self._serve(0.0005 if self._process.stdout.closed else max(min(waits), 0))
        # What is still in the pipe is read; a child that goes on writing is not waited for.
        for _ in range(_DRAINS):
            if not self._serve(0):
                break

    def close(self) -> None:
        """Leave no pipe and no process."""
        if self._process.poll() is None:
            self._process.kill()
        for key in list(self._selector.get_map().values()):
            self._drop(key.fileobj)
        self._selector.close()
        self._process.wait()
        self.logs.end()

    def _serve(self, wait: float) -> bool:
        if not self._selector.get_map():
            time.sleep(wait)
            return False
        ready = self._selector.select(wait)
        for key, _ in ready:
            key.data(key.fileobj)
        return bool(ready)

    def _drop(self, pipe: Any) -> None:
        self._selector.unregister(pipe)
        pipe.close()

    def _write(self, pipe: IO[bytes]) -> None:
        try:
            written = os.write(pipe.fileno(), self._unsent[:_READ_SIZE])
        except BrokenPipeError:
            written = len(self._unsent)  # Stash only warns: a plugin may ignore its input
        self._unsent = self._unsent[written:]
        if not self._unsent:
            self._drop(pipe)

    def _read_stdout(self, pipe: IO[bytes]) -> None:
        chunk = os.read(pipe.fileno(), _READ_SIZE)
        self.stdout += chunk
        if not chunk:
            self._drop(pipe)

    def _read_stderr(self, pipe: IO[bytes]) -> None:
        chunk = os.read(pipe.fileno(), _READ_SIZE)
        self.logs.feed(chunk)
        if not chunk or self.logs.gave_up:
            self._drop(pipe)


def as_stdin(document: Mapping[str, Any] | bytes) -> bytes:
    """Return the document as Go's encoder writes it, without a newline at its end."""
    if isinstance(document, bytes):
        return document
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("utf-8", "replace")


def read_answer(stdout: bytes) -> tuple[Any, str | None]:
    """Return output and error as rawPluginTask.getOutput finds them.

    Only one JSON object counts; its keys are matched in any case. Everything else is output as
    text, and an error in it is lost.
    """
    text = stdout.decode("utf-8", "replace")
    try:
        answer = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text, None
    if answer is None:
        return None, None
    if not isinstance(answer, dict):
        return text, None
    output, error, is_typed = None, None, True
    for key, value in answer.items():
        if key.lower() == "output":
            output = value
        elif key.lower() == "error" and (value is None or isinstance(value, str)):
            error = value
        elif key.lower() == "error":
            is_typed = False
    return (output if is_typed else text), error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _environment(env: Mapping[str, str], file: Path) -> dict[str, str]:
    plugins = str(file.absolute().parent.parent)
    present = env.get("PYTHONPATH")
    return {**env, "PYTHONPATH": f"{present}{os.pathsep}{plugins}" if present else plugins}


def _exit_text(code: int) -> str:
    if code > 0:
        return f"exit status {code}"
    return f"signal: {_SIGNALS.get(-code, str(-code))}"

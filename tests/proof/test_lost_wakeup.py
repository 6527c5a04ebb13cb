"""An edit that comes between somebody's last look at the queue and the release of its lock.

The hook finds that somebody drains and starts nobody, and no other event follows.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from random import Random

import pytest

from sync_queue.wake import STATE
from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.terminal import end_of, watched
from tests.invocation.witness import answer_of, backgrounds
from tests.proof.oracle import drains
from tests.servers.stash import Request
from tests.world import MARK, ROOT, World
from worker.stats import FILE as STATS
from worker.visible import last_word

RUNNING = "background running"


@contextmanager
def short_life(world: World) -> Iterator[int]:
    """A background process with nothing to do, for which minutes pass at once; its pid."""
    env = {**os.environ, MARK: str(world.folder)}
    command = [sys.executable, "-m", "tests.proof.short_life", str(world.data_dir)]
    connection = world.stash.task_input("")["server_connection"]
    world.data_dir.mkdir(mode=0o700, exist_ok=True)
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdin=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(connection).encode())
        process.stdin.close()
        try:
            yield process.pid
        finally:
            process.kill()


@contextmanager
def slow_to_close(world: World) -> Iterator[ExitStack]:
    """Keep the queue locked from when the background has waited for a minute.

    It looks on without that lock, but cannot close the queue before the block ends, or what it
    yields is closed. When the block begins it has written its last word, which comes before.
    """
    with ExitStack() as lock:
        asked = 0

        def hold(request: Request) -> None:
            nonlocal asked
            asked += request.operation == "version"
            if asked == 2:  # once for the settings, and once to keep the session
                world.stash.before_answer = None
                lock.enter_context(somebody_holds(world.data_dir / "queue.lock"))

        world.stash.before_answer = hold
        world.until(lambda: last_word(world.data_dir).ended_at)
        yield lock


def is_stopped(pid: int) -> bool:
    """Whether it stands still, or has ended before it could be stopped."""
    try:
        return b") T " in Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return True


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process that may have ended."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def stop(world: World, pid: int) -> None:
    send(pid, signal.SIGSTOP)
    world.until(lambda: is_stopped(pid))


def until_shown(world: World, scene: int, title: str) -> None:
    world.until(lambda: world.shown(scene)["title"] == title)


def test_an_edit_recorded_while_the_background_is_slow_to_close_reaches_plex(
    world: World,
) -> None:
    scene = world.add("a", title="Old")

    with short_life(world) as pid, slow_to_close(world) as lock:
        stop(world, pid)
        lock.close()
        answer = answer_of(world.save(scene, title="New"))
        assert drains(world, pid)
        os.kill(pid, signal.SIGCONT)

        assert answer == {"output": f"recorded; {RUNNING}"}
        until_shown(world, scene, "New")
    assert backgrounds(world) == []


def test_an_edit_spooled_while_the_background_is_slow_to_close_reaches_plex(
    world: World,
) -> None:
    scene = world.add("a", title="Old")

    with short_life(world) as pid, slow_to_close(world) as lock:
        answer = answer_of(world.save(scene, title="New"))
        assert drains(world, pid)
        lock.close()

        assert answer == {"output": f"spooled; {RUNNING}"}
        until_shown(world, scene, "New")
    assert backgrounds(world) == []


@pytest.mark.proof
@pytest.mark.timeout(600)
def test_an_edit_at_any_moment_around_the_end_of_the_background_reaches_plex(
    world: World, capfd: pytest.CaptureFixture[str]
) -> None:
    scene, random = world.add("a", title="Old"), Random(1)
    answers = []
    for number in range(100):
        (world.data_dir / STATE).unlink(missing_ok=True)
        with short_life(world), slow_to_close(world) as lock, ThreadPoolExecutor(1) as user:
            saved = user.submit(world.save, scene, title=f"Edit {number}")
            time.sleep(random.uniform(0, 0.1))
            lock.close()
            answers.append(answer_of(saved.result())["output"])
            until_shown(world, scene, f"Edit {number}")
        world.kill_background()

    with capfd.disabled():
        print("\n", {answer: answers.count(answer) for answer in sorted(set(answers))})
    assert len(set(answers)) > 1


@contextmanager
def task(world: World) -> Iterator[int]:
    """Stash's task Process Queue; its pid."""
    pids: list[int] = []
    with ThreadPoolExecutor(1) as stash:
        result = stash.submit(world.task, "process_queue", on_start=pids.append)
        world.until(lambda: pids)
        yield pids[0]
    assert "error" not in answer_of(result.result())


@contextmanager
def terminal(world: World) -> Iterator[int]:
    """process_queue.py; its pid."""
    with watched(world) as process:
        yield process.pid
        assert end_of(process).code == 0


def stop_at_its_end(world: World, pid: int) -> bool:
    """Stop a process when it has drained; whether it still has its lock.

    What it has measured is written between its last look at the queue and the release.
    """
    stats = world.data_dir / STATS
    deadline = time.monotonic() + 30
    while not stats.exists():  # no pause: the moment is short
        assert time.monotonic() < deadline
    stop(world, pid)
    return drains(world, pid)


@pytest.mark.parametrize("drainer", [task, terminal])
def test_an_edit_made_between_the_last_look_of_a_drain_that_is_watched_and_its_end_reaches_plex(
    world: World, drainer: Callable[[World], AbstractContextManager[int]]
) -> None:
    scene = world.add("a", title="Old")
    answer, tries = "", 0
    while not answer and tries < 20:
        tries += 1
        (world.data_dir / STATS).unlink(missing_ok=True)
        record(world, scene)
        with drainer(world) as pid:
            if stop_at_its_end(world, pid):
                answer = answer_of(world.save(scene, title="New"))["output"]
            send(pid, signal.SIGCONT)

    assert answer.endswith(RUNNING)
    until_shown(world, scene, "New")

"""process_queue.py while it drains: watched, interrupted, and beside others."""

import os
import pty
import re
import signal
import subprocess
from collections.abc import Callable

import pytest

from tests.invocation.circumstances import record
from tests.invocation.queues import held_at_a_write
from tests.invocation.terminal import (
    command,
    end_of,
    environment,
    read_until,
    started,
    terminal,
    watched,
)
from tests.invocation.witness import answer_of, backgrounds, lock_holders, rows, titles_shown
from tests.servers.stash import PluginResult
from tests.world import World

DONE, UNFINISHED = 0, 5
FOLLOWING = "Another process drains; showing its progress"


def queued(world: World, count: int) -> list[int]:
    """Scenes that hooks have recorded."""
    scenes = [world.add(f"n{n}", title=f"T{n}") for n in range(count)]
    record(world, *scenes)
    return scenes


def titles(count: int) -> list[str]:
    return [f"T{n}" for n in range(count)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_when_it_is_interrupted_it_finishes_the_scene_at_work_and_leaves_the_rest(
    world: World, number: signal.Signals
) -> None:
    scenes = queued(world, 7)

    with held_at_a_write(world, 3) as hold, watched(world, "--json") as process:
        world.until(hold.came.is_set)
        process.send_signal(number)
        hold.may_go.set()
        ended = end_of(process)

    assert ended.code == UNFINISHED
    assert (ended.document["succeeded"], ended.document["left"]) == (3, 4)
    assert world.plex.count("PUT") == 3
    assert titles_shown(world, scenes).count("T2") == 1
    assert len(rows(world)) == 4
    assert set(rows(world, column="status")) <= {0, 1}  # nothing is in flight
    assert [rows(world, table, "id") for table in ("at_work", "retry", "dead_letter")] == [[]] * 3


def test_the_next_one_goes_on_where_an_interrupted_one_has_stopped(world: World) -> None:
    scenes = queued(world, 5)
    with held_at_a_write(world, 2) as hold, watched(world) as process:
        world.until(hold.came.is_set)
        process.send_signal(signal.SIGINT)
        hold.may_go.set()
        end_of(process)

    ended = terminal(world, "--json")

    assert (ended.code, ended.document["succeeded"]) == (DONE, 3)
    assert titles_shown(world, scenes) == titles(5)
    assert world.plex.count("PUT") == 5


def test_a_killed_one_loses_nothing(world: World) -> None:
    scenes = queued(world, 5)
    with held_at_a_write(world, 2) as hold, watched(world) as process:
        world.until(hold.came.is_set)
        process.kill()
        end_of(process)

    assert terminal(world).code == DONE

    assert titles_shown(world, scenes) == titles(5)
    assert rows(world, "dead_letter", "id") == []


def test_on_a_terminal_it_shows_a_bar_that_fills_and_then_the_summary(world: World) -> None:
    queued(world, 12)

    screen = on_a_terminal(world)

    bars = re.findall(r"\r\[([#.]{40})\] +(\d+)%", screen)
    filled = [bar.count("#") for bar, _ in bars]
    assert [int(percent) for _, percent in bars] == [0, 42, 83, 100]
    assert filled == [0, 17, 33, 40]
    assert screen.splitlines()[-1].startswith("Batch processing complete: 12 succeeded, 0 failed")
    assert "INFO" not in screen  # the bar says how far it is


def test_on_a_terminal_a_full_bar_stands_there_once(world: World) -> None:
    """The last item is one of those after which the bar is moved anyway."""
    queued(world, 10)

    assert on_a_terminal(world).count("\n") == 2  # the bar, and the summary


def test_on_a_terminal_a_summary_does_not_stand_behind_a_bar_that_is_not_full(
    world: World,
) -> None:
    queued(world, 12)

    with held_at_a_write(world, 7) as hold:

        def interrupt(process: "subprocess.Popen[str]") -> None:
            world.until(hold.came.is_set)
            process.send_signal(signal.SIGINT)
            hold.may_go.set()

        screen = on_a_terminal(world, interrupt)

    assert screen.splitlines()[-1].startswith("Batch processing complete: 7 succeeded")


def on_a_terminal(
    world: World, meanwhile: Callable[["subprocess.Popen[str]"], object] = lambda _: None
) -> str:
    """Start it with a terminal for stdout and stderr; what stands there in the end."""
    ours, its = pty.openpty()
    argv, env = command(world), environment(world)
    with started(argv, env, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        meanwhile(process)
        screen = b""
        try:
            while data := os.read(ours, 65536):
                screen += data
        except OSError:
            pass  # so Linux says that nobody writes any more
        process.wait(60)
    os.close(ours)
    return screen.decode().replace("\r\n", "\n")


def test_what_a_hook_records_meanwhile_is_brought_to_plex_by_it(world: World) -> None:
    scenes = queued(world, 4)
    late = world.add("late", title="Late")

    with held_at_a_write(world, 2) as hold, watched(world, "--json") as process:
        world.until(hold.came.is_set)
        result = world.hook(late)
        hold.may_go.set()
        ended = end_of(process)

    assert answer_of(result) == {"output": "recorded; background running"}
    assert (ended.code, ended.document["succeeded"]) == (DONE, 5)
    assert titles_shown(world, [*scenes, late]) == [*titles(4), "Late"]
    assert backgrounds(world) == []


def test_of_two_at_once_one_drains_and_the_other_shows_its_progress(world: World) -> None:
    scenes = queued(world, 6)

    with held_at_a_write(world, 2) as hold, watched(world, "--json") as first:
        world.until(hold.came.is_set)
        with watched(world, "--json") as second:
            read = read_until(second, FOLLOWING)
            assert lock_holders(world.data_dir / "drain.lock") == {str(first.pid)}
            hold.may_go.set()
            follower, drainer = end_of(second, read), end_of(first)

    assert (drainer.code, drainer.document["succeeded"]) == (DONE, 6)
    assert (follower.code, follower.document["left"]) == (DONE, 0)
    assert "Nothing is due" in follower.document["summary"]
    assert "succeeded" not in follower.document  # the other one's
    assert "Starting batch" not in follower.log
    assert titles_shown(world, scenes) == titles(6)
    assert world.plex.count("PUT") == 6


def test_when_the_one_that_drains_dies_the_other_takes_over(world: World) -> None:
    scenes = queued(world, 6)

    with held_at_a_write(world, 3) as hold, watched(world) as first:
        world.until(hold.came.is_set)
        with watched(world, "--json") as second:
            read = read_until(second, FOLLOWING)
            first.kill()
            first.wait()
            hold.may_go.set()
            ended = end_of(second, read)

    assert ended.code == DONE
    assert "Starting batch processing" in ended.log
    assert titles_shown(world, scenes) == titles(6)
    assert rows(world, "dead_letter", "id") == []


def test_one_that_only_watches_can_be_interrupted(world: World) -> None:
    queued(world, 3)

    with held_at_a_write(world) as hold, watched(world) as first:
        world.until(hold.came.is_set)
        with watched(world, "--json") as second:
            read = read_until(second, FOLLOWING)
            second.send_signal(signal.SIGINT)
            ended = end_of(second, read)
        hold.may_go.set()
        assert end_of(first).code == DONE

    assert (ended.code, ended.document["left"]) == (UNFINISHED, 3)


def test_a_task_in_stash_and_a_terminal_do_not_disturb_each_other(world: World) -> None:
    scenes = queued(world, 6)
    results: list[PluginResult] = []

    with held_at_a_write(world, 2) as hold, watched(world, "--json") as process:
        world.until(hold.came.is_set)
        world.stash.before_answer = lambda _: hold.may_go.set()  # the task asks for the settings
        results.append(world.task("process_queue"))
        ended = end_of(process)

    assert (ended.code, ended.document["failed"]) == (DONE, 0)
    assert "error" not in answer_of(results[0])
    assert titles_shown(world, scenes) == titles(6)
    assert world.plex.count("PUT") == 6

"""The background process holds nothing of the hook that started it, and gives nothing away."""

import os
import signal
from pathlib import Path

from tests.invocation.circumstances import installed_copy
from tests.invocation.witness import answer_of, arguments, backgrounds, lock_holders
from tests.world import PLEX_TOKEN, World


def started(world: World) -> int:
    """Let a hook start a background process that has begun to work; return its pid."""
    scene = world.add("a", title="A")
    world.hook(scene)
    world.until(lambda: world.shown(scene)["title"] == "A")
    (pid,) = backgrounds(world)
    return pid


def test_stash_goes_on_while_the_background_works(world: World) -> None:
    """Stash waits until the last copy of the hook's stdout is closed, and so does this run."""
    world.plex.weather("hang")

    result = world.hook(world.add("a", title="A"))

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.plex.requests)
    assert len(backgrounds(world)) == 1


def test_the_background_has_none_of_the_hooks_streams(world: World) -> None:
    pid = started(world)

    streams = [str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in (0, 1, 2)]

    assert streams[0].startswith("pipe:")  # ours: the connection came through it
    assert streams[1:] == [os.devnull, str(world.data_dir / "background.log")]
    assert not holders_of(streams[0], but=pid)


def test_the_background_is_the_leader_of_a_session_of_its_own(world: World) -> None:
    pid = started(world)

    assert os.getsid(pid) == pid
    assert os.getpgid(pid) == pid


def test_the_background_holds_the_drain_lock_and_nobody_else_does(world: World) -> None:
    pid = started(world)

    lock = world.data_dir / "drain.lock"
    held = [str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    assert str(lock) in held
    assert len(lock_holders(lock)) == 1


def test_command_line_and_environment_of_the_background_hold_no_secret(world: World) -> None:
    """The fixture looks for cookie, key and token too; here, for how they are called."""
    cookie = world.stash.new_cookie()
    pid = started(world)

    script = str(world.script)
    shown = arguments(pid)
    assert shown[:3] == [world.python, script, "--background"]
    assert all(argument.isdigit() or not argument for argument in shown[3:])
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert environment  # readable, so what follows is no accident
    for secret in (PLEX_TOKEN, cookie, "SessionCookie", "session="):
        assert secret.encode() not in environment


def test_stopping_a_task_leaves_the_background_alone(world: World) -> None:
    pid = started(world)
    world.plex.latency = 0.05
    for number in range(20):
        world.add(f"n{number}", title="N")

    world.task("all", kill_after=1.0)

    assert backgrounds(world) == [pid]


def test_a_background_that_is_told_to_end_loses_nothing(world: World) -> None:
    """A container that is stopped sends SIGTERM to all."""
    world.plex.latency = 0.05
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(10)]
    for scene in scenes:
        world.hook(scene)
    world.until(lambda: world.plex.count("PUT") > 2)

    (pid,) = backgrounds(world)
    os.kill(pid, signal.SIGTERM)
    world.until(lambda: not backgrounds(world))
    world.hook(scenes[0])

    world.until(lambda: all(world.shown(s)["title"].startswith("T") for s in scenes))
    world.until_drained()


def test_when_the_plugin_is_updated_the_new_code_takes_over(world: World, tmp_path: Path) -> None:
    world.script = installed_copy(tmp_path / "plugins" / "Stash2Plex")
    old = started(world)
    code = world.script.read_text()

    world.script.write_text(code + "# a newer version\n")

    world.until(lambda: backgrounds(world) not in ([], [old]), within=30)
    world.until(lambda: old not in world.processes())
    scene = world.add("b", title="B")
    result = world.hook(scene)
    assert answer_of(result) == {"output": "recorded; background running"}
    world.until(lambda: world.shown(scene)["title"] == "B")


def test_an_edit_that_comes_while_the_plugin_is_updated_is_not_lost(
    world: World, tmp_path: Path
) -> None:
    world.script = installed_copy(tmp_path / "plugins" / "Stash2Plex")
    started(world)
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(8)]
    world.plex.latency = 0.02

    for number, scene in enumerate(scenes):
        os.utime(world.script, ns=(number, number))
        world.hook(scene)

    world.until(lambda: all(world.shown(s)["title"].startswith("T") for s in scenes), within=60)


def holders_of(pipe: str, *, but: int) -> list[int]:
    """Pids of other processes that have a pipe open."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(entry.readlink()) == pipe and int(entry.parts[2]) != but:
                found.append(int(entry.parts[2]))
        except OSError:
            continue
    return found

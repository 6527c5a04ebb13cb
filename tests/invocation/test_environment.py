"""Where and by what the plugin may be started."""

import ast
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.invocation.circumstances import installed_copy
from tests.invocation.witness import answer_of, error_of, job, rows
from tests.servers.stash import run_plugin
from tests.servers.stash.runner import as_stdin
from tests.world import MARK, SCRIPT, World

OLD_PYTHONS = sorted(Path("~/.pyenv/versions").expanduser().glob("3.8*/bin/python3"))


@pytest.mark.skipif(not OLD_PYTHONS, reason="no Python 3.8 in ~/.pyenv/versions")
@pytest.mark.parametrize("stdin", ["hook", "task", "nothing"])
def test_python_3_8_is_answered_with_one_clear_sentence(world: World, stdin: str) -> None:
    scene = world.add("a")
    said = {
        "hook": as_stdin(world.stash.hook_input("Scene.Create.Post", scene)),
        "task": as_stdin(world.stash.task_input("all")),
        "nothing": b"",
    }

    result = world.run(said[stdin], python=str(OLD_PYTHONS[-1]))

    assert answer_of(result)["error"] == (
        "Stash2Plex needs Python 3.11 or newer: set the Python executable path in Stash "
        "under Settings, System"
    )
    assert result.stderr == b""


def test_the_script_can_be_read_by_python_3_8() -> None:
    ast.parse(SCRIPT.read_text("utf-8"), feature_version=(3, 8))


def test_without_a_home_directory_an_edit_reaches_plex(world: World) -> None:
    scene = world.add("a", title="Homeless")
    env = {**os.environ, MARK: str(world.folder)}
    for name in ("HOME", "USER", "LOGNAME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        env.pop(name, None)

    result = run_plugin(world.script, world.stash.hook_input("Scene.Create.Post", scene), env=env)

    world.results.append(result)
    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "Homeless")


def test_a_plugin_folder_that_is_relative_to_the_working_directory_will_do(
    world: World, tmp_path: Path
) -> None:
    installed_copy(tmp_path / "plugins" / "Stash2Plex")
    world.stash.plugin_dir = "plugins/Stash2Plex"
    scene = world.add("a", title="Relative")
    stdin = world.stash.hook_input("Scene.Create.Post", scene)

    done = subprocess.run(
        [world.python, "-S", "plugins/Stash2Plex/Stash2Plex.py"],
        input=as_stdin(stdin),
        cwd=tmp_path,
        env={**os.environ, MARK: str(world.folder)},
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == b'{"output": "recorded; background started"}\n'
    world.until(lambda: world.shown(scene)["title"] == "Relative")


def test_a_config_folder_that_is_relative_is_where_both_processes_look(world: World) -> None:
    scene = world.add("a", title="Relative")
    stdin = world.stash.hook_input("Scene.Create.Post", scene)
    stdin["server_connection"]["Dir"] = world.folder.name

    result = world.run(stdin, cwd=world.folder.parent)

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "Relative")
    assert (world.folder / "stash2plex" / "queue" / "data.db").exists()


def test_the_data_folder_may_be_chosen(world: World, tmp_path: Path) -> None:
    scene = world.add("a", title="Elsewhere")
    world.data_dir = tmp_path / "elsewhere"

    result = world.hook(scene, env={"STASH2PLEX_DATA_DIR": str(world.data_dir)})

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "Elsewhere")
    assert not (world.folder / "stash2plex").exists()


def test_a_null_session_cookie_does_where_stash_has_no_password(world: World) -> None:
    scene = world.add("a", title="No cookie")
    stdin = world.stash.hook_input("Scene.Create.Post", scene)
    stdin["server_connection"]["SessionCookie"] = None

    result = world.run(stdin)

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "No cookie")


def test_a_stash_that_is_bound_to_every_address_is_asked_on_loopback(world: World) -> None:
    scene = world.add("a", title="Everywhere")
    stdin = world.stash.hook_input("Scene.Create.Post", scene)
    stdin["server_connection"]["Host"] = "0.0.0.0"

    world.run(stdin)

    world.until(lambda: world.shown(scene)["title"] == "Everywhere")


def test_a_stash_that_is_bound_to_every_ipv6_address_is_asked_on_its_loopback(
    world: World,
) -> None:
    scene = world.add("a", title="Six")
    stdin = world.stash.hook_input("Scene.Create.Post", scene)
    stdin["server_connection"]["Host"] = "::"

    with reachable_by_ipv6(world.stash.port):
        world.run(stdin)

        world.until(lambda: world.shown(scene)["title"] == "Six")
        world.kill_background()


HOSTS = ["<b>stash</b>&co", "a..b", "[::", "stash\r\nHost: evil", "\u2603"]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: f"{host!r:.12}")
def test_a_host_that_is_none_costs_a_hook_nothing(quiet: World, host: str) -> None:
    scene = quiet.add("a")
    stdin = quiet.stash.hook_input("Scene.Create.Post", scene)
    stdin["server_connection"]["Host"] = host

    result = quiet.run(stdin)

    assert answer_of(result) == {"output": "recorded; background held off"}
    assert rows(quiet) == [job(scene)]


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: f"{host!r:.12}")
def test_a_host_that_is_none_is_named_as_the_reason_by_a_task(world: World, host: str) -> None:
    stdin = world.stash.task_input("process_queue")
    stdin["server_connection"]["Host"] = host

    result = world.run(stdin)

    assert "Stash" in error_of(result)


@contextmanager
def reachable_by_ipv6(port: int) -> Iterator[None]:
    """Let what listens on 127.0.0.1 be reached on ::1 too."""
    listener = socket.socket(socket.AF_INET6)
    try:
        listener.bind(("::1", port))
    except OSError as error:
        pytest.skip(f"no IPv6 loopback here: {error}")
    listener.listen(16)
    thread = threading.Thread(target=_accept, args=(listener, port), daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        listener.close()


def _accept(listener: socket.socket, port: int) -> None:
    while True:
        try:
            here, _ = listener.accept()
        except OSError:
            return
        there = socket.create_connection(("127.0.0.1", port))
        for source, sink in ((here, there), (there, here)):
            threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with closing(sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            return

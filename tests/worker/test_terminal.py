"""process_queue.py within this process: its answers and exit codes, one by one."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

import process_queue
from tests.worker.stage import hook
from tests.world import World

pytestmark = pytest.mark.usefixtures("loggers_as_before")


@pytest.fixture(autouse=True)
def signals_and_umask_as_before() -> Iterator[None]:
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    mask = os.umask(0o077)
    yield
    os.umask(mask)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def terminal(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world with a data folder and the environment that leads to it."""
    world.data_dir.mkdir(mode=0o700)
    monkeypatch.setenv("STASH_URL", world.stash.url)
    monkeypatch.setenv("STASH_API_KEY", "")
    monkeypatch.setenv("STASH2PLEX_DATA_DIR", str(world.data_dir))
    return world


def test_what_waits_is_brought_to_plex(terminal: World, capfd: pytest.CaptureFixture[str]) -> None:
    scene = terminal.add("a", title="A")
    hook(terminal, scene)

    assert process_queue.main(["--json"]) == process_queue.DONE

    assert json.loads(capfd.readouterr().out)["succeeded"] == 1
    assert terminal.shown(scene)["title"] == "A"


def test_a_scene_that_is_given_up_shows_in_the_exit_code_and_in_the_status(
    terminal: World, capfd: pytest.CaptureFixture[str]
) -> None:
    scene = terminal.add("a", title="A")
    terminal.plex.chokes_on(terminal.key(scene), 400)
    hook(terminal, scene)

    assert process_queue.main([]) == process_queue.GIVEN_UP
    assert process_queue.main(["--stats"]) == process_queue.GIVEN_UP
    assert "PlexBadRequest: 1 (permanent)" in capfd.readouterr().out
    assert process_queue.main(["--stats", "--json"]) == process_queue.GIVEN_UP
    assert json.loads(capfd.readouterr().out)["failed"] == 1


def test_an_empty_queue_is_done(terminal: World, capfd: pytest.CaptureFixture[str]) -> None:
    assert process_queue.main([]) == process_queue.DONE
    assert capfd.readouterr().out == "Queue is empty - nothing to process\n"
    assert process_queue.main(["--stats"]) == process_queue.DONE


def test_a_plex_that_is_away_is_told_by_the_exit_code(terminal: World) -> None:
    hook(terminal, terminal.add("a", title="A"))
    terminal.plex.stop()

    assert process_queue.main([]) == process_queue.AWAY
    assert process_queue.main(["--stats"]) == process_queue.AWAY


def test_a_folder_that_is_none_is_a_mistake_in_the_arguments(
    terminal: World, capfd: pytest.CaptureFixture[str]
) -> None:
    assert process_queue.main(["--data-dir", "/nowhere"]) == process_queue.USAGE
    assert "is no folder" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("STASH_URL", "", "STASH_URL is not set"),
        ("STASH_URL", "nonsense", "STASH_URL is no address"),
        ("STASH_API_KEY", "schlüssel", "STASH_API_KEY is no key"),
        ("STASH_API_KEY", "wrong", "check STASH_API_KEY"),
        ("PLEX_TOKEN", "wrong-token-12345", "check plex_token"),
    ],
)
def test_what_only_the_user_can_mend_is_one_sentence(
    terminal: World,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    name: str,
    value: str,
    told: str,
) -> None:
    hook(terminal, terminal.add("a", title="A"))
    monkeypatch.setenv(name, value)

    assert process_queue.main([]) == process_queue.HELPLESS
    assert told in capfd.readouterr().err.splitlines()[-1]


def test_a_bar_is_drawn_once_for_each_position_and_its_line_is_ended(
    capfd: pytest.CaptureFixture[str],
) -> None:
    bar = process_queue.Bar()

    for fraction in (0.0, 0.5, 0.5, 1.0):
        bar(fraction)
    bar.close()

    drawn = capfd.readouterr().err
    assert drawn.count("\r") == 3
    assert drawn.endswith("100%\n")

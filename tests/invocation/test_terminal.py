"""process_queue.py: what it does, what it answers, and by which code programs know how it went."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.invocation.circumstances import record
from tests.invocation.queues import breaker_says, put_off
from tests.invocation.terminal import SCRIPT, command, environment, run, terminal
from tests.invocation.witness import backgrounds, rows, titles_shown
from tests.world import API_KEY, PLEX_TOKEN, World

DONE, HELPLESS, USAGE, AWAY, GIVEN_UP = range(5)  # 5 is in test_terminal_at_work

WRONG_TOKEN = "a-token-that-is-wrong-0815"


def queued(world: World, names: str = "abc") -> list[int]:
    """Scenes that hooks have recorded."""
    scenes = [world.add(name, title=name.upper()) for name in names]
    world.data_dir.mkdir(mode=0o700, exist_ok=True)
    record(world, *scenes)
    return scenes


def test_it_brings_to_plex_what_hooks_have_recorded(world: World) -> None:
    scenes = queued(world)

    ended = terminal(world)

    assert ended.code == DONE
    summary = r"Batch processing complete: 3 succeeded, 0 failed in \d+\.\ds\n"
    assert re.fullmatch(summary, ended.out)
    assert "INFO Starting batch processing of 3 items..." in ended.log
    assert titles_shown(world, scenes) == ["A", "B", "C"]
    assert backgrounds(world) == []


def test_there_is_nothing_to_do_in_an_empty_queue(world: World) -> None:
    world.data_dir.mkdir()

    ended = terminal(world)

    assert (ended.code, ended.out) == (DONE, "Queue is empty - nothing to process\n")
    assert world.plex.requests == []


def test_for_programs_it_answers_one_json_document_and_nothing_else(world: World) -> None:
    queued(world)

    document = terminal(world, "--json").document

    assert document.pop("summary").startswith("Batch processing complete: 3 succeeded")
    assert document == {"left": 0, "exit_code": 0, "succeeded": 3, "failed": 0, "put_off": 0}


def test_a_retry_that_is_not_due_yet_is_told_and_is_no_failure(world: World) -> None:
    put_off(world, world.add("a"))

    ended = terminal(world)

    assert ended.code == DONE
    assert re.search(r"nothing to process; the next retry is due in \d+ s\n$", ended.out)


def test_the_help_names_every_variable_and_every_code(world: World) -> None:
    ended = run([sys.executable, str(SCRIPT), "--help"], environment(world))

    assert ended.code == DONE
    for word in ("--data-dir", "--stats", "--json", "STASH_URL", "STASH_API_KEY", "PLEX_URL"):
        assert word in ended.out
    codes = re.findall(r"^  (\d)  \w", ended.out, re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "5"]


def refused_by_plex(world: World) -> None:
    world.stash.settings["plex_token"] = WRONG_TOKEN


def misspelled(world: World) -> None:
    world.stash.settings["plex_library"] = "Sceens"


def paused(world: World) -> None:
    world.stash.settings["disabled"] = True


def not_filled_in(world: World) -> None:
    world.stash.settings = {}


HELPLESSNESS = [
    (refused_by_plex, "Plex refused the token"),
    (misspelled, "Plex has no library Sceens (it has: Scenes): check plex_library"),
    (paused, "syncing is paused in the plugin's settings; edits are recorded"),
    (not_filled_in, "plex_url is missing: enter the address of your Plex server"),
]


@pytest.mark.parametrize(("make", "line"), HELPLESSNESS, ids=lambda it: getattr(it, "__name__", ""))
def test_code_1_where_only_the_user_can_help_and_the_last_line_says_how(
    world: World, make: Callable[[World], None], line: str
) -> None:
    queued(world)
    make(world)

    ended = terminal(world)

    assert ended.code == HELPLESS
    assert line in ended.last_line
    assert WRONG_TOKEN not in ended.out + ended.log
    assert len(rows(world)) == 3
    assert rows(world, "retry", "id") == []


def test_code_2_for_arguments_that_make_no_sense(world: World) -> None:
    world.data_dir.mkdir()
    without_folder = [sys.executable, str(SCRIPT)]

    for argv in ([*command(world), "--plex-token", "x"], without_folder):
        ended = run(argv, environment(world))
        assert ended.code == USAGE
        assert "usage: process_queue.py" in ended.log


@pytest.mark.parametrize("option", [(), ("--stats",), ("--json",)], ids=" ".join)
def test_code_2_for_a_data_folder_that_is_not_there_and_none_is_made(
    world: World, option: tuple[str, ...]
) -> None:
    ended = terminal(world, *option)

    assert ended.code == USAGE
    assert str(world.data_dir) in ended.out + ended.log
    assert not world.data_dir.exists()


def test_what_is_wrong_with_the_data_folder_is_not_said_among_the_answers(world: World) -> None:
    """A program reads JSON there."""
    ended = terminal(world, "--json")

    assert ended.out == ""
    assert "is no folder: --data-dir is 'stash2plex' beside Stash's config.yml" in ended.log


def test_the_data_folder_may_be_named_by_the_plugins_own_variable(world: World) -> None:
    scenes = queued(world)

    argv = [sys.executable, str(SCRIPT)]
    ended = run(argv, environment(world, STASH2PLEX_DATA_DIR=str(world.data_dir)))

    assert ended.code == DONE
    assert titles_shown(world, scenes) == ["A", "B", "C"]


@pytest.mark.parametrize("trouble", ["stopped", 502, "html", "locked"])
def test_code_3_while_stash_does_not_answer_and_nothing_is_lost(world: World, trouble: Any) -> None:
    queued(world)
    if trouble == "stopped":
        world.stash.stop()
    else:
        world.stash.weather(trouble)

    ended = terminal(world)

    assert ended.code == AWAY
    assert "Stash" in ended.last_line
    assert len(rows(world)) == 3
    assert rows(world, "retry", "id") == []


def test_code_3_while_plex_does_not_answer_and_nothing_is_lost(world: World) -> None:
    queued(world)
    breaker_says(world, failure_count=4)  # one failure more, and Plex is left alone
    world.plex.stop()

    ended = terminal(world, "--json")

    assert (ended.code, ended.document["left"], ended.document["failed"]) == (AWAY, 3, 0)
    assert "Circuit breaker OPEN - Plex may be unavailable" in ended.log
    assert len(rows(world)) == 3
    assert rows(world, "retry", "id") == []


def test_code_4_if_scenes_were_given_up(world: World) -> None:
    one, _, _ = queued(world)
    world.plex.chokes_on(world.key(one), 400)

    ended = terminal(world, "--json")

    assert ended.code == GIVEN_UP
    assert (ended.document["succeeded"], ended.document["failed"]) == (2, 1)
    assert "DLQ contains 1 items requiring review" in ended.log


def test_code_4_even_if_something_else_is_due_afterwards(world: World) -> None:
    """Events were lost: all scenes are to be checked, which the background does."""
    one, _, _ = queued(world)
    world.plex.chokes_on(world.key(one), 400)
    (world.data_dir / "reconciliation.due").touch()

    ended = terminal(world, "--json")

    assert ended.code == GIVEN_UP
    assert (ended.document["succeeded"], ended.document["failed"]) == (2, 1)


@pytest.mark.parametrize("option", [(), ("--stats",)], ids=" ".join)
def test_a_data_folder_that_cannot_be_used_is_one_sentence_and_code_1(
    world: World, option: tuple[str, ...]
) -> None:
    """What another user's file is to a user is a folder to root."""
    (world.data_dir / "drain.lock").mkdir(parents=True)

    ended = terminal(world, *option)

    assert ended.code == HELPLESS
    assert "drain.lock" in ended.last_line or str(world.data_dir) in ended.last_line


def test_it_can_be_started_from_anywhere_and_without_site_packages(world: World) -> None:
    scenes = queued(world, "a")
    python, *rest = command(world)

    ended = run([python, "-S", *rest], environment(world))

    assert ended.code == DONE
    assert titles_shown(world, scenes) == ["A"]


def test_a_data_folder_may_be_relative(world: World, tmp_path: Path) -> None:
    queued(world, "a")
    argv = [sys.executable, str(SCRIPT), "--data-dir", str(world.data_dir)[1:]]  # from "/"

    assert run(argv, environment(world)).code == DONE


def test_the_secrets_of_the_environment_are_printed_nowhere(world: World) -> None:
    """Not even by the search at the end of each test in the folder, whatever is asked for."""
    queued(world, "a")
    world.stash.auth = "key"
    world.stash.settings["debug_logging"] = True
    secrets = {"STASH_API_KEY": API_KEY, "PLEX_TOKEN": PLEX_TOKEN}

    ended = terminal(world, **secrets)

    assert ended.code == DONE
    assert API_KEY not in ended.out + ended.log
    assert PLEX_TOKEN not in ended.out + ended.log

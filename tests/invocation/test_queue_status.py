"""View Queue Status: what a user reads in Stash's log, and what a program gets."""

import json
import re
import time
from typing import Any

import pytest

from domain.causes import CAUSES
from sync_queue.due import mark_reconciliation_due
from tests.invocation.circumstances import record
from tests.invocation.queues import (
    breaker_says,
    cancelled_at_the_write,
    enqueue_in_bulk,
    give_up_on,
    held_at_a_write,
    park,
    press,
    put_off,
)
from tests.invocation.witness import answer_of, backgrounds, job, rows
from tests.servers.stash import PluginResult
from tests.worker.test_status import EMPTY, NO_OUTAGE
from tests.world import API_KEY, PLEX_TOKEN, World

NO_RECONCILIATION = (
    "=== Reconciliation Status ===",
    "Automatic runs are off: what Stash does not announce waits for a manual run; "
    "only deleted tags, performers, studios and groups are followed",
    "No reconciliation runs yet",
)


def told(result: PluginResult) -> list[str]:
    """What Stash's log shows, which is without indentation; of times only that there are some."""
    assert {level for level, _ in result.logs} <= {"info", "warning"}
    return [
        re.sub(r"due in \d+ s", "due in … s", text)
        for level, text in result.logs
        if level == "info"
    ]


def status_of(result: PluginResult) -> dict[str, Any]:
    """What a program gets."""
    status = answer_of(result)["output"]
    assert isinstance(status, dict)
    return status


@pytest.fixture
def busy(world: World) -> World:
    """Scenes 1 and 2 given up, 3 not in Plex, 4 put off, 5 and 6 waiting."""
    for name in "abcdef":
        world.add(name, title=name.upper(), in_plex=name != "c")
    give_up_on(world, 1, days_ago=2)
    give_up_on(world, 2, cause="PlexBadRequest")
    park(world, 3)
    put_off(world, 4)
    record(world, 5)
    enqueue_in_bulk(world, 6)
    return world


def test_everything_a_user_asks_stands_in_the_log(busy: World) -> None:
    bad, temporary = CAUSES["PlexBadRequest"], CAUSES["PlexTemporaryError"]

    assert told(busy.task("queue_status")) == [
        "=== Queue Status ===",
        "Pending: 2",
        "Due now: 2",
        "In progress: 0",
        "Waiting for retry: 1 (the next is due in … s)",
        "Not in Plex: 1",
        "Estimated time left: 4 s for 2 items (default: 2 s per item)",
        "=== Background Process ===",
        "Not running although something is due: the next event or task starts it",
        "Circuit breaker: CLOSED",
        *NO_OUTAGE,
        "=== Dead Letter Queue ===",
        "Dead letters: 2",
        f"PlexBadRequest: 1 (permanent): {bad.next_step}",
        f"PlexTemporaryError: 1 (temporary): {temporary.next_step}",
        "The newest 2:",
        'scene 2 "B": it fails (PlexBadRequest, attempts: 5)',
        'scene 1 "A": it fails (PlexTemporaryError, attempts: 5)',
        *NO_RECONCILIATION,
    ]


def test_a_program_gets_the_same_as_one_json_document(busy: World) -> None:
    """Stash's runPluginOperation passes the arguments alone, no defaultArgs of a task."""
    before = time.time()
    operation = {
        "server_connection": busy.stash.connection(busy.folder),
        "args": {"mode": "queue_status"},
    }

    result = busy.run(operation)

    status = json.loads(result.stdout)["output"]
    counts = ("pending", "in_progress", "waiting", "parked", "failed", "due")
    assert [status[key] for key in counts] == [2, 0, 1, 1, 2, 2]
    assert before < status["next_retry_at"] < before + 700
    assert status["dead_letters"]["PlexBadRequest"] == {
        "count": 1,
        "failure": "permanent",
        "next_step": CAUSES["PlexBadRequest"].next_step,
    }
    newest, oldest = status["newest_dead_letters"]
    assert [newest[key] for key in ("scene", "title", "reason")] == [2, "B", "it fails"]
    assert newest["next_step"] == CAUSES["PlexBadRequest"].next_step
    assert (oldest["scene"], oldest["attempts"]) == (1, 5)
    assert oldest["buried_at"] < before - 86_400 < newest["buried_at"]
    assert (status["circuit_breaker"], status["helpless"]) == ("closed", "")


def test_the_document_has_the_same_keys_whether_there_is_anything_or_not(
    busy: World, world: World
) -> None:
    full = status_of(press(busy, "queue_status"))
    for file in sorted(world.data_dir.rglob("*"), reverse=True):
        if file.is_file():
            file.unlink()

    empty = status_of(press(world, "queue_status"))

    assert full.keys() == empty.keys()


def test_on_an_empty_installation_everything_is_nought(world: World) -> None:
    result = world.task("queue_status")

    assert told(result) == [*EMPTY, *NO_RECONCILIATION]
    assert status_of(result)["newest_dead_letters"] == []


def test_looking_changes_nothing_and_asks_for_settings_and_titles_only(world: World) -> None:
    scene = world.add("a", title="A")
    give_up_on(world, scene)
    put_off(world, world.add("b"))
    before = [rows(world, table, "id") for table in ("dead_letter", "retry")]

    world.task("queue_status")

    assert [rows(world, table, "id") for table in ("dead_letter", "retry")] == before
    asked = [request.operation for request in world.stash.requests]
    assert asked[:2] == ["version", "findScene"]
    assert set(asked) == {"version", "findScene"}  # the background reads the settings too
    assert world.plex.requests == []


def test_what_is_at_work_is_named_and_since_when(world: World) -> None:
    scenes = [world.add(f"n{n}", title=f"T{n}") for n in range(3)]
    record(world, *scenes[1:])
    before = time.time()

    with held_at_a_write(world) as hold:
        world.hook(scenes[0])
        world.until(hold.came.is_set)
        record(world, world.add("late"))
        result = world.task("queue_status")

    status = status_of(result)
    assert (status["in_progress"], status["pending"], status["draining"]) == (3, 1, True)
    assert status["at_work"] in scenes
    assert before < status["at_work_since"] < time.time()
    lines = told(result)
    pattern = rf"In progress: 3 \(scene {status['at_work']} for \d+ s\)"
    assert [line for line in lines if re.fullmatch(pattern, line)]
    assert lines[lines.index("=== Background Process ===") + 1].startswith("Running, started ")


def test_what_a_killed_background_left_behind_is_not_said_to_be_all_done(world: World) -> None:
    """It is nobody's now, and the background that this task wakes takes it up."""
    record(world, *(world.add(f"n{n}", title=f"T{n}") for n in range(3)))
    cancelled_at_the_write(world, 2)

    result = world.task("queue_status")

    assert status_of(result)["in_progress"] == 2
    assert "Not running, and nothing is due" not in told(result)


def test_a_mistake_that_only_the_user_can_mend_is_told(world: World) -> None:
    world.stash.settings["plex_library"] = "Sceens"
    world.hook(world.add("a"))
    world.until(lambda: (world.data_dir / "background.json").exists() and not backgrounds(world))

    result = world.task("queue_status")

    (line,) = [line for line in told(result) if line.startswith("Not running")]
    assert line.startswith(
        "Not running, because only you can help: Plex has no library Sceens (it has: Scenes)"
    )
    assert status_of(result)["helpless"].startswith("Plex has no library Sceens")


def test_an_open_circuit_breaker_is_told_with_the_time_since_when_it_is(world: World) -> None:
    breaker_says(world, state="open", failure_count=5, opened_at=time.time() - 10)
    outages = {"outages": [{"started_at": time.time() - 10}]}
    (world.data_dir / "outage_history.json").write_text(json.dumps(outages))

    result = world.task("queue_status")

    (line,) = [line for line in told(result) if line.startswith("Circuit breaker")]
    assert re.fullmatch(r"Circuit breaker: OPEN \(opened 1\ds ago\)", line)
    status = status_of(result)
    assert status["circuit_breaker"] == "open"
    assert 0 < status["probe_in"] <= 50


def test_lost_events_and_spooled_ones_are_told(world: World) -> None:
    spool = world.data_dir / "spool"
    spool.mkdir(parents=True)
    (spool / "1-1.json").write_bytes(job(world.add("a")))
    mark_reconciliation_due(world.data_dir)

    result = world.task("queue_status")

    lines, status = told(result), status_of(result)
    assert "In the spool, because the database could not be written: 1" in lines
    assert "Events were lost: all scenes will be checked" in lines
    assert (status["spooled"], status["lost_events"]) == (1, True)


def test_what_was_cleared_can_be_seen_to_be_undoable(busy: World) -> None:
    busy.task("clear_dlq")

    result = busy.task("queue_status")

    assert "Clearings that can be undone: 1" in told(result)
    assert status_of(result)["clearings"] == 1


def test_of_many_dead_letters_the_newest_ten_are_named(world: World) -> None:
    give_up_on(world, *(world.add(f"n{n}", title=f"T{n}") for n in range(12)))

    result = world.task("queue_status")

    lines = told(result)
    assert "Dead letters: 12" in lines
    named = [line for line in lines if line.startswith("scene ")]
    assert [line.split('"')[1] for line in named] == [f"T{n}" for n in range(11, 1, -1)]
    assert [letter["title"] for letter in status_of(result)["newest_dead_letters"]] == [
        f"T{n}" for n in range(11, 1, -1)
    ]


@pytest.mark.parametrize("hidden", [False, True])
def test_paths_are_hidden_in_log_and_document_if_the_user_wants_it(
    world: World, hidden: bool
) -> None:
    world.stash.settings["obfuscate_paths"] = hidden
    scene = world.add("secret-name", in_plex=False)  # its name is its file's
    for folder in ("one", "two"):
        world.plex.add_item(f"/plex/{folder}/secret-name.mp4", 1000, world.section)
    record(world, scene)
    world.task("process_queue")

    result = world.task("queue_status")

    (letter,) = status_of(result)["newest_dead_letters"]
    assert letter["reason"].startswith("several files in Plex could be it (")
    for shown in (result.stdout, result.stderr):
        assert b"several files in Plex could be it" in shown
        assert (b"secret-name" in shown) is not hidden
        assert (b"/plex/one" in shown) is not hidden


@pytest.mark.parametrize("missing", ["plex_url", "plex_token"])
def test_paths_are_hidden_also_while_a_required_setting_is_missing(
    world: World, missing: str
) -> None:
    """Stash tells the wish all the same."""
    world.stash.settings["obfuscate_paths"] = True
    world.stash.settings[missing] = ""
    give_up_on(world, world.add("secret-name"))  # its name is its file's

    result = world.task("queue_status")

    assert status_of(result)["failed"] == 1
    assert b"secret-name" not in result.stdout + result.stderr


def test_no_secret_stands_in_log_or_document(world: World) -> None:
    """Wherever one could come from: the settings, the session, a refusal of either."""
    world.stash.auth = "password"
    world.stash.settings["plex_token"] = "a-token-that-is-wrong-0815"
    world.hook(world.add("a"))
    world.until(lambda: (world.data_dir / "background.json").exists() and not backgrounds(world))

    result = world.task("queue_status")

    assert "Plex refused the token" in status_of(result)["helpless"]
    for secret in ("a-token-that-is-wrong-0815", PLEX_TOKEN, API_KEY, *world.cookies):
        assert secret.encode() not in result.stdout + result.stderr

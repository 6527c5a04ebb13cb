"""The buttons that look after the queue on a bad day: they do what they can, and lose nothing."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.invocation.circumstances import record
from tests.invocation.queues import answer_to, give_up_on, held_at_a_write, press
from tests.invocation.witness import (
    answer_of,
    backgrounds,
    error_of,
    job,
    rows,
    spooled,
    titles_shown,
)
from tests.world import World

ANSWERS = {
    "clear_queue": "Clear Pending Queue: 1 waiting job removed; Undo Clear restores ",
    "clear_dlq": "Clear Dead Letter Queue: 1 dead letter removed; Undo Clear restores ",
    "purge_dlq": "Purge Old DLQ Entries: 1 dead letter removed; Undo Clear restores ",
    "retry_dlq": "1 dead letter is in the queue again, as if new",
    "undo_clear": "Nothing to undo: nothing was cleared in the last 7 days",
    "clear_match_cache": "Match cache cleared: ",
}

NOTHING = {
    "clear_queue": "Nothing removed: the queue was empty",
    "clear_dlq": "Nothing removed: there were no dead letters",
    "purge_dlq": "Nothing removed: no dead letter is older than 30 days",
    "retry_dlq": "No dead letter to retry",
    "undo_clear": "Nothing to undo: nothing was cleared in the last 7 days",
    "clear_match_cache": "Match cache cleared: ",
}


@pytest.fixture
def stocked(world: World) -> World:
    """One scene waits, another was given up long ago."""
    given_up, waiting = (world.add(name, title=name.upper()) for name in "ab")
    give_up_on(world, given_up, days_ago=40)
    record(world, waiting)
    return world


def without_settings(world: World) -> None:
    world.stash.settings = {}


def without_servers(world: World) -> None:
    world.stash.stop()
    world.plex.stop()


BAD_DAYS = [without_settings, without_servers]


@pytest.mark.parametrize("make_bad", BAD_DAYS, ids=lambda make_bad: make_bad.__name__)
@pytest.mark.parametrize("mode", ANSWERS)
def test_a_bad_day_keeps_no_task_from_its_work(
    stocked: World, mode: str, make_bad: Callable[[World], None]
) -> None:
    make_bad(stocked)

    assert answer_to(stocked, mode).startswith(ANSWERS[mode])


@pytest.mark.parametrize("make_bad", BAD_DAYS, ids=lambda make_bad: make_bad.__name__)
def test_a_bad_day_keeps_nobody_from_seeing_the_status(
    stocked: World, make_bad: Callable[[World], None]
) -> None:
    make_bad(stocked)

    status = answer_of(stocked.task("queue_status"))["output"]

    assert (status["pending"], status["failed"]) == (1, 1)


def test_an_installation_that_was_never_used_gives_no_error(world: World) -> None:
    for mode, answer in NOTHING.items():
        assert answer_to(world, mode).startswith(answer)


@pytest.mark.parametrize("mode", ["clear_match_cache", "undo_clear", "queue_status"])
def test_the_very_first_task_of_an_installation_may_be_any(world: World, mode: str) -> None:
    """Nobody has made the data folder yet."""
    assert "output" in answer_of(world.task(mode))


def test_no_task_that_looks_after_the_queue_asks_plex_anything(world: World) -> None:
    """Nothing is due, so the background that is woken has no reason to ask either."""
    give_up_on(world, 1, days_ago=40)

    for mode in ("queue_status", "clear_dlq", "undo_clear", "purge_dlq", "clear_queue"):
        press(world, mode)

    assert world.plex.requests == []


def test_while_stash_hangs_for_a_moment_the_status_is_told_nevertheless(stocked: World) -> None:
    asked = threading.Event()
    stocked.stash.weather("hang", "graphql")
    clear_up = threading.Thread(target=_clear_up, args=(stocked, asked))
    clear_up.start()

    status = answer_of(stocked.task("queue_status"))["output"]

    clear_up.join()
    assert asked.is_set()
    assert (status["pending"], status["failed"]) == (1, 1)


def _clear_up(world: World, asked: threading.Event) -> None:
    world.until(lambda: world.stash.requests)
    asked.set()
    world.stash.weather("fine")


@pytest.mark.parametrize("weather", [401, 500, "locked", "html"])
def test_while_stash_refuses_the_status_is_told_nevertheless(stocked: World, weather: Any) -> None:
    stocked.stash.weather(weather)

    status = answer_of(stocked.task("queue_status"))["output"]

    assert (status["pending"], status["failed"]) == (1, 1)
    assert status["newest_dead_letters"][0]["title"] == ""


def damage(world: World) -> Path:
    """Spoil the queue's file; return its folder."""
    folder = world.data_dir / "queue"
    for file in folder.iterdir():
        file.write_bytes(b"This is no database. " * 500)
    return folder


@pytest.mark.parametrize(
    "mode", ["queue_status", "clear_dlq", "purge_dlq", "retry_dlq", "undo_clear"]
)
def test_a_damaged_queue_is_named_in_one_sentence_and_nothing_is_lost(
    stocked: World, mode: str
) -> None:
    folder = damage(stocked)

    error = error_of(press(stocked, mode))

    assert error.startswith("the queue's file is damaged: ")
    # The background that was woken sets it aside, and finds again what was in it.
    stocked.until(lambda: titles_shown(stocked, [1, 2]) == ["A", "B"])
    (kept,) = folder.glob("damaged-*.db")
    assert kept.read_bytes().startswith(b"This is no database. ")


def test_clearing_a_damaged_queue_sets_it_aside_and_loses_nothing(stocked: World) -> None:
    """It holds the drain lock, so it may do that itself."""
    folder = damage(stocked)

    result = press(stocked, "clear_queue")

    assert answer_of(result)["output"] == NOTHING["clear_queue"]
    assert [text for level, text in result.logs if level == "error" and "set aside" in text]
    stocked.until(lambda: titles_shown(stocked, [1, 2]) == ["A", "B"])
    assert list(folder.glob("damaged-*.db"))


def test_clearing_while_a_background_drains_leaves_it_what_it_is_at_and_says_so(
    world: World,
) -> None:
    at_work = [world.add(f"w{n}", title=f"W{n}") for n in range(3)]
    late = [world.add(f"l{n}", title=f"L{n}") for n in range(2)]
    record(world, *at_work[1:])

    with held_at_a_write(world) as hold:
        world.hook(at_work[0])
        world.until(hold.came.is_set)
        record(world, *late)
        answer = answer_to(world, "clear_queue")

    assert answer.startswith("Clear Pending Queue: 2 waiting jobs removed; Undo Clear restores ")
    assert answer.endswith("; 3 that are being processed stay")
    world.until_drained()
    assert titles_shown(world, at_work + late) == ["W0", "W1", "W2", "l0", "l1"]
    answer_to(world, "undo_clear")
    world.until(lambda: titles_shown(world, late) == ["L0", "L1"])


def killed_at_work(world: World) -> list[int]:
    """Three scenes whose background was killed while it wrote the first of them."""
    scenes = [world.add(f"n{n}", title=f"T{n}") for n in range(3)]
    record(world, *scenes[1:])
    with held_at_a_write(world) as hold:
        world.hook(scenes[0])
        world.until(hold.came.is_set)
        for pid in backgrounds(world):
            os.kill(pid, signal.SIGKILL)
        world.until(lambda: not backgrounds(world))
    assert len(rows(world, "at_work", "id")) == 1
    return scenes


def test_what_a_killed_background_left_behind_is_cleared_and_comes_back(world: World) -> None:
    scenes = killed_at_work(world)
    written = world.plex.count("PUT")

    answer = answer_to(world, "clear_queue")

    assert answer.startswith(
        "Clear Pending Queue: 2 waiting jobs, 1 job that waited for a retry removed; "
    )
    assert "being processed" not in answer
    assert rows(world, "at_work", "id") == []
    answer_to(world, "undo_clear")
    world.until(lambda: titles_shown(world, scenes) == ["T0", "T1", "T2"])
    assert world.plex.count("PUT") >= written + 2
    world.until_drained()


def test_any_task_after_a_kill_brings_what_was_left_behind_to_plex(world: World) -> None:
    scenes = killed_at_work(world)

    answer_to(world, "clear_match_cache")

    world.until(lambda: titles_shown(world, scenes) == ["T0", "T1", "T2"])
    world.until_drained()


def test_what_is_spooled_is_cleared_with_the_rest_and_comes_back(world: World) -> None:
    scene = world.add("a", title="A")
    folder = world.data_dir / "spool"
    folder.mkdir(parents=True)
    (folder / "1-1.json").write_bytes(job(scene))

    assert answer_to(world, "clear_queue").startswith(ANSWERS["clear_queue"])

    assert spooled(world) == []
    answer_to(world, "undo_clear")
    world.until(lambda: world.shown(scene)["title"] == "A")

"""The buttons: what they enqueue, what they answer, and their progress bar."""

import itertools
import re
from datetime import UTC, datetime, timedelta

import pytest

from sync_queue.inbox import LOST
from tests.invocation.circumstances import record
from tests.invocation.witness import answer_of, backgrounds, rows, titles_shown
from tests.servers.stash import PluginResult
from tests.world import World

SOME = [f"T{number}" for number in range(12)]


def add_some(world: World) -> list[int]:
    return [world.add(f"n{number}", title=title) for number, title in enumerate(SOME)]


def assert_bar_was_filled(result: PluginResult) -> None:
    """From 0 to 1 and never back; 0 and 1 alone would be no progress."""
    bar = result.progress
    assert all(0 <= value <= 1 for value in bar)
    assert all(one <= next_one for one, next_one in itertools.pairwise(bar))
    assert bar[0] == 0
    assert bar[-1] == 1


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_a_task_fills_its_bar_and_sums_up(world: World, mode: str) -> None:
    scenes = add_some(world)
    record(world, *(scenes if mode == "process_queue" else []))

    result = world.task(mode)

    summary = answer_of(result)["output"]
    assert re.search(r"Batch processing complete: 12 succeeded, 0 failed in \d+\.\ds", summary)
    assert titles_shown(world, scenes) == SOME
    assert_bar_was_filled(result)
    assert len(result.progress) > 2


def test_sync_all_takes_more_scenes_than_stash_lists_on_one_page(world: World) -> None:
    """1,200 of which nobody has described but the last: the page limit is 1,000."""
    for number in range(1199):
        world.stash.add_scene(title=f"Undescribed {number}")
    last = world.add("last", title="Last")

    result = world.task("all")

    assert answer_of(result)["output"].startswith("1200 scenes enqueued. ")
    assert "1200 succeeded" in answer_of(result)["output"]
    assert titles_shown(world, [last]) == ["Last"]
    assert world.plex.count("PUT") == 1
    assert_bar_was_filled(result)


def test_sync_all_enqueues_what_waits_already_only_once(world: World) -> None:
    scenes = add_some(world)
    world.stash.settings["disabled"] = True
    world.task("all")
    world.until(lambda: not backgrounds(world))

    world.task("all")

    assert len(rows(world, "ack_queue_bulk")) == len(scenes)


@pytest.mark.parametrize("zone", ["+09:00", "-08:00", "Z"])
def test_sync_recent_takes_the_last_24_hours_of_the_servers_own_clock(
    world: World, zone: str
) -> None:
    """A server in another time zone, which is how Stash stores and compares times."""
    now = datetime.now(UTC)
    world.stash.timezone = zone
    ages = {"now": 0.0, "h23": 23.0, "h25": 25.0, "d3": 72.0}
    offset = timedelta() if zone == "Z" else timedelta(hours=int(zone[:3]))
    scenes = []
    for name, hours in ages.items():
        at = now - timedelta(hours=hours) + offset
        stamp = f"{at:%Y-%m-%dT%H:%M:%S}{zone}"
        scenes.append(world.add(name, title=name.upper(), updated_at=stamp))

    result = world.task("recent")

    assert answer_of(result)["output"].startswith("2 scenes enqueued. ")
    assert titles_shown(world, scenes) == ["NOW", "H23", "h25", "d3"]


def test_process_queue_says_that_there_is_nothing_to_do(world: World) -> None:
    result = world.task("process_queue")

    assert answer_of(result) == {"output": "Queue is empty - nothing to process"}


def test_process_queue_says_when_the_next_retry_is_due(world: World) -> None:
    record(world, world.add("a", title="A", in_plex=False))

    result = world.task("process_queue")

    assert re.search(r"\d put off; the next retry is due in \d+ s$", answer_of(result)["output"])


@pytest.mark.parametrize("lives", [False, True], ids=["no background", "a background"])
def test_process_queue_says_so_also_if_nothing_else_waits(world: World, lives: bool) -> None:
    record(world, world.add("a", title="A", in_plex=False))
    world.task("process_queue")
    if not lives:
        world.kill_background()

    result = world.task("process_queue")

    assert re.search(r"; the next retry is due in \d+ s$", answer_of(result)["output"])


def test_process_queue_does_not_wait_for_what_is_not_due(world: World) -> None:
    waiting, due = world.add("a", title="A", in_plex=False), world.add("b", title="B")
    record(world, waiting, due)

    result = world.task("process_queue")

    assert "1 succeeded, 0 failed" in answer_of(result)["output"]
    assert result.progress[-1] == 1


def test_a_scene_that_plex_refuses_is_counted_as_failed_and_pointed_at(world: World) -> None:
    world.stash.settings["max_retries"] = 1
    scene, other = world.add("a", title="A"), world.add("b", title="B")
    world.plex.chokes_on(world.key(scene))
    record(world, scene, other)

    result = world.task("process_queue")

    assert "1 succeeded, 1 failed" in answer_of(result)["output"]
    assert ("warning", "DLQ contains 1 items requiring review") in result.logs
    assert rows(world, "dead_letter", "id") == [scene]


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_a_task_leaves_a_background_behind_for_what_comes_next(world: World, mode: str) -> None:
    world.task(mode)

    scene = world.add("a", title="A")
    result = world.hook(scene)

    assert answer_of(result) == {"output": "recorded; background running"}
    world.until(lambda: world.shown(scene)["title"] == "A")


def test_when_events_were_lost_a_task_is_enough_to_find_them(world: World) -> None:
    scenes = add_some(world)
    world.task("process_queue")
    world.kill_background()
    (world.data_dir / LOST).touch()

    world.task("process_queue")

    world.until(lambda: titles_shown(world, scenes) == SOME)
    world.until(lambda: not (world.data_dir / LOST).exists())

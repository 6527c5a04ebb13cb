"""Hooks before bulk runs, batch by batch: what is asked to wait is neither lost nor counted."""

from collections.abc import Callable

import pytest

from tests.servers.plex import Request
from tests.worker.stage import Stage, hook, spool
from worker.processor import DrainReport


def written(stage: Stage) -> list[int]:
    """The scenes in the order in which they were written."""
    scenes = {stage.world.key(scene): scene for scene in stage.world.stash.library.ids}
    requests = stage.world.plex.requests
    return [scenes[int(r.args["id"])] for r in requests if r.method == "PUT"]


def after_writing(stage: Stage, scene: int, act: Callable[[], None]) -> None:
    """Let something happen once a scene was written."""
    key = str(stage.world.key(scene))

    def before_answer(request: Request) -> None:
        if request.args.get("id") == key:
            stage.world.plex.before_answer = None
            act()

    stage.world.plex.before_answer = before_answer


def test_hooks_come_before_bulk(stage: Stage) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(4)]
    stage.enqueue(*scenes[:2], queue="bulk")
    stage.enqueue(*scenes[2:])

    stage.drain()

    assert written(stage) == [*scenes[2:], *scenes[:2]]


def test_a_hook_in_the_middle_of_a_bulk_batch_is_next(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(10)]
    saved = scenes.pop()
    stage.enqueue(*scenes, queue="bulk")
    after_writing(stage, scenes[3], lambda: hook(world, saved))

    stage.drain()

    assert written(stage) == [*scenes[:4], saved, *scenes[4:]]


def test_the_rest_of_a_bulk_batch_that_made_way_is_neither_lost_nor_counted(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(10)]
    stage.enqueue(*scenes[:9], queue="bulk")
    after_writing(stage, scenes[3], lambda: hook(world, scenes[9]))

    report = stage.drain()

    assert (report.succeeded, report.processed) == (10, 10)
    assert stage.is_idle()


def test_a_hook_of_a_scene_that_waits_in_bulk_is_processed_once(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(3)]
    stage.enqueue(*scenes, queue="bulk")
    hook(world, scenes[2])

    report = stage.drain()

    assert report.processed == 3
    assert written(stage)[0] == scenes[2]


def test_a_hook_does_not_interrupt_hooks(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(4)]
    stage.enqueue(*scenes[:3])
    after_writing(stage, scenes[0], lambda: hook(world, scenes[3]))

    stage.drain()

    assert written(stage) == scenes


def test_a_stream_of_hooks_does_not_keep_a_bulk_run_from_going_on(stage: Stage) -> None:
    world = stage.world
    bulk = [world.add(f"b{n}", title=f"Bulk {n}") for n in range(3)]
    saves = [world.add(f"s{n}", title=f"Save {n}") for n in range(3)]
    stage.enqueue(*bulk, queue="bulk")
    left = list(saves)

    def a_save_after_each_write(_: Request) -> None:
        if left:
            hook(world, left.pop(0))

    world.plex.before_answer = a_save_after_each_write
    stage.drain()

    order = written(stage)
    assert sorted(order) == sorted([*bulk, *saves])
    assert order[0] == bulk[0]


def test_a_drain_that_is_stopped_puts_the_rest_back_uncounted(stage: Stage) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(5)]
    stage.enqueue(*scenes)
    seen: list[int] = []

    def two_and_no_more(report: DrainReport) -> None:
        seen.append(report.processed)

    stage.worker.drain(go_on=lambda: len(seen) < 2, on_progress=two_and_no_more)

    assert seen == [1, 2]
    assert written(stage) == scenes[:2]
    assert (stage.stats["pending"], stage.stats["in_progress"]) == (3, 0)
    stage.drain()
    assert written(stage) == scenes


def test_what_is_spooled_while_a_drain_runs_is_processed_by_it(stage: Stage) -> None:
    world = stage.world
    first, spooled = world.add("a", title="A"), world.add("b", title="B")

    stage.enqueue(first)
    after_writing(stage, first, lambda: spool(world, spooled))
    stage.drain()

    assert world.shown(spooled)["title"] == "B"
    assert not list((world.data_dir / "spool").iterdir())


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
def test_every_job_is_processed_once_whatever_their_number(stage: Stage, count: int) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(count)]

    report = stage.sync(*scenes) if scenes else stage.drain()

    assert report.succeeded == count
    assert written(stage) == scenes
    assert stage.is_idle()


def test_an_empty_queue_costs_no_request(stage: Stage) -> None:
    stage.drain()

    assert stage.world.plex.requests == []
    assert stage.world.stash.requests == []


def test_a_report_counts_what_became_of_each_job(stage: Stage) -> None:
    world = stage.world
    healthy, sick, missing = world.add("a"), world.add("b"), world.add("c", in_plex=False)
    refused = world.add("d")
    world.plex.chokes_on(world.key(sick), 500)
    world.plex.chokes_on(world.key(refused), 400)

    report = stage.sync(healthy, sick, missing, refused)

    assert (report.succeeded, report.put_off, report.failed) == (1, 2, 1)
    assert report.processed == 4

"""A drain that somebody watches: progress bar, budget, summary, and watching another's drain."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from tests.worker.conftest import Run
from tests.worker.stage import Stage, hook, spool
from worker import foreground


def given_scenes(stage: Stage, count: int) -> list[int]:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(count)]
    stage.clock.move(10)
    return scenes


def titles(stage: Stage, scenes: list[int]) -> list[str]:
    return [stage.world.shown(scene)["title"] for scene in scenes]


def test_an_empty_queue_says_so(run: Run) -> None:
    assert run(foreground.process_queue) == "Queue is empty - nothing to process"


def test_processing_the_queue_says_what_became_of_it(stage: Stage, run: Run) -> None:
    scenes = given_scenes(stage, 4)
    stage.world.plex.chokes_on(stage.world.key(scenes[1]), 400)
    stage.enqueue(*scenes)

    summary = run(foreground.process_queue)

    assert summary == "Batch processing complete: 3 succeeded, 1 failed in 0.0s"
    assert titles(stage, scenes) == ["Scene 0", "s1", "Scene 2", "Scene 3"]


def test_processing_ends_while_a_retry_waits_and_says_when_it_is_due(
    stage: Stage, run: Run
) -> None:
    scenes = given_scenes(stage, 2)
    stage.world.plex.weather(429, only="PUT", retry_after=120)
    stage.enqueue(*scenes)

    summary = run(foreground.process_queue)

    assert summary == (
        "Batch processing complete: 0 succeeded, 0 failed in 0.0s, 2 put off; "
        "the next retry is due in 120 s"
    )
    again = run(foreground.process_queue)
    assert again == "Queue is empty - nothing to process; the next retry is due in 120 s"


def test_a_retry_that_is_due_is_no_empty_queue(stage: Stage, run: Run) -> None:
    (scene,) = given_scenes(stage, 1)
    stage.world.plex.weather(429, only="PUT", retry_after=120)
    stage.enqueue(scene)
    run(foreground.process_queue)
    stage.world.plex.weather("fine")
    stage.clock.move(120)

    run(foreground.process_queue)

    assert titles(stage, [scene]) == ["Scene 0"]


def test_a_spool_file_is_no_empty_queue(stage: Stage, run: Run) -> None:
    (scene,) = given_scenes(stage, 1)
    spool(stage.world, scene)

    run(foreground.process_queue)

    assert titles(stage, [scene]) == ["Scene 0"]


def test_the_bar_goes_from_nought_to_one_and_never_back(
    stage: Stage, run: Run, bar: list[float]
) -> None:
    stage.enqueue(*given_scenes(stage, 23))

    run(foreground.process_queue)

    assert bar == sorted(bar)
    assert (bar[0], bar[-1]) == (0.0, 1.0)
    assert len(bar) > 4


def test_the_bar_stays_within_its_bounds_and_never_goes_back_while_the_queue_grows(
    stage: Stage, run: Run, bar: list[float]
) -> None:
    world = stage.world
    scenes = given_scenes(stage, 60)

    def many_more(_: object) -> None:
        if world.plex.count("PUT") == 8:
            for scene in scenes[10:]:
                hook(world, scene)

    world.plex.before_answer = many_more
    stage.enqueue(*scenes[:10])
    run(foreground.process_queue)

    assert titles(stage, scenes) == [f"Scene {n}" for n in range(60)]
    assert all(0 <= place <= 1 for place in bar)
    assert bar == sorted(bar)


def test_the_log_tells_how_far_it_is(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    stage.enqueue(*given_scenes(stage, 20))

    run(foreground.process_queue)

    assert "Starting batch processing of 20 items..." in caplog.text
    assert "Progress: 5/20 (25%), 15 remaining" in caplog.text


def test_after_the_budget_the_rest_is_left_to_the_background(stage: Stage, run: Run) -> None:
    scenes = given_scenes(stage, 10)
    stage.world.plex.before_answer = lambda _: stage.clock.move(10)
    stage.enqueue(*scenes)

    summary = run(partial(foreground.process_queue, budget=35))

    assert titles(stage, scenes) == [f"Scene {n}" if n < 4 else f"s{n}" for n in range(10)]
    assert summary.endswith(
        "4 succeeded, 0 failed in 40.0s; 6 remain and are left to the background"
    )
    assert stage.stats["pending"] == 6


def test_a_plex_that_is_away_is_told_in_the_summary_and_nothing_is_lost(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    stage.enqueue(*given_scenes(stage, 3))
    stage.world.plex.stop()

    summary = run(foreground.process_queue)

    assert "0 succeeded, 0 failed" in summary
    assert "3 remain" in summary
    assert "Circuit breaker OPEN - Plex may be unavailable" in caplog.text
    assert stage.stats["pending"] == 3


def test_a_drain_that_stops_although_plex_answers_says_why(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    stage.enqueue(*given_scenes(stage, 3))
    stage.world.plex.weather(500, path_prefix="/library/sections/1/all")

    run(foreground.process_queue)

    assert "stopped: Plex answered 500 when listing a library" in caplog.text
    assert "Circuit breaker OPEN" not in caplog.text
    assert stage.stats["pending"] == 3


def test_what_a_killed_drain_left_in_flight_is_processed(stage: Stage, run: Run) -> None:
    scenes = given_scenes(stage, 3)
    stage.enqueue(*scenes)
    stage.queue.db.execute("UPDATE ack_queue_default SET status = 2")

    run(foreground.process_queue)

    assert titles(stage, scenes) == ["Scene 0", "Scene 1", "Scene 2"]


def test_sync_all_brings_every_scene_to_plex(stage: Stage, run: Run) -> None:
    scenes = given_scenes(stage, 12)

    summary = run(foreground.sync_all)

    assert (
        summary == "12 scenes enqueued. Batch processing complete: 12 succeeded, 0 failed in 0.0s"
    )
    assert titles(stage, scenes) == [f"Scene {n}" for n in range(12)]


def test_sync_all_takes_as_long_as_its_scenes_are_reckoned_to_take(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    given_scenes(stage, 20)
    stage.world.plex.before_answer = lambda _: stage.clock.move(10)

    summary = run(foreground.sync_all)

    assert "This task takes 60 s at most and leaves the rest to the background" in caplog.text
    assert "6 succeeded" in summary
    assert "14 remain and are left to the background" in summary


def test_sync_recent_brings_what_changed_within_a_day_to_plex(stage: Stage, run: Run) -> None:
    now = datetime.fromtimestamp(stage.clock.now(), UTC)
    old, new = (
        stage.world.add(name, title=name.upper(), updated_at=(now - age).isoformat())
        for name, age in [("a", timedelta(hours=25)), ("b", timedelta(hours=23))]
    )

    summary = run(foreground.sync_recent)

    assert summary.startswith("1 scenes enqueued.")
    assert titles(stage, [old, new]) == ["a", "B"]

"""What a drain measures of its jobs, and what the next one plans by it."""

import pytest

from tests.servers.plex import Request
from tests.worker.conftest import Run
from tests.worker.stage import Stage
from worker import foreground
from worker.stats import FILE, SyncStats


def given_scenes(stage: Stage, count: int) -> list[int]:
    return [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(count)]


def each_write_takes(stage: Stage, seconds: float) -> None:
    stage.world.plex.before_answer = lambda _: stage.clock.move(seconds)


def measured(stage: Stage) -> SyncStats:
    """What the next process will know."""
    return SyncStats.load_from_file(stage.world.data_dir / FILE)


def test_a_drain_measures_its_jobs_and_the_next_process_goes_on_from_there(stage: Stage) -> None:
    scenes = given_scenes(stage, 6)
    each_write_takes(stage, 3)
    stage.sync(*scenes[:4])
    assert measured(stage) == SyncStats(4, 12.0)

    stage.reopen()
    each_write_takes(stage, 9)
    stage.sync(*scenes[4:])

    assert measured(stage) == SyncStats(6, 30.0)


def test_only_the_time_at_work_is_measured(stage: Stage) -> None:
    scenes = given_scenes(stage, 6)
    each_write_takes(stage, 3)

    for scene in scenes:
        stage.sync(scene)
        stage.clock.move(3600)

    assert measured(stage) == SyncStats(6, 18.0)


def test_jobs_that_fail_take_their_time_too(stage: Stage) -> None:
    scenes = given_scenes(stage, 3)
    stage.world.plex.chokes_on(stage.world.key(scenes[1]), 400)
    each_write_takes(stage, 3)

    assert stage.sync(*scenes).failed == 1

    assert measured(stage) == SyncStats(3, 6.0)


def test_an_outage_is_not_measured(stage: Stage) -> None:
    scenes = given_scenes(stage, 6)
    each_write_takes(stage, 3)
    stage.sync(*scenes[:3])
    before = measured(stage)
    stage.world.plex.stop()

    report = stage.sync(*scenes[3:])

    assert report.stopped == "Plex does not answer"
    assert stage.clock.elapsed > 9  # it slept between its attempts
    assert measured(stage) == before


def test_a_plex_that_goes_away_in_the_middle_of_a_batch_spoils_no_average(stage: Stage) -> None:
    scenes = given_scenes(stage, 6)

    def stop_at_the_third(request: Request) -> None:
        stage.clock.move(3)
        if request.args.get("id") == str(stage.world.key(scenes[2])):
            stage.clock.move(1000)
            stage.world.plex.weather(503)

    stage.world.plex.before_answer = stop_at_the_third
    stage.sync(*scenes)

    assert stage.stats["pending"] + stage.stats["waiting"] == 3
    assert measured(stage) == SyncStats()


def test_a_drain_that_finds_nothing_measures_nothing(stage: Stage) -> None:
    stage.drain()

    assert measured(stage) == SyncStats()


@pytest.mark.parametrize(
    ("known", "budget"),
    [
        (SyncStats(), 36),
        (SyncStats(100, 1000.0), 180),
        (SyncStats(100, 10.0), 30),
        (SyncStats(100, 10_000.0), 600),
    ],
)
def test_sync_all_takes_as_long_as_its_scenes_took_before(
    stage: Stage,
    run: Run,
    caplog: pytest.LogCaptureFixture,
    known: SyncStats,
    budget: int,
) -> None:
    given_scenes(stage, 12)
    known.save_to_file(stage.world.data_dir / FILE)

    run(foreground.sync_all)

    told = f"This task takes {budget} s at most and leaves the rest to the background"
    assert told in caplog.messages


def test_what_waits_already_is_part_of_sync_alls_plan(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    gone = 100_000
    stage.enqueue(*range(gone, gone + 28))
    given_scenes(stage, 2)

    run(foreground.sync_all)

    assert "This task takes 90 s at most and leaves the rest to the background" in caplog.messages


def test_what_is_left_of_sync_all_is_told_with_its_time_and_the_way_on(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    given_scenes(stage, 20)
    each_write_takes(stage, 10)

    run(foreground.sync_all)

    assert (
        "14 items remain: 140 s for 14 items (measured: 10 s per item); "
        "Process Queue goes on without a limit"
    ) in caplog.messages


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (SyncStats(), "8 s for 4 items (default: 2 s per item)"),
        (SyncStats(4, 40.0), "34 s for 4 items (default: 8.4 s per item)"),
        (SyncStats(8, 1.0), "0 s for 4 items (measured: 0.125 s per item)"),
    ],
)
def test_a_drain_says_beforehand_how_long_it_will_take(
    stage: Stage, run: Run, caplog: pytest.LogCaptureFixture, known: SyncStats, told: str
) -> None:
    stage.enqueue(*given_scenes(stage, 4))
    known.save_to_file(stage.world.data_dir / FILE)

    run(foreground.process_queue)

    assert f"Estimated time: {told}" in caplog.messages

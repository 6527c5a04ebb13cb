"""GAP-04: gaps become ordinary jobs, one per scene, and none that is known to be in vain."""

import logging
from collections.abc import Sequence

import pytest

from tests.reconciliation.reconciler import Reconciler, add_synced, kinds
from tests.worker.stage import Stage
from tests.world import picture
from worker.circuit_breaker import CircuitState


def add_missing(stage: Stage) -> int:
    """A scene that Plex, which has others, does not have."""
    stage.world.plex.add_item("/data/stranger.mp4", 1000, stage.world.section)
    return stage.world.add("missing", in_plex=False)


# Ordinary jobs


def test_gap_04_a_gap_of_each_kind_is_one_job_of_the_bulk_queue(
    stage: Stage, reconciler: Reconciler
) -> None:
    (stale,) = add_synced(stage, "stale")
    empty, missing = stage.world.add("empty"), stage.world.add("missing", in_plex=False)
    stage.world.stash.change_silently(stale, title="Changed")

    result = reconciler.run()

    assert kinds(result) == {"empty": 1, "stale": 1, "missing": 1}
    assert result.enqueued_count == 3
    assert reconciler.queued() == [stale, empty, missing]
    assert stage.queue.db.number("SELECT count(*) FROM ack_queue_bulk WHERE status < 2") == 3


def test_gap_04_a_save_is_written_before_the_gaps(stage: Stage, reconciler: Reconciler) -> None:
    gaps = [stage.world.add(f"gap{n}", title=f"Gap {n}") for n in range(5)]
    saved = stage.world.add("saved", title="Saved", in_plex=False)
    reconciler.run()
    stage.world.plex.add_item("/data/saved.mp4", 1000, stage.world.section)
    stage.edit(saved, title="Saved again")

    stage.drain()

    edits = [r.args["id"] for r in stage.world.plex.requests if r.method == "PUT"]
    assert edits == [str(stage.world.key(scene)) for scene in (saved, *gaps)]


def test_gap_04_a_gap_is_tried_again_counted_and_given_up_like_any_job(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("sick", title="Sick")
    stage.world.plex.chokes_on(stage.world.key(scene))
    reconciler.run()

    stage.drain()
    assert (stage.attempts(scene), list(stage.waiting())) == (1, [scene])
    stage.drain_until_idle()

    assert stage.dead() == {scene: "gave up after 5 attempts: Plex answered 500 when editing"}


def test_gap_04_gaps_wait_in_the_queue_while_plex_is_away(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(20)]
    reconciler.run()
    stage.world.plex.stop()
    for _ in range(10):
        stage.drain()
    assert stage.breaker is not CircuitState.CLOSED
    assert stage.dead() == {}

    stage.world.plex.start()
    stage.clock.move(600)
    stage.drain_until_idle()

    assert [stage.world.shown(scene)["title"] for scene in scenes] == [
        f"Scene {n}" for n in range(20)
    ]


def test_gap_04_a_missing_scene_waits_and_is_parked_like_any_other(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_missing(stage)
    reconciler.run()

    stage.drain()
    assert list(stage.waiting()) == [scene]
    stage.drain_until_idle()

    assert stage.parked() == [scene]


# Scenes that have a job


def test_a_gap_whose_scene_has_a_job_is_not_enqueued_again(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = [stage.world.add(f"s{n}") for n in range(3)]
    stage.enqueue(scenes[1])

    result = reconciler.run()

    assert kinds(result) == {"empty": 3}
    assert (result.enqueued_count, result.skipped_already_queued) == (2, 1)
    assert reconciler.queued() == scenes


def test_a_gap_that_waits_for_its_next_attempt_has_a_job(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = add_missing(stage)
    stage.sync(scene)
    assert list(stage.waiting()) == [scene]

    result = reconciler.run()

    assert kinds(result) == {"missing": 1}
    assert (result.enqueued_count, result.skipped_already_queued) == (0, 1)
    assert list(stage.waiting()) == [scene]


def test_a_second_run_enqueues_nothing_that_the_first_has_enqueued(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = [stage.world.add(f"s{n}") for n in range(3)]
    reconciler.run()

    result = reconciler.run()

    assert kinds(result) == {"empty": 3}
    assert (result.enqueued_count, result.skipped_already_queued) == (0, 3)
    assert reconciler.queued() == scenes


def test_more_gaps_than_sqlite_looks_up_at_once_are_told_from_those_that_have_jobs(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = [stage.world.add(f"s{n}") for n in range(1100)]
    stage.enqueue(*scenes[::2])

    result = reconciler.run()

    assert (result.enqueued_count, result.skipped_already_queued) == (550, 550)
    assert reconciler.queued() == scenes


# Counting


def test_without_a_queue_gaps_are_only_counted(stage: Stage, reconciler: Reconciler) -> None:
    (stale,) = add_synced(stage, "stale")
    stage.world.stash.change_silently(stale, title="Changed")
    stage.world.add("empty")
    stage.world.add("missing", in_plex=False)

    result = reconciler.count()

    assert kinds(result) == {"empty": 1, "stale": 1, "missing": 1}
    assert (result.enqueued_count, result.skipped_already_queued, result.skipped_given_up) == (
        0, 0, 0,
    )  # fmt: skip
    assert reconciler.queued() == []


def test_a_queue_with_nothing_in_it_is_a_queue(stage: Stage, reconciler: Reconciler) -> None:
    stage.world.add("empty")

    assert reconciler.run(queue=stage.queue).enqueued_count == 1


# Only what is empty


def test_only_empty_items_are_enqueued_if_that_is_asked_for_and_all_gaps_counted(
    stage: Stage, reconciler: Reconciler
) -> None:
    (stale,) = add_synced(stage, "stale")
    stage.world.stash.change_silently(stale, title="Changed")
    empty = stage.world.add("empty")
    stage.world.add("missing", in_plex=False)
    other = stage.world.add("other")
    stage.world.plex.user_edits(stage.world.key(other), studio="Old Studio")

    result = reconciler.run(only_empty=True)

    assert kinds(result) == {"empty": 1, "stale": 2, "missing": 1}
    assert result.enqueued_count == 1
    assert reconciler.queued() == [empty]


def test_what_merely_is_to_be_confirmed_is_not_enqueued_with_the_empty(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", title="a")
    key = stage.world.key(scene)
    stage.world.plex.user_edits(key, studio="Studio", titleSort="a", collection=["Studio"])

    assert reconciler.run(only_empty=True).enqueued_count == 0
    assert reconciler.run().enqueued_count == 1


# Scenes of unknown origin


def test_scenes_to_be_confirmed_are_enqueued_once_for_their_posters(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = add_like_plex(stage, "abc")

    first, again = reconciler.run(), reconciler.run()

    assert (first.unconfirmed_count, first.enqueued_count, first.total_gaps) == (3, 3, 0)
    assert (again.unconfirmed_count, again.enqueued_count) == (0, 0)
    stage.drain()
    assert all(stage.world.shown(scene)["poster"] for scene in scenes)
    confirmed = reconciler.run()
    assert (confirmed.unconfirmed_count, confirmed.enqueued_count) == (0, 0)


def add_like_plex(stage: Stage, names: Sequence[str]) -> list[int]:
    """Scenes that Plex shows as Stash says, but for the posters, without our doing."""
    scenes = [stage.world.add(name, title=name, cover=picture(name)) for name in names]
    for scene, name in zip(scenes, names, strict=True):
        key = stage.world.key(scene)
        stage.world.plex.user_edits(key, studio="Studio", titleSort=name, collection=["Studio"])
    stage.clock.move(10)
    return scenes


# While it runs


def test_a_run_that_is_ended_between_two_pages_has_enqueued_the_first_and_says_so(
    stage: Stage, reconciler: Reconciler
) -> None:
    scenes = [stage.world.add(f"s{n}") for n in range(1001)]

    result = reconciler.run(between=lambda: False)

    assert not result.is_complete
    assert result.errors == ["the run was ended before it was through"]
    assert (result.scenes_checked, result.enqueued_count) == (1000, 1000)
    assert reconciler.queued() == scenes[:1000]
    assert reconciler.run().is_complete
    assert reconciler.queued() == scenes


def test_progress_grows_page_by_page_to_the_whole(stage: Stage, reconciler: Reconciler) -> None:
    stage.world.plex.add_item("/data/stranger.mp4", 1000, stage.world.section)
    for n in range(2000):
        stage.world.stash.add_scene(title=f"s{n}")
    progress: list[float] = []

    reconciler.run(on_progress=progress.append)

    assert progress == sorted(progress)
    assert set(progress) == {0.0, 0.5, 1.0}


def test_the_run_logs_nothing_of_each_scene(
    stage: Stage, reconciler: Reconciler, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(20):
        stage.world.add(f"s{n}")
    assert reconciler.queued() == []
    caplog.clear()

    reconciler.run()

    assert [r for r in caplog.records if r.levelno >= logging.INFO] == []

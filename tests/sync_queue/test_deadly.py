"""A scene that kills workers is buried in the end, and takes no other with it."""

from domain.job import SyncJob
from sync_queue.operations import get_pending
from sync_queue.orphans import DEADLY, get_suspect
from sync_queue.retry import load_job
from tests.sync_queue.store import Store, scene


def test_two_deaths_alone_do_not_bury_a_scene(suspect: Store) -> None:
    suspect.die_alone(DEADLY - 1)

    assert suspect.dead() == {}
    assert suspect.take_suspect().deaths == 2


def test_three_deaths_alone_bury_a_scene(suspect: Store) -> None:
    assert DEADLY == 3

    suspect.die_alone(3)

    assert suspect.dead() == {1: "3 workers died while only this scene was at work"}
    assert get_suspect(suspect.queue) is None
    assert get_pending(suspect.queue) is None


def test_a_buried_scene_is_tried_again_when_somebody_edits_it(suspect: Store) -> None:
    suspect.die_alone(3)
    suspect.event(1)

    job = suspect.take()

    assert (job.alone, job.deaths) == (False, 0)


def test_a_suspect_that_succeeds_is_forgiven(suspect: Store) -> None:
    suspect.die_alone(2)

    suspect.finish(suspect.take_suspect())

    assert load_job(suspect.queue, scene(1)).alone is False
    assert suspect.deaths_of(1) == 0


def test_100_batches_with_deaths_bury_no_healthy_scene(store: Store) -> None:
    for number in range(100):
        store.event(*range(1, 11))
        batch = take_batch(store)
        current = number % len(batch)
        for job in batch[:current]:
            store.finish(job)
        store.work_at(batch[current])
        store.die()
        while (alone := get_suspect(store.queue)) is not None:
            store.finish(alone)

    assert store.dead() == {}


def test_a_scene_that_kills_every_worker_takes_none_of_100_others_with_it(store: Store) -> None:
    store.event(*range(1, 101))
    processes = 0
    while batch := take_batch(store) or suspects(store):
        for job in batch:
            store.work_at(job)
            if job.key == scene(50):
                store.die()
                processes += 1
                break
            store.finish(job)

    assert list(store.dead()) == [50]
    assert store.stats["pending"] == store.stats["in_progress"] == 0
    assert processes == 1 + DEADLY


def suspects(store: Store) -> list[SyncJob]:
    job = get_suspect(store.queue)
    return [job] if job else []


def take_batch(store: Store) -> list[SyncJob]:
    batch = []
    while (job := get_pending(store.queue)) is not None:
        batch.append(job)
    return batch

"""A worker dies; whoever was at work then is suspected, and nobody else."""

from dataclasses import replace

from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending, is_due, send_to_back
from sync_queue.orphans import get_suspect, mark_at_work, resume_orphans
from sync_queue.retry import promote_due
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock


def test_a_dead_workers_jobs_are_fetched_again_in_their_order(store: Store) -> None:
    store.event(1, 2, 3)
    store.take_all()

    store.die()

    assert store.take_all() == [1, 2, 3]


def test_jobs_of_a_bulk_run_are_fetched_again_too(store: Store) -> None:
    store.put(1, 2, queue="bulk")
    store.take_all()

    store.die()

    assert store.take_all() == [1, 2]


def test_a_death_before_anything_was_at_work_is_charged_to_nobody(
    store: Store, queue: SyncQueue
) -> None:
    store.event(1, 2)
    store.take_all()

    store.die()

    assert store.sql("SELECT * FROM retry") == []


def test_a_death_is_charged_to_the_scene_at_work_only(store: Store) -> None:
    store.event(1, 2, 3)
    jobs = [store.take() for _ in range(3)]
    store.work_at(jobs[0])
    with store.settling():  # the first is settled, so the second is at work
        store.queue.db.execute("DELETE FROM ack_queue_default WHERE _id = 1")
        mark_at_work(store.queue, jobs[1])

    store.die()

    assert store.sql("SELECT id, alone FROM retry") == [(2, 1)]
    assert store.take_all() == [3]


def test_a_suspect_is_fetched_by_itself_and_not_with_the_others(suspect: Store) -> None:
    suspect.event(2, 3)

    assert suspect.take_all() == [2, 3]
    assert suspect.take_suspect().key == scene(1)


def test_a_suspect_says_that_it_runs_alone(suspect: Store) -> None:
    assert suspect.take_suspect().alone


def test_a_suspect_keeps_the_drain_awake(suspect: Store) -> None:
    assert is_due(suspect.queue)


def test_a_suspect_is_fetched_once(suspect: Store) -> None:
    suspect.take_suspect()

    assert get_suspect(suspect.queue) is None
    assert get_pending(suspect.queue) is None


def test_without_a_death_nobody_is_suspected(store: Store) -> None:
    store.event(1)

    assert get_suspect(store.queue) is None


def test_a_job_that_only_waited_is_no_suspect(store: Store) -> None:
    store.event(1)
    store.postpone(store.take(), 0)

    assert get_suspect(store.queue) is None


def test_a_suspect_is_not_put_back_into_its_queue(suspect: Store) -> None:
    promote_due(suspect.queue)

    assert suspect.stats["pending"] == 0


def test_a_death_among_others_counts_none(suspect: Store) -> None:
    assert suspect.deaths_of(1) == 0


def test_a_death_alone_counts_one(suspect: Store) -> None:
    suspect.work_at(suspect.take_suspect())

    suspect.die()

    assert suspect.deaths_of(1) == 1


def test_a_suspect_whose_worker_died_before_it_was_at_work_is_charged_with_nothing(
    suspect: Store,
) -> None:
    suspect.take_suspect()

    suspect.die()

    assert get_pending(suspect.queue) is None
    assert suspect.take_suspect().deaths == 0


def test_an_event_for_a_suspect_does_not_put_it_among_the_others(suspect: Store) -> None:
    suspect.event(1, 2)

    assert suspect.take_all() == [2]


def test_an_event_for_a_suspect_is_served_with_it(suspect: Store) -> None:
    suspect.event(1)
    assert get_pending(suspect.queue) is None

    suspect.finish(suspect.take_suspect())

    assert set(suspect.stats.values()) == {0}


def test_an_event_that_no_drain_has_seen_yet_is_served_with_its_suspect(suspect: Store) -> None:
    suspect.event(1)

    suspect.finish(suspect.take_suspect())

    assert set(suspect.stats.values()) == {0}


def test_an_event_for_a_suspect_does_not_clear_its_record(suspect: Store) -> None:
    suspect.die_alone(2)
    suspect.event(1)
    assert get_pending(suspect.queue) is None

    assert suspect.take_suspect().deaths == 2


def test_a_suspect_that_plex_could_not_serve_is_still_a_suspect(suspect: Store) -> None:
    job = suspect.take_suspect()
    with suspect.settling():
        send_to_back(suspect.queue, job)

    assert get_pending(suspect.queue) is None
    assert suspect.take_suspect().alone


def test_a_suspect_is_not_lost_when_the_clock_is_set_back(
    suspect: Store, clock: FrozenClock
) -> None:
    clock.move(-3 * 86_400)

    assert suspect.take_suspect().key == scene(1)


def test_a_death_keeps_what_the_scene_went_through(store: Store, clock: FrozenClock) -> None:
    store.event(1)
    store.postpone(replace(store.take(), attempts=3, misses=1), 60)
    clock.move(60)
    store.work_at(store.take())

    store.die()

    job = store.take_suspect()
    assert (job.attempts, job.misses) == (3, 1)


def test_a_suspect_of_a_bulk_run_stays_in_bulk(store: Store) -> None:
    store.put(1, queue="bulk")
    store.work_at(store.take())

    store.die()

    assert store.take_suspect().queue == "bulk"


def test_resuming_twice_charges_once(suspect: Store) -> None:
    suspect.work_at(suspect.take_suspect())
    suspect.die()

    resume_orphans(suspect.queue)

    assert suspect.deaths_of(1) == 1


def test_nobody_is_charged_when_the_drain_had_said_that_nothing_is_at_work(
    store: Store, queue: SyncQueue
) -> None:
    store.event(1)
    store.work_at(store.take())
    with store.settling():
        mark_at_work(queue, None)

    store.die()

    assert store.take_all() == [1]

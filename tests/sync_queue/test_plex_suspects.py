"""Plex goes away while one scene is written: it is suspected, and runs alone from then on."""

from collections.abc import Callable

import pytest

from domain.job import SyncJob
from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending
from sync_queue.orphans import charge_outage, get_suspect
from sync_queue.retry import load_job
from tests.sync_queue.store import Store, scene

Fell = Callable[[SyncJob], None]


@pytest.fixture
def fell(store: Store) -> Fell:
    """Plex went away while this job was written."""

    def fell(job: SyncJob) -> None:
        with store.settling():
            charge_outage(store.queue, job)

    return fell


def charge_and_crash(store: Store, job: SyncJob) -> None:
    with store.settling():
        charge_outage(store.queue, job)
        raise ZeroDivisionError


@pytest.fixture
def suspected(store: Store, fell: Fell) -> Store:
    """Plex went away while scene 1 was written, among others."""
    store.event(1)
    fell(store.take())
    return store


def test_a_scene_at_which_plex_went_away_runs_alone_and_after_the_others(suspected: Store) -> None:
    suspected.event(2, 3)

    assert suspected.take_all() == [2, 3]
    assert suspected.take_suspect().key == scene(1)


def test_it_is_due_at_once_and_no_attempt_is_counted(suspected: Store) -> None:
    job = suspected.take_suspect()

    assert (job.alone, job.attempts, job.misses, job.deaths) == (True, 0, 0, 0)


def test_an_outage_among_others_counts_nothing_against_it(suspected: Store) -> None:
    assert suspected.deaths_of(1) == 0


def test_an_outage_that_began_with_it_alone_counts_one(suspected: Store, fell: Fell) -> None:
    fell(suspected.take_suspect())

    assert suspected.deaths_of(1) == 1
    assert suspected.dead() == {}
    assert suspected.take_suspect().alone


def test_two_outages_alone_do_not_bury_it(suspected: Store, fell: Fell) -> None:
    for _ in range(2):
        fell(suspected.take_suspect())

    assert suspected.dead() == {}
    assert suspected.take_suspect().deaths == 2


def test_three_outages_that_began_with_it_alone_bury_it_as_what_takes_plex_down(
    suspected: Store, fell: Fell, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        fell(suspected.take_suspect())

    columns = "id, cause, reason, attempts"
    assert suspected.sql(f"SELECT {columns} FROM dead_letter") == [
        (1, "PlexServerDown", "Plex stopped answering 3 times while only this scene was at work", 3)
    ]
    assert "scene 1: given up: Plex stopped answering 3 times" in caplog.text
    assert get_suspect(suspected.queue) is None
    assert get_pending(suspected.queue) is None


def test_a_suspect_that_is_written_after_all_is_forgiven(suspected: Store, fell: Fell) -> None:
    for _ in range(2):
        fell(suspected.take_suspect())

    suspected.finish(suspected.take_suspect())

    assert load_job(suspected.queue, scene(1)) == SyncJob(
        scene(1), enqueued_at=suspected.clock.now()
    )


def test_a_buried_suspect_is_tried_again_when_somebody_edits_it(
    suspected: Store, fell: Fell
) -> None:
    for _ in range(3):
        fell(suspected.take_suspect())
    suspected.event(1)

    job = suspected.take()

    assert (job.alone, job.deaths) == (False, 0)
    assert suspected.dead() == {}


def test_it_keeps_what_it_went_through(store: Store, queue: SyncQueue, fell: Fell) -> None:
    store.event(1)
    store.postpone(store.take(), 0)
    store.sql("UPDATE retry SET attempts = 2, misses = 1")

    fell(store.take())

    job = store.take_suspect()
    assert (job.attempts, job.misses) == (2, 1)


def test_a_suspect_of_a_bulk_run_stays_in_bulk(store: Store, fell: Fell) -> None:
    store.put(1, queue="bulk")
    fell(store.take())

    assert store.take_suspect().queue == "bulk"


def test_an_edit_that_came_meanwhile_is_served_with_the_suspect(
    suspected: Store, fell: Fell
) -> None:
    suspected.event(1)
    assert get_pending(suspected.queue) is None

    suspected.finish(suspected.take_suspect())

    assert set(suspected.stats.values()) == {0}


def test_only_the_scene_that_was_written_is_suspected(store: Store, fell: Fell) -> None:
    store.event(1, 2, 3)
    jobs = [store.take() for _ in range(3)]

    fell(jobs[1])

    assert store.sql("SELECT id, alone FROM retry") == [(2, 1)]


def test_a_crash_before_it_is_noted_changes_nothing(store: Store) -> None:
    store.event(1)
    job = store.take()
    before = store.snapshot()

    with pytest.raises(ZeroDivisionError):
        charge_and_crash(store, job)

    assert store.snapshot() == before

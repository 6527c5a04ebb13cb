"""What was given up: one row per scene with the cause, until it is synced after all."""

from collections.abc import Iterator

import pytest

from domain.errors import PermanentError, PlexTemporaryError
from domain.job import SyncJob
from domain.outcome import Buried
from sync_queue.dlq import DeadLetterQueue, bury
from tests.sync_queue.store import Store, scene


@pytest.fixture
def letters(store: Store) -> Iterator[DeadLetterQueue]:
    """The dead letters as the plans name them, on a connection of their own."""
    letters = DeadLetterQueue(store.folder, clock=store.clock)
    yield letters
    letters.close()


def give_up(store: Store, reason: str) -> None:
    job = store.take()
    with store.settling():
        bury(store.queue, job, Buried(reason, "PlexTemporaryError", attempts=5))


def test_no_letter_is_dead_at_first(letters: DeadLetterQueue) -> None:
    assert letters.get_count() == 0


def test_a_scene_that_is_given_up_leaves_the_queue_with_its_reason(
    store: Store, letters: DeadLetterQueue
) -> None:
    store.put(1, queue="bulk")

    give_up(store, "Plex refuses its date")

    assert letters.get_count() == store.stats["failed"] == 1
    assert store.take_all() == []
    columns = "id, queue, cause, reason, attempts, buried_at"
    assert store.sql(f"SELECT {columns} FROM dead_letter") == [
        (1, "bulk", "PlexTemporaryError", "Plex refuses its date", 5, store.clock.now())
    ]


def test_a_scene_that_is_given_up_twice_is_one_letter_with_the_last_reason(
    store: Store, letters: DeadLetterQueue
) -> None:
    for reason in ("first", "second"):
        store.event(1)
        give_up(store, reason)

    assert letters.get_count() == 1
    assert store.dead() == {1: "second"}


def test_a_scene_that_is_synced_later_is_no_dead_letter_any_more(
    store: Store, letters: DeadLetterQueue
) -> None:
    store.event(1, 2)
    give_up(store, "one")
    give_up(store, "two")
    store.event(1)

    store.finish(store.take())

    assert store.dead() == {2: "two"}


def test_a_scene_that_is_tried_again_is_no_dead_letter_until_it_is_given_up_again(
    store: Store,
) -> None:
    store.event(1)
    give_up(store, "one")
    store.event(1)

    store.postpone(store.take(), 0)
    assert store.dead() == {}

    give_up(store, "two")
    assert store.dead() == {1: "two"}


def test_adding_a_letter_says_what_went_wrong_and_how_often_it_was_tried(
    store: Store, letters: DeadLetterQueue
) -> None:
    letters.add(SyncJob(scene(1)), PermanentError("the file is no video"), 3)

    rows = store.sql("SELECT id, cause, reason, attempts FROM dead_letter")
    assert rows == [(1, "PermanentError", "the file is no video", 3)]


def test_adding_a_letter_takes_its_job_out_of_the_queue(
    store: Store, letters: DeadLetterQueue
) -> None:
    store.event(1)
    job = store.take()

    letters.add(job, PlexTemporaryError("busy"), 5)

    assert store.stats["in_progress"] == 0
    assert letters.get_count() == 1

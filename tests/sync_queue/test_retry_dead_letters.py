"""A scene that was given up gets another chance; what is new to it and what it keeps of the old."""

from collections.abc import Sequence

import pytest

from domain.job import QueueName
from sync_queue.dlq import retry_dead_letters
from sync_queue.manager import SyncQueue
from sync_queue.operations import release, send_to_back
from sync_queue.orphans import resume_orphans
from tests.sync_queue.states import MANY, give_up, take, wait
from tests.sync_queue.store import Store
from tests.world import FrozenClock


@pytest.fixture
def dead(store: Store) -> Store:
    """Scenes 1 to 4 were given up, in another order."""
    for scene in (3, 1, 4, 2):
        give_up(store, scene)
    return store


def first_at(store: Store) -> dict[int, float]:
    """When the first event came that each dead letter's scene never got to Plex."""
    return dict(store.sql("SELECT id, first_at FROM dead_letter"))


def test_all_dead_letters_are_tried_again_the_oldest_first(dead: Store, queue: SyncQueue) -> None:
    assert retry_dead_letters(queue) == 4

    assert dead.dead() == {}
    assert dead.take_all() == [3, 1, 4, 2]


@pytest.mark.parametrize(
    ("scenes", "tried"),
    [
        ([2], [2]),
        ([1, 3], [3, 1]),
        ([3, 3, 3], [3]),
        ([9, 4, 1_000_000], [4]),
        ([9], []),
        ([-1, 0], []),
        ([], []),
    ],
)
def test_some_dead_letters_are_tried_again_and_the_others_stay(
    dead: Store, queue: SyncQueue, scenes: Sequence[int], tried: list[int]
) -> None:
    assert retry_dead_letters(queue, scenes) == len(tried)

    assert sorted(dead.dead()) == sorted({1, 2, 3, 4} - set(tried))
    assert dead.take_all() == tried


def test_nothing_was_given_up_so_nothing_is_tried(store: Store, queue: SyncQueue) -> None:
    assert retry_dead_letters(queue) == 0
    assert store.stats["pending"] == 0


def test_they_are_tried_behind_everything_that_waits(dead: Store, queue: SyncQueue) -> None:
    dead.put(11, queue="bulk")

    retry_dead_letters(queue)
    dead.event(12)

    assert dead.take_all() == [12, 11, 3, 1, 4, 2]


def test_2500_of_them_are_tried_again_1000_at_a_time(store: Store, queue: SyncQueue) -> None:
    store.sql_many(
        "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES ('scene', ?, 'default', 'Cause', '', 5, 0, 0)",
        [(n,) for n in range(1, MANY + 1)],
    )
    commits: list[str] = []
    queue.db._connection.set_trace_callback(
        lambda statement: commits.append(statement) if statement == "COMMIT" else None
    )

    assert retry_dead_letters(queue) == MANY

    queue.db._connection.set_trace_callback(None)
    assert len(commits) == 3
    assert (store.stats["pending"], store.dead()) == (MANY, {})


@pytest.mark.parametrize("cause", ["PlexTemporaryError", "AmbiguousMatch", "PlexNotFound"])
def test_the_attempts_are_fresh(store: Store, queue: SyncQueue, cause: str) -> None:
    wait(store, 1)
    give_up(store, 1, cause)

    retry_dead_letters(queue)

    job = store.take()
    assert (job.attempts, job.misses, job.queue) == (0, 0, "bulk")


def test_a_scene_that_killed_its_workers_runs_with_the_others_again(suspect: Store) -> None:
    suspect.die_alone(3)
    assert list(suspect.dead()) == [1]

    retry_dead_letters(suspect.queue)

    job = suspect.take()
    assert (job.scene_id, job.alone, job.deaths) == (1, False, 0)


def test_a_scene_that_a_bulk_run_has_queued_already_is_queued_once(
    dead: Store, queue: SyncQueue
) -> None:
    dead.put(1, queue="bulk")

    assert retry_dead_letters(queue) == 4

    assert dead.stats["pending"] == 4
    assert dead.dead() == {}


def test_a_scene_that_is_given_up_again_is_the_newest_dead_letter(
    dead: Store, queue: SyncQueue
) -> None:
    retry_dead_letters(queue, [3])
    give_up(dead, 3)

    numbers = dead.sql("SELECT id FROM dead_letter ORDER BY number")
    assert [scene for (scene,) in numbers] == [1, 4, 2, 3]


@pytest.mark.parametrize("name", ["default", "bulk"])
def test_a_claim_takes_the_dead_letter_away_even_if_nothing_comes_of_it(
    store: Store, queue: SyncQueue, name: QueueName
) -> None:
    give_up(store, 1)
    store.put(1, queue=name)
    job = store.take()

    with store.settling():
        release(queue, [job])

    assert store.dead() == {}
    assert store.take_all() == [1]


def test_a_bulk_run_takes_a_waiting_job_at_once_and_forgives_nothing(store: Store) -> None:
    wait(store, 1)
    store.put(1, queue="bulk")

    job = store.take()

    assert (job.scene_id, job.attempts, job.misses) == (1, 3, 1)


@pytest.mark.parametrize("name", ["default", "bulk"])
def test_a_waiting_job_that_was_taken_early_does_not_fall_due_while_it_is_in_flight(
    store: Store, clock: FrozenClock, name: QueueName
) -> None:
    wait(store, 1)
    clock.move(59)
    store.put(1, queue=name)
    job = store.take()
    assert (store.stats["in_progress"], store.stats["waiting"]) == (1, 0)

    clock.move(1)
    assert store.take_all() == []

    store.postpone(job, 60)
    assert store.take_all() == []


def test_a_hopeless_scene_comes_to_an_end_however_often_a_bulk_run_queues_it(store: Store) -> None:
    """Else a reconciliation every hour would keep it going for ever."""
    wait(store, 1)
    attempts = []
    for _ in range(3):
        store.put(1, queue="bulk")
        attempts.append((job := store.take()).attempts)
        store.postpone(job, 60)

    assert attempts == [3, 3, 3]


@pytest.mark.parametrize("others", [[], ["bulk"]])
def test_a_save_forgives_whoever_else_has_queued_the_scene(
    store: Store, others: list[QueueName]
) -> None:
    wait(store, 1)
    for name in others:
        store.put(1, queue=name)
    store.event(1)

    job = store.take()

    assert (job.attempts, job.misses) == (0, 0)


def test_a_save_of_a_scene_that_a_bulk_run_waits_for_is_a_save(store: Store) -> None:
    store.put(1, queue="bulk")
    store.postpone(store.take(), 60)
    store.event(1)
    store.put(2, queue="bulk")

    store.postpone(store.take(), 0)

    assert store.take().queue == "default"


def test_a_dead_letter_says_when_its_first_event_came(store: Store, clock: FrozenClock) -> None:
    start = clock.now()
    store.put(1)
    clock.move(100)
    store.event(1)
    store.postpone(store.take(), 60)
    clock.move(60)
    store.put(1, queue="bulk")
    clock.move(100)

    give_up(store, 1)

    assert first_at(store) == {1: start}
    assert store.sql("SELECT buried_at FROM dead_letter") == [(start + 260,)]


def test_what_was_synced_before_is_not_the_first_event(store: Store, clock: FrozenClock) -> None:
    wait(store, 1)
    clock.move(60)
    store.finish(store.take())
    clock.move(1000)

    give_up(store, 1)

    assert first_at(store) == {1: clock.now()}


def test_the_first_event_is_known_after_a_kill_and_after_an_outage(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    start = clock.now()
    job = take(store, 1)
    clock.move(100)
    resume_orphans(queue)
    store.take()
    with store.settling():
        release(queue, [job])
    clock.move(100)

    give_up(store, 1)

    assert first_at(store) == {1: start}


def test_the_first_event_of_a_scene_that_went_behind_the_others_is_known(
    store: Store, queue: SyncQueue, clock: FrozenClock
) -> None:
    """As the one does at which Plex went away."""
    start = clock.now()
    job = take(store, 1)
    clock.move(100)
    with store.settling():
        send_to_back(queue, job)

    give_up(store, 1)

    assert first_at(store) == {1: start}


def test_a_suspects_first_event_is_known(suspect: Store, clock: FrozenClock) -> None:
    [(start,)] = suspect.sql("SELECT first_at FROM retry")

    suspect.die_alone(2)
    clock.move(100)
    suspect.die_alone(1)

    assert first_at(suspect) == {1: start}


def test_an_event_without_a_time_came_now(store: Store, queue: SyncQueue) -> None:
    """As the row that freeing an item makes."""
    store.event(1)
    store.sql("UPDATE ack_queue_default SET timestamp = 0.0")

    give_up(store, 1)

    assert first_at(store) == {1: store.clock.now()}

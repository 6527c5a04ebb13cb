"""Where many scenes stand at once."""

from collections.abc import Sequence

import pytest

from domain.job import JobKey, QueueName, SceneId
from sync_queue.standing import Burial, Standing, standing
from tests.sync_queue.states import be_everywhere, give_up, set_apart, take, wait
from tests.sync_queue.store import Store

OPENED_AT = 1_800_000_000.0  # Unix seconds, of the clock that stands still
BURIED = Burial(OPENED_AT, "PlexTemporaryError")


def where(store: Store, *scenes: int) -> Standing:
    return standing(store.queue, [SceneId(scene) for scene in scenes])


def test_a_queue_that_knows_nothing_of_a_scene_says_nothing_of_it(store: Store) -> None:
    assert where(store, 1, 2, 3) == Standing(set(), {}, {})


def test_no_scenes_stand_nowhere(store: Store) -> None:
    be_everywhere(store)

    assert where(store) == Standing(set(), {}, {})


def test_every_state_is_told_at_once(store: Store) -> None:
    be_everywhere(store)

    # 1 in flight, 2 waiting, 3 parked, 4 given up, 5 and 6 queued, 7 nowhere.
    found = where(store, 1, 2, 3, 4, 5, 6, 7)

    assert (found.queued, found.parked) == ({2, 5, 6}, {3: OPENED_AT})
    assert found.buried == {4: BURIED}


def test_scenes_that_nobody_asks_for_are_not_told(store: Store) -> None:
    be_everywhere(store)

    assert where(store, 7) == Standing(set(), {}, {})
    assert where(store, 5) == Standing({SceneId(5)}, {}, {})
    assert where(store, 4) == Standing(set(), {}, {SceneId(4): BURIED})


@pytest.mark.parametrize("status", [0, 1])
def test_a_row_that_waits_is_a_job(store: Store, status: int) -> None:
    """0 is what a hook writes, 1 what was put back."""
    store.put(1)
    store.sql("UPDATE ack_queue_default SET status = ?", [status])

    assert where(store, 1).queued == {1}


@pytest.mark.parametrize("queue", ["default", "bulk"])
def test_a_job_that_is_at_work_is_none_that_waits(store: Store, queue: QueueName) -> None:
    """What it has read of the scene may be old."""
    store.put(1, queue=queue)
    store.work_at(store.take())

    assert where(store, 1).queued == set()
    store.put(1, queue="bulk")
    assert where(store, 1).queued == {1}


@pytest.mark.parametrize("status", [5, 9])
def test_a_row_that_is_settled_is_no_job(store: Store, status: int) -> None:
    store.put(1)
    store.sql("UPDATE ack_queue_default SET status = ?", [status])

    assert where(store, 1).queued == set()


def test_an_event_that_a_hook_has_recorded_is_a_job(store: Store) -> None:
    store.event(1)

    assert where(store, 1, 2).queued == {1}


def test_a_retry_that_is_not_due_yet_is_a_job(store: Store) -> None:
    wait(store, 1, seconds=3600)

    assert where(store, 1).queued == {1}


def test_a_scene_whose_failures_are_remembered_has_no_job_for_that(store: Store) -> None:
    wait(store, 1)
    store.sql("UPDATE retry SET next_retry_at = NULL")

    assert where(store, 1) == Standing(set(), {}, {})


def test_a_job_that_was_done_is_forgotten(store: Store) -> None:
    store.finish(take(store, 1))

    assert where(store, 1) == Standing(set(), {}, {})


def test_a_parked_scene_that_is_saved_again_stands_in_both(store: Store) -> None:
    set_apart(store, 1)
    store.event(1)

    assert where(store, 1) == Standing({SceneId(1)}, {SceneId(1): OPENED_AT}, {})


def test_a_dead_letter_that_is_saved_again_stands_in_both(store: Store) -> None:
    give_up(store, 1)
    store.event(1)

    assert where(store, 1) == Standing({SceneId(1)}, {}, {SceneId(1): BURIED})


def test_a_dead_letter_says_when_it_was_given_up(store: Store) -> None:
    give_up(store, 1)
    store.sql("UPDATE dead_letter SET buried_at = 1700000000.5")

    assert where(store, 1).buried == {1: Burial(1_700_000_000.5, "PlexTemporaryError")}


def test_jobs_of_tags_with_the_same_number_are_no_scenes(store: Store) -> None:
    store.queue.put([JobKey("tag", 1)])
    store.sql(
        "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES ('tag', 1, 'default', 'Cause', 'why', 1, 1.0, 2.0)"
    )
    store.sql("INSERT INTO parked VALUES ('tag', 1, 'default', 1.0)")
    store.sql(
        "INSERT INTO retry (kind, id, queue, attempts, misses, deaths, alone, next_retry_at, "
        "cause, error, first_at) VALUES ('tag', 1, 'default', 1, 0, 0, 0, 9e9, 'C', 'e', 1.0)"
    )

    assert where(store, 1) == Standing(set(), {}, {})


@pytest.mark.parametrize("many", [499, 500, 501, 1000, 1001, 2500])
def test_more_scenes_than_one_query_takes_are_all_told(store: Store, many: int) -> None:
    """Every seventh waits, in turns in either queue; the last one is parked, the first buried."""
    give_up(store, 1)
    set_apart(store, many)
    waiting = range(7, many, 7)
    store.put(*waiting[::2])
    store.put(*waiting[1::2], queue="bulk")

    found = where(store, *range(1, many + 1))

    assert found == Standing(
        set(map(SceneId, waiting)), {SceneId(many): OPENED_AT}, {SceneId(1): BURIED}
    )


def test_looking_changes_nothing(store: Store) -> None:
    be_everywhere(store)
    before = store.snapshot()

    where(store, *range(1, 1200))

    assert store.snapshot() == before


@pytest.mark.parametrize(
    ("table", "condition"),
    [
        ("ack_queue_default", "status < 2 AND data IN (?, ?)"),
        ("ack_queue_bulk", "status < 2 AND data IN (?, ?)"),
        ("retry", "next_retry_at IS NOT NULL AND kind = 'scene' AND id IN (?, ?)"),
        ("parked", "kind = 'scene' AND id IN (?, ?)"),
        ("dead_letter", "kind = 'scene' AND id IN (?, ?)"),
    ],
)
def test_no_table_is_read_from_end_to_end(store: Store, table: str, condition: str) -> None:
    be_everywhere(store)

    plan = plan_of(store, f"SELECT * FROM {table} WHERE {condition}", [1, 2])

    assert plan
    assert all(step.startswith("SEARCH") for step in plan)


def plan_of(store: Store, statement: str, values: Sequence[object]) -> list[str]:
    return [row[3] for row in store.sql(f"EXPLAIN QUERY PLAN {statement}", values)]

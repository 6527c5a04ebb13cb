"""A queue that an older version of the plugin left behind is taken over with all that is in it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.job import SceneId
from domain.plex_item import RatingKey
from sync_queue import inbox
from sync_queue.clearing import clear_pending_items, undo_clear
from sync_queue.database import DatabaseDamaged
from sync_queue.dlq import retry_dead_letters
from sync_queue.ledger import Ledger
from sync_queue.orphans import resume_orphans
from sync_queue.parked import rearm
from sync_queue.schema import STEPS, VERSION
from tests.sync_queue.store import Rows, Store
from tests.world import FrozenClock

NOW = 1_800_000_000.0


def job(scene: int) -> bytes:
    return inbox.payload("scene", scene)


ROWS: dict[str, Rows] = {
    "ack_queue_default": [(1, job(1), NOW - 9, 0), (2, job(2), NOW - 8, 2), (7, job(7), 0.0, 1)],
    "ack_queue_bulk": [(1, job(3), NOW - 7, 0), (2, job(1), NOW - 6, 0), (3, job(10), NOW - 5, 2)],
    "retry": [
        ("scene", 2, "default", 3, 0, 0, 0, None, 2, "PlexTemporaryError", "busy", NOW - 99, None),
        ("scene", 4, "bulk", 1, 2, 0, 0, NOW + 60, None, "PlexNotFound", "“no”", NOW - 98, 1),
        ("scene", 5, "default", 0, 0, 2, 1, NOW - 1, None, "WorkerDied", "died", NOW - 97, None),
    ],
    "at_work": [(1, "scene", 2, "default", 0, NOW - 3)],
    "parked": [("scene", 6, "bulk", NOW - 1000)],
    "parked_file": [("a.mp4", "scene", 6), ("ü.mp4", "scene", 6)],
    "dead_letter": [
        (3, "scene", 8, "default", "AmbiguousMatch", "two files", 1, NOW - 50, NOW - 40, None),
        (9, "scene", 9, "bulk", "PlexTemporaryError", "500", 5, NOW - 30, NOW - 20, 7),
    ],
    "ledger": [
        ("plex", 70, 11, "2026-01-01T00:00:00Z", "hash", '{"title":["A","A",1]}', "{}", "{}", NOW)
    ],
    "contender": [("plex", 70, 12)],
}


@pytest.fixture
def first_format(folder: Path, clock: FrozenClock) -> Iterator[Store]:
    """A queue of the first format with rows in every table, and no process at it."""
    (folder / "queue").mkdir()
    with closing(sqlite3.connect(folder / "queue" / "data.db")) as db, db:
        db.execute("PRAGMA journal_mode=WAL")
        for statement in STEPS[0]:
            db.execute(statement)
        for table, rows in ROWS.items():
            marks = ", ".join("?" * len(rows[0]))
            db.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        db.execute("PRAGMA user_version=1")
    with Store(folder, clock) as store:
        yield store


def version(store: Store) -> int:
    return int(store.sql("PRAGMA user_version")[0][0])


def tables(store: Store) -> set[str]:
    return {name for (name,) in store.sql("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_the_example_has_rows_in_every_table_of_the_first_format(first_format: Store) -> None:
    assert tables(first_format) == {*ROWS, "sqlite_sequence"}


def test_nothing_is_lost(first_format: Store) -> None:
    assert first_format.queue

    assert version(first_format) == VERSION
    kept = first_format.snapshot()
    assert {table: kept[table] for table in ROWS} == ROWS
    assert kept["clearing"] == kept["removed"] == []


def test_numbers_go_on_where_they_were(first_format: Store) -> None:
    """A dead letter's number says how new it is, even if all are cleared."""
    before = first_format.sql("SELECT * FROM sqlite_sequence ORDER BY name")
    assert first_format.queue

    assert first_format.sql("SELECT * FROM sqlite_sequence ORDER BY name") == before


def test_the_drain_goes_on_where_the_older_version_was(
    first_format: Store, clock: FrozenClock
) -> None:
    resume_orphans(first_format.queue)

    assert first_format.take_all() == [1, 7, 3, 10]
    jobs = {job.scene_id: job for job in (first_format.take_suspect() for _ in range(2))}
    assert (jobs[SceneId(2)].attempts, jobs[SceneId(2)].deaths) == (3, 0)
    assert (jobs[SceneId(5)].attempts, jobs[SceneId(5)].deaths) == (0, 2)
    clock.move(60)
    waited = first_format.take()
    assert (waited.scene_id, waited.attempts, waited.misses) == (4, 1, 2)


def test_what_was_parked_given_up_and_synced_is_known(first_format: Store) -> None:
    queue = first_format.queue

    assert rearm(queue, ["ü.mp4"]) == 1
    assert retry_dead_letters(queue) == 2
    [entry] = Ledger(queue.db).of_items("plex", [RatingKey(70)])[RatingKey(70)]
    assert (entry.scene_id, entry.fields["title"].written) == (11, "A")


def test_what_waited_before_can_be_cleared_and_brought_back(first_format: Store) -> None:
    queue = first_format.queue
    before = first_format.stats

    removed = clear_pending_items(queue)
    undo_clear(queue)

    assert (removed.queued, removed.retries) == (4, 2)
    assert first_format.stats == before


def test_a_queue_that_only_hooks_have_written_is_taken_over(store: Store) -> None:
    store.event(1, 2)
    assert version(store) == 0

    assert store.take_all() == [1, 2]

    assert version(store) == VERSION
    assert tables(store) >= {*ROWS, "clearing", "removed"}


def test_hooks_record_into_every_format(first_format: Store) -> None:
    first_format.event(20)
    assert version(first_format) == 1

    assert first_format.queue
    first_format.event(21)

    resume_orphans(first_format.queue)
    assert first_format.take_all() == [1, 7, 20, 21, 3, 10]


def test_opening_it_again_changes_nothing(first_format: Store) -> None:
    assert first_format.queue
    before = first_format.snapshot()
    first_format.manager.close()

    assert first_format.queue

    assert first_format.snapshot() == before


def test_a_step_that_fails_leaves_the_older_format_whole(first_format: Store) -> None:
    """Here another program has made a table of that name."""
    first_format.sql("CREATE TABLE removed (x)")

    with pytest.raises(DatabaseDamaged, match="other tables"):
        first_format.manager.get_queue()

    assert version(first_format) == 1
    kept = first_format.snapshot()
    assert {table: kept[table] for table in ROWS} == ROWS
    assert "clearing" not in kept

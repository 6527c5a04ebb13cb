"""Events that could not be written into the database are files, and become jobs later."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import QueueUnusable
from sync_queue import host, inbox, spool
from sync_queue.due import is_reconciliation_due
from sync_queue.manager import SyncQueue
from tests.sync_queue.store import Store


def spool_file(store: Store, name: str, content: bytes) -> Path:
    file = store.folder / "spool" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.write_bytes(content)
    return file


def spooled(store: Store, *scenes: int) -> None:
    """Events a nanosecond apart, as hooks name their files."""
    for number, scene in enumerate(scenes):
        payload = inbox.payload("scene", scene)
        spool_file(store, f"{1_800_000_000_000_000_000 + number}-77.json", payload)


def names(store: Store) -> list[str]:
    return sorted(file.name for file in (store.folder / "spool").iterdir())


@pytest.fixture
def busy(store: Store) -> Iterator[Store]:
    """Somebody keeps the queue's lock for longer than a hook waits."""
    lock = host.try_lock(str(store.folder / "queue.lock"))
    assert lock is not None
    yield store
    host.unlock(lock)


def test_an_event_is_spooled_when_the_queue_is_busy(busy: Store) -> None:
    job = inbox.payload("scene", 7)

    assert inbox.record(str(busy.folder), job) == "spooled"
    [file] = spool.spooled(busy.folder)
    assert file.read_bytes() == job


def test_an_event_is_spooled_when_the_database_is_locked(store: Store, queue: SyncQueue) -> None:
    with closing(sqlite3.connect(store.file, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")

        how = inbox.record(str(store.folder), inbox.payload("scene", 7))

    assert how == "spooled"
    assert spool.ingest(queue) == 1
    assert store.take_all() == [7]


def test_an_event_is_spooled_when_the_database_is_damaged(store: Store) -> None:
    store.file.parent.mkdir()
    store.file.write_bytes(b"garbage" * 1000)

    assert inbox.record(str(store.folder), inbox.payload("scene", 7)) == "spooled"


def test_spooled_events_become_jobs_oldest_first(store: Store, queue: SyncQueue) -> None:
    spooled(store, 3, 1, 2)

    assert spool.ingest(queue) == 3

    assert store.take_all() == [3, 1, 2]
    assert names(store) == []


def test_spooled_events_are_saves_and_come_before_bulk(store: Store, queue: SyncQueue) -> None:
    store.put(9, queue="bulk")
    spooled(store, 1)

    spool.ingest(queue)

    assert store.take_all() == [1, 9]


def test_two_spooled_events_of_one_scene_are_one_job(store: Store, queue: SyncQueue) -> None:
    spooled(store, 1, 1)

    spool.ingest(queue)

    assert store.stats["pending"] == 1
    assert names(store) == []


def test_ingesting_nothing_does_nothing(queue: SyncQueue) -> None:
    assert spool.ingest(queue) == 0


def test_a_draft_that_its_hook_has_not_finished_is_left_alone(
    store: Store, queue: SyncQueue
) -> None:
    spool_file(store, "1-77.tmp", b'{"kind": "sce')

    assert spool.spooled(store.folder) == []
    assert spool.ingest(queue) == 0
    assert names(store) == ["1-77.tmp"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"kind": "scene", "id"',
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"kind": "scene", "id": "7"}',
        b'{"kind": "gallery", "id": 7}',
        b"[" * 100_000,
    ],
    ids=["empty", "half", "not utf-8", "null", "list", "text id", "unknown kind", "deep"],
)
def test_a_damaged_file_is_set_aside_and_all_scenes_are_to_be_checked(
    content: bytes, store: Store, queue: SyncQueue
) -> None:
    spool_file(store, "1-77.json", content)
    spool_file(store, "2-77.json", inbox.payload("scene", 2))

    spool.ingest(queue)

    assert names(store) == ["1-77.damaged"]
    assert is_reconciliation_due(store.folder)
    assert store.take_all() == [2]


def test_a_folder_in_place_of_a_file_is_set_aside_too(store: Store, queue: SyncQueue) -> None:
    (store.folder / "spool" / "1-77.json").mkdir(parents=True)

    spool.ingest(queue)

    assert names(store) == ["1-77.damaged"]


def test_healthy_files_make_no_reconciliation_due(store: Store, queue: SyncQueue) -> None:
    spooled(store, 1)

    spool.ingest(queue)

    assert not is_reconciliation_due(store.folder)


def test_a_kill_between_enqueuing_and_removing_the_file_is_harmless(
    store: Store, queue: SyncQueue
) -> None:
    spooled(store, 1)
    store.put(1)  # what the killed process had done

    spool.ingest(queue)

    assert store.take_all() == [1]
    assert names(store) == []


def test_a_kill_before_a_second_ingest_costs_a_second_job_at_most(
    store: Store, queue: SyncQueue
) -> None:
    spooled(store, 1)
    store.put(1)
    store.finish(store.take())

    spool.ingest(queue)

    assert store.take_all() == [1]


def test_spool_files_stay_while_the_disk_is_full(store: Store, queue: SyncQueue) -> None:
    spooled(store, *range(1, 1001))
    pages = int(queue.db.number("PRAGMA page_count"))
    queue.db.execute(f"PRAGMA max_page_count = {pages}")

    with pytest.raises(QueueUnusable, match="full"):
        spool.ingest(queue)

    assert len(names(store)) == 1000


def test_a_file_that_cannot_be_removed_makes_the_drain_wait_and_not_spin(
    store: Store, queue: SyncQueue
) -> None:
    """A file that is ingested again and again would keep the drain busy for ever."""
    spooled(store, 1)
    (store.folder / "spool" / "2-77.json").mkdir()
    (store.folder / "spool" / "2-77.damaged").write_text("in the way of setting it aside")

    with pytest.raises(QueueUnusable, match="data folder"):
        spool.ingest(queue)


def test_the_hook_makes_its_spool_for_its_owner_only(busy: Store) -> None:
    inbox.record(str(busy.folder), inbox.payload("scene", 7))

    [file] = spool.spooled(busy.folder)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700

"""The hook writes persist-queue's table without the library: both must agree to the byte."""

import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path
from typing import Any

import persistqueue
import pytest
from persistqueue.serializers import json as json_serializer

from domain.job import QueueName
from sync_queue import inbox
from sync_queue.database import Database
from sync_queue.manager import QUEUES, SyncQueue, payload
from sync_queue.operations import get_pending
from tests.sync_queue.store import Store, scene
from tests.world import ROOT, FrozenClock

ROW = "SELECT typeof(data), data, typeof(timestamp), typeof(status), status FROM ack_queue_default"


def library_queue(folder: Path, name: str = "default") -> Any:
    """A queue that knows nothing of this project."""
    return persistqueue.SQLiteAckQueue(
        str(folder), name=name, serializer=json_serializer, auto_resume=False
    )


def ask(file: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute(statement).fetchall()


def table(file: Path, name: QueueName) -> str:
    """The statement that made a table, without the quotes that names may wear."""
    found = ask(file, f"SELECT sql FROM sqlite_master WHERE name = 'ack_queue_{name}'")
    return str(found[0][0]).replace("`", "")


def test_the_table_a_hook_creates_is_the_librarys_own(tmp_path: Path) -> None:
    library_queue(tmp_path / "library").close()

    inbox.record(str(tmp_path), inbox.payload("scene", 1))

    assert table(tmp_path / "queue" / "data.db", "default") == table(
        tmp_path / "library" / "data.db", "default"
    )


@pytest.mark.parametrize("name", QUEUES)
def test_the_tables_the_drain_creates_are_the_librarys_own(
    name: QueueName, tmp_path: Path, folder: Path
) -> None:
    library_queue(tmp_path / "library", name).close()

    Database(folder).close()

    assert table(folder / "queue" / "data.db", name) == table(
        tmp_path / "library" / "data.db", name
    )


@pytest.mark.parametrize("identity", [1, 42, 2**63 - 1])
def test_the_row_a_hook_writes_is_the_row_the_library_writes(identity: int, tmp_path: Path) -> None:
    library = library_queue(tmp_path / "library")
    library.put(scene(identity).payload())
    library.close()

    inbox.record(str(tmp_path), inbox.payload("scene", identity))

    assert ask(tmp_path / "queue" / "data.db", ROW) == ask(tmp_path / "library" / "data.db", ROW)


def test_a_recorded_job_is_a_blob_that_waits(tmp_path: Path) -> None:
    inbox.record(str(tmp_path), inbox.payload("scene", 42))

    [row] = ask(tmp_path / "queue" / "data.db", ROW)
    assert row == ("blob", b'{"kind": "scene", "id": 42}', "real", "integer", 0)


def test_a_bulk_insert_writes_the_same_row_as_a_hook(store: Store) -> None:
    store.event(42)
    store.sql("UPDATE ack_queue_default SET status = 2")
    store.put(42)

    rows = store.sql(ROW)
    assert [row[:4] for row in rows] == [rows[0][:4]] * 2


def test_the_librarys_get_delivers_what_a_hook_recorded(tmp_path: Path) -> None:
    inbox.record(str(tmp_path), inbox.payload("scene", 42))

    library = library_queue(tmp_path / "queue")
    delivered = library.get(block=False)
    library.close()

    assert delivered == {"kind": "scene", "id": 42}


def test_the_drain_fetches_what_the_librarys_put_stored(store: Store, queue: SyncQueue) -> None:
    library = library_queue(store.folder / "queue", "bulk")
    library.put(scene(42).payload())
    library.close()

    job = get_pending(queue)

    assert job is not None
    assert (job.key, job.queue) == (scene(42), "bulk")


def test_a_fetched_job_is_in_flight_for_the_library_too(store: Store) -> None:
    store.event(42)

    store.take()

    library = library_queue(store.folder / "queue")
    with pytest.raises(persistqueue.exceptions.Empty):
        library.get(block=False)
    library.close()


def test_opening_the_queue_takes_nothing_from_the_process_that_drains(
    store: Store, clock: FrozenClock
) -> None:
    store.event(1, 2)
    store.take()

    SyncQueue(store.folder, clock).close()

    assert store.stats["in_progress"] == 1
    assert store.take_all() == [2]


def test_what_the_library_remembers_of_fetched_jobs_does_not_grow(
    store: Store, queue: SyncQueue
) -> None:
    store.put(*range(1, 51))

    store.take_all()

    assert [len(fetcher._unack_cache) for fetcher in queue.fetchers.values()] == [0, 0]


def test_a_jobs_bytes_do_not_depend_on_who_writes_them() -> None:
    key = scene(7)

    assert payload(key) == inbox.payload("scene", 7) == json_serializer.dumps(key.payload())


def test_the_library_is_pinned_to_the_version_whose_tables_we_write() -> None:
    assert version("persist-queue").startswith("1.1.")
    for name in ("requirements.txt", "pyproject.toml"):
        assert "persist-queue>=1.1,<1.2" in (ROOT / name).read_text()

"""A row that names no job stops none of the others, and what it meant is found again."""

import pytest

from domain.job import JobKey
from sync_queue.due import is_reconciliation_due
from sync_queue.manager import QUEUES
from sync_queue.operations import get_pending, key_of
from tests.sync_queue.store import Store, scene

UNREADABLE: dict[str, object] = {
    "empty": b"",
    "not json": b"hello",
    "not utf-8": b"\xff\xfe\x00",
    "a pickle": b"\x80\x04\x95\x1e\x00\x00\x00}\x94(\x8c\x04kind\x94\x8c\x05scene\x94u.",
    "utf-16": '{"kind": "scene", "id": 7}'.encode("utf-16"),
    "null": b"null",
    "a number": b"7",
    "a list": b'["scene", 7]',
    "no id": b'{"kind": "scene"}',
    "no kind": b'{"id": 7}',
    "text id": b'{"kind": "scene", "id": "7"}',
    "fraction": b'{"kind": "scene", "id": 7.0}',
    "true": b'{"kind": "scene", "id": true}',
    "zero": b'{"kind": "scene", "id": 0}',
    "negative": b'{"kind": "scene", "id": -7}',
    "too big": b'{"kind": "scene", "id": 9223372036854775808}',
    "unknown kind": b'{"kind": "gallery", "id": 7}',
    "kind not ascii": '{"kind": "szené", "id": 7}'.encode(),
    "more than we know": b'{"kind": "scene", "id": 7, "pqid": 3}',
    "deep": b"[" * 100_000,
    "sql null": None,
    "sql text": '{"kind": "scene", "id": 7}',
    "sql number": 7,
}

cases = pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)


def insert(store: Store, data: object, name: str = "default") -> None:
    statement = f"INSERT INTO ack_queue_{name} (data, timestamp, status) VALUES (?, 0, 0)"
    store.sql(statement, (data,))


@cases
def test_a_row_that_names_no_job_does_not_stop_the_others(data: object, store: Store) -> None:
    store.event(1)
    insert(store, data)
    store.event(2)

    assert store.take_all() == [1, 2]


@cases
def test_a_row_that_names_no_job_is_dropped(data: object, store: Store) -> None:
    store.event(1)
    insert(store, data)

    store.take_all()

    assert store.sql("SELECT COUNT(*) FROM ack_queue_default") == [(1,)]


@cases
def test_what_a_row_that_names_no_job_meant_is_to_be_found_again(
    data: object, store: Store
) -> None:
    store.put()
    insert(store, data)

    store.take_all()

    assert is_reconciliation_due(store.folder)


@pytest.mark.parametrize("name", QUEUES)
def test_rows_that_name_no_job_are_dropped_from_both_queues(name: str, store: Store) -> None:
    store.manager.get_queue()
    insert(store, b"garbage", name)

    assert get_pending(store.queue) is None
    assert set(store.stats.values()) == {0}


def test_jobs_in_flight_stay_when_others_are_dropped(store: Store) -> None:
    store.event(1)
    insert(store, b"garbage")
    store.take()

    store.take_all()

    assert store.stats["in_progress"] == 1


def test_readable_rows_make_no_reconciliation_due(store: Store) -> None:
    store.event(1)

    store.take_all()

    assert not is_reconciliation_due(store.folder)


def test_the_log_names_the_row_that_was_dropped(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.event(1)
    insert(store, b"garbage")

    store.take_all()

    warnings = [r.getMessage() for r in caplog.records if r.levelname == "WARNING"]
    assert warnings == ["row 2 of the default queue names no job and is dropped"]


SPELLINGS = {
    "no spaces": b'{"kind":"scene","id":7}',
    "other order": b'{"id": 7, "kind": "scene"}',
    "line breaks": b'{\n "kind": "scene",\n "id": 7\n}\n',
    "escaped": b'{"kind": "sc\\u0065ne", "id": 7}',
}


@pytest.mark.parametrize("data", SPELLINGS.values(), ids=SPELLINGS)
def test_a_job_that_is_spelled_in_another_way_is_settled_for_good(
    data: bytes, store: Store
) -> None:
    store.manager.get_queue()
    insert(store, data)
    job = store.take()

    store.finish(job)
    store.die()

    assert job.key == scene(7)
    assert set(store.stats.values()) == {0}


def test_all_spellings_of_a_job_are_one_scene(store: Store) -> None:
    store.event(7)
    for data in SPELLINGS.values():
        insert(store, data)

    while (job := get_pending(store.queue)) is not None:
        store.finish(job)

    assert set(store.stats.values()) == {0}


@pytest.mark.parametrize("identity", [1, 42, 2**63 - 1])
def test_a_document_that_a_key_makes_names_that_key(identity: int) -> None:
    key = JobKey("scene", identity)

    assert key_of(key.payload()) == key

"""The counts of a queue, whatever state it is in; asking changes nothing."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import QueueUnusable
from domain.outcome import Buried, Parked
from sync_queue.dlq import bury
from sync_queue.operations import get_stats
from sync_queue.parked import park
from tests.sync_queue.store import Store

NOTHING = {"pending": 0, "in_progress": 0, "waiting": 0, "parked": 0, "previewed": 0, "failed": 0}


@pytest.mark.parametrize("kind", [str, Path])
def test_a_queue_that_does_not_exist_yet_holds_nothing(kind: type, tmp_path: Path) -> None:
    assert get_stats(kind(tmp_path / "queue")) == NOTHING
    assert list(tmp_path.iterdir()) == []


def test_an_empty_queue_holds_nothing(store: Store) -> None:
    store.manager.get_queue()

    assert store.stats == NOTHING


def test_an_empty_file_holds_nothing(store: Store) -> None:
    store.file.parent.mkdir()
    store.file.touch()

    assert store.stats == NOTHING


def test_a_folder_in_place_of_the_file_holds_nothing(store: Store) -> None:
    store.file.mkdir(parents=True)

    assert store.stats == NOTHING


def test_what_hooks_have_recorded_is_counted_before_the_first_drain(store: Store) -> None:
    store.event(1, 2, 3)

    assert store.stats == {**NOTHING, "pending": 3}


def test_every_state_is_counted(store: Store) -> None:
    store.event(1, 2, 3, 4)
    store.put(5, 6, queue="bulk")
    waiting, parked, dead, _ = (store.take() for _ in range(4))
    store.postpone(waiting, 60)
    with store.settling():
        park(store.queue, parked, Parked(("a.mp4",)))
        bury(store.queue, dead, Buried("hopeless", "Cause", 1))

    assert store.stats == {
        "pending": 2, "in_progress": 1, "waiting": 1, "parked": 1, "previewed": 0, "failed": 1,
    }  # fmt: skip


def test_a_job_that_is_due_again_is_pending_and_does_not_wait(store: Store) -> None:
    store.event(1)
    store.postpone(store.take(), 0)
    job = store.take()

    assert store.stats == {**NOTHING, "in_progress": 1}
    store.finish(job)


def test_a_folder_with_a_question_mark_in_its_name_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c%20d é"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "data.db")) as connection, connection:
        connection.execute("CREATE TABLE ack_queue_default (status INTEGER)")
        connection.execute("INSERT INTO ack_queue_default VALUES (0)")

    assert get_stats(folder)["pending"] == 1


def test_a_damaged_file_is_told_in_our_words(store: Store) -> None:
    store.file.parent.mkdir()
    store.file.write_bytes(b"garbage" * 1000)

    with pytest.raises(QueueUnusable, match="damaged"):
        get_stats(store.file.parent)


def test_a_locked_file_is_not_taken_for_an_empty_one(store: Store) -> None:
    """Where WAL is refused, a writer keeps readers out."""
    store.event(1)
    store.sql("PRAGMA journal_mode = DELETE")
    with closing(sqlite3.connect(store.file, isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")

        with pytest.raises(QueueUnusable, match="locked"):
            get_stats(store.file.parent, patience=0.05)


def test_counting_leaves_a_killed_processes_journal_to_the_next_one(
    store: Store, tmp_path: Path
) -> None:
    store.put(1)
    copy = tmp_path / "as a kill would leave it"
    shutil.copytree(store.file.parent, copy)
    journal = (copy / "data.db-wal").read_bytes()

    assert get_stats(copy)["pending"] == 1

    assert (copy / "data.db-wal").read_bytes() == journal != b""


def test_counting_changes_nothing(store: Store) -> None:
    store.event(1)
    before = store.file.read_bytes()

    store.stats  # noqa: B018

    assert store.file.read_bytes() == before

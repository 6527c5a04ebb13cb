"""A file that vanishes under an open queue is noticed, and what it held is found again."""

from pathlib import Path

import pytest

from sync_queue import inbox
from sync_queue.due import is_reconciliation_due, mark_reconciliation_due, reconciliation_done
from sync_queue.manager import SyncQueue
from sync_queue.quarantine import open_queue
from tests.sync_queue.store import Store, scene


@pytest.fixture
def replaced(store: Store) -> Store:
    """A user has put another file in place of the one that is open."""
    store.put(1)
    for file in store.file.parent.iterdir():
        file.unlink()
    store.event(2)
    return store


def test_a_file_that_is_still_its_own_was_not_replaced(store: Store) -> None:
    store.put(1)

    assert not store.queue.db.was_replaced()


def test_a_file_that_was_replaced_under_us_is_noticed(replaced: Store) -> None:
    assert replaced.queue.db.was_replaced()


def test_a_file_that_was_deleted_under_us_is_noticed(store: Store) -> None:
    store.put(1)

    store.file.unlink()

    assert store.queue.db.was_replaced()


def test_the_file_that_is_there_now_is_opened(replaced: Store) -> None:
    open_queue(replaced.manager)

    assert not replaced.queue.db.was_replaced()
    assert replaced.take_all() == [2]


def test_what_a_vanished_file_held_must_be_found_again(replaced: Store) -> None:
    open_queue(replaced.manager)

    assert is_reconciliation_due(replaced.folder)


def test_a_damaged_file_put_in_place_of_an_open_one_is_set_aside(store: Store) -> None:
    store.put(1)
    for file in store.file.parent.iterdir():
        file.unlink()
    store.file.write_text("this is no database\n" * 500)

    open_queue(store.manager)

    assert store.put(1) == 1


def test_closing_twice_and_opening_again_works(store: Store, queue: SyncQueue) -> None:
    queue.put([scene(1)])
    store.manager.close()
    store.manager.close()

    assert store.take_all() == [1]


def test_word_of_a_loss_stays_until_it_is_made_good(folder: Path) -> None:
    assert not is_reconciliation_due(folder)

    assert mark_reconciliation_due(folder)
    assert mark_reconciliation_due(folder)
    assert is_reconciliation_due(folder)

    reconciliation_done(folder)
    reconciliation_done(folder)
    assert not is_reconciliation_due(folder)


def test_word_that_cannot_be_left_is_told(tmp_path: Path) -> None:
    assert not mark_reconciliation_due(tmp_path / "missing")


def test_a_hooks_word_of_a_loss_is_the_same_word(folder: Path) -> None:
    inbox.leave_word(str(folder))

    assert is_reconciliation_due(folder)

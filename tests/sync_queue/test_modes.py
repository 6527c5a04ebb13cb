"""Whatever the plugin creates is its owner's business; a scene's id says what somebody watches."""

import os
from pathlib import Path

import pytest

from sync_queue import host, inbox
from sync_queue.due import mark_reconciliation_due
from sync_queue.manager import QueueManager
from tests.sync_queue.store import Store


def modes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder.parent)): oct(path.stat().st_mode & 0o777)
        for path in [folder, *folder.rglob("*")]
    }


@pytest.fixture
def data_dir(tmp_path: Path, as_the_entrypoint: None) -> Path:
    """A data folder that nobody has made yet."""
    return tmp_path / "stash2plex"


def test_what_a_hook_creates_is_for_its_owner_only(data_dir: Path) -> None:
    inbox.record(str(data_dir), inbox.payload("scene", 1))

    assert modes(data_dir) == {
        "stash2plex": "0o700",
        "stash2plex/queue": "0o700",
        "stash2plex/queue.last": "0o600",
        "stash2plex/queue.lock": "0o600",
        "stash2plex/queue/data.db": "0o600",
    }


def test_what_a_drain_creates_is_for_its_owner_only(data_dir: Path) -> None:
    manager = QueueManager(data_dir)
    manager.get_queue()
    found = modes(data_dir)
    manager.close()

    assert found == {
        "stash2plex": "0o700",
        "stash2plex/queue": "0o700",
        "stash2plex/queue.lock": "0o600",
        "stash2plex/queue/data.db": "0o600",
        "stash2plex/queue/data.db-wal": "0o600",
        "stash2plex/queue/data.db-shm": "0o600",
    }


def test_the_drain_lock_is_for_its_owner_only(folder: Path) -> None:
    lock = host.try_lock(str(folder / "drain.lock"))
    assert lock is not None
    host.unlock(lock)

    assert modes(folder)["stash2plex/drain.lock"] == "0o600"


def test_word_of_a_loss_is_for_its_owner_only(store: Store) -> None:
    mark_reconciliation_due(store.folder)

    assert modes(store.folder)["stash2plex/reconciliation.due"] == "0o600"


@pytest.mark.parametrize("first", ["hook", "drain"])
def test_the_queues_folder_is_closed_whatever_the_users_own_habits(
    first: str, tmp_path: Path, as_the_entrypoint: None
) -> None:
    os.umask(0o022)
    if first == "hook":
        inbox.record(str(tmp_path), inbox.payload("scene", 1))
    else:
        manager = QueueManager(tmp_path)
        manager.get_queue()
        manager.close()

    assert modes(tmp_path)[f"{tmp_path.name}/queue"] == "0o700"

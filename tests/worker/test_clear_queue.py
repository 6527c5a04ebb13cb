"""The button Clear Pending Queue: what is at work stays, whoever is at it; the rest is cleared."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue import host, inbox
from sync_queue.clearing import undo_clear
from sync_queue.due import is_reconciliation_due
from sync_queue.manager import QueueManager
from tests.servers.plex import Request
from tests.sync_queue.states import take
from tests.sync_queue.store import Store
from tests.worker.stage import EventfulClock, Stage, spool
from tests.world import World
from worker.management import clear_queue

NOTHING = {"pending": 0, "in_progress": 0, "waiting": 0, "parked": 0, "previewed": 0, "failed": 0}


@pytest.fixture
def store(tmp_path: Path, clock: EventfulClock) -> Iterator[Store]:
    with Store(tmp_path / "stash2plex", clock) as store:
        store.folder.mkdir()
        yield store


def test_clearing_while_a_drain_is_at_its_batch_leaves_it_that(stage: Stage, world: World) -> None:
    saved, bulk = (
        [world.add(f"{name}{n}", title=f"{name.upper()}{n}") for n in range(3)]
        for name in ("saved", "bulk")
    )
    told: list[str] = []

    def clear_once(_: Request) -> None:
        if not told:
            manager = QueueManager(world.data_dir, clock=stage.clock)
            told.append(clear_queue(manager))
            manager.close()

    world.plex.before_answer = clear_once
    stage.enqueue(*saved)
    stage.enqueue(*bulk, queue="bulk")
    report = stage.drain()

    assert report.processed == 3
    assert [world.shown(scene)["title"] for scene in saved] == ["SAVED0", "SAVED1", "SAVED2"]
    assert [world.shown(scene)["title"] for scene in bulk] == ["bulk0", "bulk1", "bulk2"]
    assert stage.is_idle()
    assert told == [
        "Clear Pending Queue: 3 waiting jobs removed; Undo Clear restores what was removed, "
        "for 7 days; 3 that are being processed stay"
    ]
    undo_clear(stage.queue)
    assert stage.drain().succeeded == 3


def test_what_a_killed_drain_left_behind_is_cleared_with_the_rest(store: Store) -> None:
    store.work_at(take(store, 1))
    store.put(2)

    answer = clear_queue(store.manager)

    assert answer.startswith(
        "Clear Pending Queue: 1 waiting job, 1 job that waited for a retry removed;"
    )
    assert store.stats == NOTHING


def test_what_another_process_is_at_stays_with_it(store: Store) -> None:
    lock = host.try_lock(str(store.folder / "drain.lock"))
    assert lock is not None
    take(store, 1)

    answer = clear_queue(store.manager)
    host.unlock(lock)

    assert answer == "Nothing removed: the queue was empty; 1 that are being processed stay"
    assert store.stats == {**NOTHING, "in_progress": 1}


def test_what_is_spooled_waits_too_and_comes_back(stage: Stage, world: World) -> None:
    scene = world.add("a", title="A")
    assert stage.queue
    spool(world, scene)

    clear_queue(manager := QueueManager(world.data_dir, clock=stage.clock))
    manager.close()
    assert stage.drain().processed == 0

    undo_clear(stage.queue)
    assert stage.drain().succeeded == 1


def test_an_event_that_a_drain_takes_out_of_the_spool_meanwhile_is_not_taken_for_damage(
    store: Store,
) -> None:
    """Both look at the list of files, and then one of them is quicker."""
    folder = store.folder / "spool"
    folder.mkdir()
    slow, taken = folder / "1-1.json", folder / "2-1.json"
    os.mkfifo(slow)
    taken.write_bytes(inbox.payload("scene", 2))

    def be_quicker() -> None:
        with slow.open("wb") as pipe:  # opens when the other one reads
            taken.unlink()
            pipe.write(inbox.payload("scene", 1))

    drain = threading.Thread(target=be_quicker)
    drain.start()
    answer = clear_queue(store.manager)
    drain.join()

    assert answer.startswith("Clear Pending Queue: 1 waiting job removed;")
    assert not is_reconciliation_due(store.folder)

"""What a process may find in the data folder before it is killed there."""

from collections.abc import Callable
from dataclasses import replace

from sync_queue.clearing import clear_pending_items
from sync_queue.retry import promote_due
from sync_queue.schema import STEPS
from tests.sync_queue.moves import MOVES as SETTLING
from tests.sync_queue.store import Store


def nothing(store: Store) -> None:
    """A data folder in which nobody has been yet."""


def second_queued(store: Store) -> None:
    store.put(2)


def first_queued(store: Store) -> None:
    store.event(1)


def both_queued(store: Store) -> None:
    """Scene 1 by a hook and by a bulk run, scene 2 by a hook."""
    store.put(1, queue="bulk")
    store.event(1, 2)


def first_waits(store: Store, *, wait: float = 0.0) -> None:
    """Scene 1 has failed twice and was missed once; its waiting time is over."""
    store.event(1)
    store.postpone(replace(store.take(), attempts=2, misses=1), wait)


def first_promoted(store: Store) -> None:
    first_waits(store)
    promote_due(store.queue)


def first_failed_twice(store: Store) -> None:
    """Scene 1 is queued again, also by a bulk run; scene 2 comes next."""
    first_promoted(store)
    store.put(1, queue="bulk")
    store.event(2)


def first_waits_and_was_saved(store: Store) -> None:
    first_waits(store, wait=60.0)
    store.event(1)


def settled_as(name: str, *, edited: bool = False) -> Callable[[Store], None]:
    """Scene 1 is parked, or dead; and was perhaps saved since."""

    def prepare(store: Store) -> None:
        store.event(1)
        job = store.take()
        with store.settling():
            SETTLING[name](store.queue, job)
        if edited:
            store.event(1)

    return prepare


def suspected(store: Store) -> None:
    """Scene 1 was at work when a worker died; scene 2 was in its batch."""
    first_died(store)
    store.die()


def first_died(store: Store) -> None:
    """A worker was killed at scene 1, with scene 2 in its batch."""
    store.event(1, 2)
    store.work_at(store.take())
    store.take()


def first_died_alone(times: int) -> Callable[[Store], None]:
    """Nobody has taken notice of the last death yet."""

    def prepare(store: Store) -> None:
        suspected(store)
        store.die_alone(times - 1)
        store.work_at(store.take_suspect())

    return prepare


def spooled(store: Store) -> None:
    """Scene 1 waits in a queue and in the spool, scene 2 in the spool alone."""
    store.event(1)
    for identity in (1, 2):
        spool_file(store, f"{identity}-1.json", identity)


def half_spooled(store: Store) -> None:
    spooled(store)
    spool_file(store, "3-1.json", 0)


def spool_file(store: Store, name: str, identity: int) -> None:
    folder = store.folder / "spool"
    folder.mkdir(exist_ok=True)
    (folder / name).write_bytes(b'{"kind": "scene", "id": %d}' % identity)


def no_lock_to_be_had(store: Store) -> None:
    (store.folder / "queue.lock").mkdir()


def in_the_first_format(store: Store) -> None:
    store.event(1)
    for statement in STEPS[0]:
        store.sql(statement)
    store.sql("PRAGMA user_version=1")


def damaged(store: Store) -> None:
    store.file.parent.mkdir()
    for end in ("", "-wal", "-shm"):
        store.file.with_name(f"data.db{end}").write_bytes(b"This is no database. " * 500)


def everywhere(store: Store) -> None:
    """Scenes 1 and 2 queued, 3 waiting, 4 parked, 5 dead, 6 in flight."""
    for name, identity in (("park", 4), ("bury", 5)):
        store.put(identity)
        job = store.take()
        with store.settling():
            SETTLING[name](store.queue, job)
    store.put(3)
    store.postpone(replace(store.take(), attempts=2), 60)
    store.put(6)
    store.take()
    store.event(1)
    store.put(2, queue="bulk")


def cleared(store: Store) -> None:
    everywhere(store)
    clear_pending_items(store.queue)

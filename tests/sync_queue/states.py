"""A scene brought into each state it can be in, and a look at all of them."""

from dataclasses import replace

from domain.job import SyncJob
from domain.outcome import Buried, Parked
from sync_queue.dlq import bury
from sync_queue.manager import QUEUES
from sync_queue.parked import park
from tests.sync_queue.store import Rows, Store

MANY = 2500  # rows, which is more than are moved under one lock


def take(store: Store, scene: int) -> SyncJob:
    """Let an event of a scene arrive, and claim it."""
    store.put(scene)
    job = store.take()
    assert job.scene_id == scene
    return job


def wait(store: Store, scene: int, seconds: float = 60) -> None:
    """The scene has failed three times, was missed once, and waits."""
    store.postpone(replace(take(store, scene), attempts=3, misses=1), seconds)


def give_up(store: Store, scene: int, cause: str = "PlexTemporaryError") -> None:
    """The scene is a dead letter."""
    job = take(store, scene)
    with store.settling():
        bury(store.queue, job, Buried("it fails", cause, attempts=5))


def set_apart(store: Store, scene: int) -> None:
    """The scene is not in Plex."""
    job = take(store, scene)
    with store.settling():
        park(store.queue, job, Parked((f"{scene}.mp4",)))


def be_everywhere(store: Store) -> None:
    """A scene in every state: 1 in flight, 2 waiting, 3 parked, 4 given up, 5 and 6 queued."""
    wait(store, 2)
    set_apart(store, 3)
    give_up(store, 4)
    store.work_at(take(store, 1))
    store.put(5)
    store.put(6, queue="bulk")


def fill(store: Store) -> None:
    """Many rows in each table that a user may clear, no two of them alike."""
    store.put(*range(1, MANY + 1))
    store.put(*range(10_001, 10_001 + MANY), queue="bulk")
    now = store.clock.now()
    store.sql_many(
        "INSERT INTO retry (kind, id, queue, attempts, misses, deaths, alone, next_retry_at, "
        "cause, error, first_at) VALUES ('scene', ?, ?, ?, ?, ?, ?, ?, 'Cause', ?, ?)",
        [
            (n, QUEUES[n % 2], n % 5, n % 7, n % 3, n % 2, now + n, f"“{n}”", now - n)
            for n in range(20_001, 20_001 + MANY)
        ],
    )
    store.sql_many(
        "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at, "
        "outage_id) VALUES ('scene', ?, ?, 'Cause', ?, ?, ?, ?, ?)",
        [
            (n, QUEUES[n % 2], f"“{n}”", n % 5, now - n, now - n / 7, n % 2 or None)
            for n in range(30_001, 30_001 + MANY)
        ],
    )


def contents(store: Store) -> dict[str, Rows]:
    """Every row of what a user could clear, and of its neighbours."""
    queues = [f"ack_queue_{name}" for name in QUEUES]
    tables = (*queues, "retry", "parked", "parked_file", "dead_letter")
    return {table: sorted(store.sql(f"SELECT * FROM {table}")) for table in tables}

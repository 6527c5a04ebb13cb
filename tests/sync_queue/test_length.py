"""What a move costs does not depend on how many jobs there are: SQLite's own steps are counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync_queue import inbox
from sync_queue.ledger import Ledger
from sync_queue.manager import SyncQueue, payload
from sync_queue.operations import ack_job, get_pending, has_waiting, is_due
from sync_queue.orphans import get_suspect, mark_at_work
from sync_queue.parked import rearm
from sync_queue.retry import next_due, promote_due
from tests.sync_queue.moves import MOVES
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock

FEW, MANY = 100, 20_000

AWAY = 1_000_000  # ids of the crowd begin here


def crowd(store: Store, size: int) -> None:
    """As many jobs in every state, none of them scene 1's."""
    store.manager.get_queue()
    ids = range(AWAY, AWAY + size)
    now = store.clock.now()
    for name in ("default", "bulk"):
        statement = inbox.INSERT.replace("_default", f"_{name}")
        store.sql_many(statement, [(payload(scene(n)), now) for n in ids])
    store.sql_many(
        "INSERT INTO retry (kind, id, queue, next_retry_at, first_at) "
        "VALUES ('scene', ?, 'bulk', ?, 0)",
        [(n, now + 60 + n % 3600) for n in ids],
    )
    store.sql_many("INSERT INTO parked VALUES ('scene', ?, 'bulk', 0)", [(n,) for n in ids])
    store.sql_many("INSERT INTO parked_file VALUES (?, 'scene', ?)", [(f"{n}.mp4", n) for n in ids])
    store.sql_many(
        "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES ('scene', ?, 'bulk', '', '', 1, 0, 0)",
        [(n,) for n in ids],
    )
    store.sql_many(
        "INSERT INTO ledger VALUES ('plex', ?, ?, '', '', '{}', '{}', '{}', 0)",
        [(n, n) for n in ids],
    )
    store.sql_many("INSERT INTO contender VALUES ('plex', ?, ?)", [(n, n + 1) for n in ids])


@contextmanager
def counting(queue: SyncQueue) -> Iterator[Callable[[], int]]:
    """Count the steps of SQLite's machine on all connections of a queue."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connections = [queue.db._connection, *(f._getter for f in queue.fetchers.values())]
    for connection in connections:
        connection.set_progress_handler(step, 1)
    try:
        yield lambda: steps
    finally:
        for connection in connections:
            connection.set_progress_handler(None, 1)


def fetch_and_settle(store: Store) -> None:
    queue = store.queue
    job = get_pending(queue)
    assert job is not None
    with store.settling():
        mark_at_work(queue, job)
    with store.settling():
        ack_job(queue, job)
        mark_at_work(queue, None)


def fetch_one_that_is_due_again(store: Store) -> None:
    store.queue.db.execute(
        "UPDATE retry SET next_retry_at = 1 WHERE kind = 'scene' AND id = ?", (AWAY,)
    )
    promote_due(store.queue)


def settle_in_every_way(store: Store) -> None:
    queue = store.queue
    job = get_pending(queue)
    assert job is not None
    for move in MOVES.values():
        with store.settling():
            move(queue, job)


def look_for_work(store: Store) -> None:
    queue = store.queue
    is_due(queue), next_due(queue), has_waiting(queue, "default"), has_waiting(queue, "bulk")
    get_suspect(queue)
    promote_due(queue)


def use_the_ledger(store: Store) -> None:
    ledger = Ledger(store.queue.db)
    [entry] = [e for known in ledger.of_items("plex", [AWAY + 5]).values() for e in known]  # type: ignore[list-item]
    ledger.of_scene("plex", entry.scene_id)
    with store.settling():
        ledger.store(entry)
        ledger.contend("plex", entry.rating_key, entry.scene_id)
        ledger.let_go(entry.scene_id)


def rearm_one(store: Store) -> None:
    assert rearm(store.queue, [f"{AWAY + 7}.mp4", "unknown.mp4"]) in (0, 1)


def enqueue(store: Store) -> None:
    store.put(1, 2, 3)
    store.put(1, 2, 3, queue="bulk")


WORK = {
    "fetch and settle": fetch_and_settle,
    "fetch a due one": fetch_one_that_is_due_again,
    "settle in every way": settle_in_every_way,
    "look for work": look_for_work,
    "use the ledger": use_the_ledger,
    "rearm": rearm_one,
    "enqueue": enqueue,
}


def steps(folder: Path, size: int) -> dict[str, int]:
    """What each kind of work costs with *size* jobs in every state."""
    folder.mkdir()
    found = {}
    with Store(folder, FrozenClock()) as store:
        crowd(store, size)
        for name, work in WORK.items():
            with counting(store.queue) as count:
                work(store)
                found[name] = count()
    return found


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int]]:
    """The steps of each kind of work among few jobs and among many."""
    folder = tmp_path_factory.mktemp("length")
    few, many = steps(folder / "few", FEW), steps(folder / "many", MANY)
    return {name: (few[name], many[name]) for name in WORK}


@pytest.mark.parametrize("work", WORK)
def test_work_costs_the_same_among_20000_jobs_as_among_100(
    work: str, costs: dict[str, tuple[int, int]]
) -> None:
    few, many = costs[work]

    assert many < few + FEW

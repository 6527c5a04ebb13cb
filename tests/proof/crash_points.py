"""Kills a process at every point of a move, and asks the next process what it finds.

A program of its own, because it forks: in a process with threads that would not be safe.
"""

import json
import logging
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path

from domain.job import SyncJob
from sync_queue import inbox, spool
from sync_queue.due import is_reconciliation_due
from sync_queue.operations import ack_job
from sync_queue.orphans import mark_at_work, resume_orphans
from sync_queue.quarantine import open_queue
from sync_queue.retry import LONGEST_WAIT, load_job
from tests.proof.crash_moves import MOVES
from tests.proof.crash_oracle import LATER, Found, Move
from tests.proof.crash_wrong import WRONG
from tests.proof.reaper import Reaper, in_a_child
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock
from worker.batch import next_batch

QUEUED = (
    "SELECT json_extract(CAST(data AS TEXT), '$.id') FROM ("
    "SELECT data, status FROM ack_queue_default UNION ALL "
    "SELECT data, status FROM ack_queue_bulk) WHERE status {}"
)

PLACES = {
    "in flight": QUEUED.format("= 2"),
    "queued": QUEUED.format("< 2"),
    "waiting": "SELECT id FROM retry WHERE next_retry_at IS NOT NULL AND NOT alone",
    "suspect": "SELECT id FROM retry WHERE alone",
    "parked": "SELECT id FROM parked",
    "dead": "SELECT id FROM dead_letter",
    "cleared": "SELECT coalesce(json_extract(document, '$.id'), "
    "json_extract(json_extract(document, '$.data'), '$.id')) FROM removed",
}


def try_all(base: Path, move: Move) -> Iterator[Found]:
    """What is found after a death at each point, in their order; the last is after all of it."""
    template, folder = base / "template", base / "copy"
    template.mkdir(parents=True)
    in_a_child(partial(_prepare, template, move))
    shutil.copytree(template, folder)
    points: list[str] = in_a_child(partial(_act, folder, move, die_at=0))
    for number, point in enumerate(points, start=1):
        shutil.rmtree(folder)
        shutil.copytree(template, folder)
        lived = in_a_child(partial(_act, folder, move, die_at=number))
        assert lived is None, f"it lived on after point {number}, {point}"
        content = _content(base, folder) if move.is_whole else ""
        yield Found(point, content, **in_a_child(partial(_look, folder)))


def _prepare(folder: Path, move: Move) -> None:
    with Store(folder, FrozenClock()) as store:
        move.prepare(store)


def _act(folder: Path, move: Move, *, die_at: int) -> list[str]:
    """Carry out the move, up to a point; the points that were passed."""
    reaper = Reaper(die_at)
    with Store(folder, FrozenClock()) as store:
        act = move.approach(store)
        with reaper.armed():
            act()
    return reaper.points


def _content(base: Path, folder: Path) -> str:
    """A digest of all rows; of a copy, because looking at them mends what a crash left."""
    crashed = base / "crashed"
    shutil.copytree(folder, crashed)
    rows = repr(Store(crashed, FrozenClock()).snapshot())
    shutil.rmtree(crashed)
    return sha256(rows.encode()).hexdigest()


def _look(folder: Path) -> dict[str, object]:
    """Be the next process: a hook, then a drain."""
    obstacle = folder / "queue.lock"
    if obstacle.is_dir():
        obstacle.rmdir()
    recorded = inbox.record(str(folder), inbox.payload("scene", int(LATER)))
    clock = FrozenClock()
    with Store(folder, clock) as store:
        open_queue(store.manager)
        resume_orphans(store.queue)
        spool.ingest(store.queue)
        states = _states(store)
        served = _drain(store, clock)
        left = {
            table: int(store.queue.db.number(f"SELECT COUNT(*) FROM {table}"))
            for table in ("ack_queue_default", "ack_queue_bulk", "retry", "at_work")
        }
    with closing(sqlite3.connect(store.file)) as connection:
        integrity = connection.execute("PRAGMA integrity_check").fetchone()[0]
    return {
        "recorded": recorded,
        "states": states,
        "served": served,
        "left": {table: count for table, count in left.items() if count},
        "integrity": integrity,
        "word": is_reconciliation_due(folder),
    }


def _states(store: Store) -> dict[str, str]:
    """In one word where each scene is, in several if it is in several places."""
    places: dict[int, list[str]] = {}
    for place, query in PLACES.items():
        for identity in sorted({row[0] for row in store.sql(query)} - {int(LATER)}):
            places.setdefault(identity, []).append(place)
    return {str(identity): _word(store, identity, words) for identity, words in places.items()}


def _word(store: Store, identity: int, words: list[str]) -> str:
    if "suspect" in words:  # one that had been taken has a row in a queue
        words = [word for word in words if word != "queued"]
    job = load_job(store.queue, scene(identity))
    counts = {"attempts": job.attempts, "misses": job.misses, "deaths": job.deaths}
    known = [f"{count} {name}" for name, count in counts.items() if count]
    return ", ".join([" and ".join(words), *known])


def _drain(store: Store, clock: FrozenClock) -> dict[str, list[int]]:
    """Get and finish whatever is due, now and when all waiting is over."""
    served: dict[str, list[int]] = {}
    for _ in range(2):
        while batch := next_batch(store.queue):
            for job in batch:
                served.setdefault(str(job.key.id), []).append(job.attempts)
                _finish(store, job)
        clock.move(LONGEST_WAIT)
    return served


def _finish(store: Store, job: SyncJob) -> None:
    with store.settling():
        ack_job(store.queue, job)
        mark_at_work(store.queue, None)


def main(root: Path, names: list[str]) -> None:
    """Print what is found for each of some moves, right ones or wrong ones."""
    logging.disable()
    moves = {**MOVES, **WRONG}
    found = {name: [asdict(one) for one in try_all(root / name, moves[name])] for name in names}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])

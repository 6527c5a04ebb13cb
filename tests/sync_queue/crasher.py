"""Kills a process at every statement of every move; run by test_kills.py.

A program of its own, because it forks: in a process with threads that would not be safe.
"""

import json
import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

from sync_queue.orphans import mark_at_work
from sync_queue.retry import promote_due
from tests.sync_queue.moves import MOVES
from tests.sync_queue.store import Store
from tests.world import FrozenClock


def prepared(folder: Path) -> None:
    """A folder in which scene 1 is at work for the second time, and scene 2 is next."""
    with Store(folder, FrozenClock()) as store:
        store.event(1)
        store.postpone(replace(store.take(), attempts=1), 0)
        promote_due(store.queue)
        store.event(2)
        store.put(1, queue="bulk")


def settle(folder: Path, name: str, *, die_at: int) -> None:
    """Take a job and settle it; die before statement *die_at*, or after the last one."""
    with Store(folder, FrozenClock()) as store:
        job, following = store.take(), store.take()
        seen = 0

        def count(_: str) -> None:
            nonlocal seen
            seen += 1
            if seen == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        store.queue.db._connection.set_trace_callback(count)
        with store.settling():
            MOVES[name](store.queue, job)
            mark_at_work(store.queue, following)
        count("it is settled")


def was_killed(folder: Path, name: str, *, die_at: int) -> bool:
    """Settle in a process of its own; whether it died on the way."""
    pid = os.fork()
    if pid == 0:
        settle(folder, name, die_at=die_at)
        os._exit(0)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.WEXITSTATUS(status) == 0, "the settlement failed"
    return False


def fresh(template: Path, folder: Path) -> Store:
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(template, folder)
    return Store(folder, FrozenClock())


def try_all(base: Path, name: str) -> list[str]:
    """What is in the database after a death at each statement, and what is fetched then."""
    template, folder = base / "template", base / "copy"
    prepared(template)
    with fresh(template, folder) as store:
        store.take(), store.take()
        before = store.snapshot()
    found: list[str] = []
    die_at = 1
    while True:
        with fresh(template, folder) as store:
            if not was_killed(folder, name, die_at=die_at):
                return found
            if store.snapshot() == before:
                store.die()
                found.append(f"unsettled, fetched again: {sorted(store.take_all())}")
            else:
                in_flight = store.sql("SELECT COUNT(*) FROM ack_queue_default WHERE status = 2")
                at_work = store.sql("SELECT id FROM at_work")
                found.append(f"in flight: {in_flight[0][0]}, at work: {at_work[0][0]}")
        die_at += 1


if __name__ == "__main__":
    root = Path(sys.argv[1])
    print(json.dumps({name: try_all(root / name, name) for name in MOVES}))

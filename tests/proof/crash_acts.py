"""What a process does when it is killed: our functions, as our processes call them."""

from collections.abc import Callable
from dataclasses import replace

from domain.job import SceneId
from domain.ledger import FieldMemory, LedgerEntry
from domain.outcome import Outcome, Synced, Waiting
from domain.plex_item import RatingKey
from stash.client import StashClient
from stash.connection import Connection
from sync_queue import inbox
from sync_queue.manager import SyncQueue
from sync_queue.orphans import mark_at_work
from sync_queue.quarantine import open_queue
from tests.sync_queue.moves import MOVES as SETTLING
from tests.sync_queue.store import Store, scene
from validation.config import load_config
from worker.services import Services, connect
from worker.settle import Settlement, settle

Act = Callable[[], object]

Approach = Callable[[Store], Act]
"""What comes before the move, in the same process; returns the move."""

SERVER, ITEM = "a server", RatingKey(1)


def hook(store: Store) -> Act:
    """Opens what it needs."""
    return lambda: inbox.record(str(store.folder), inbox.payload("scene", 1))


def put_three(queue: SyncQueue) -> None:
    queue.put(map(scene, (1, 2, 3)), "bulk")


def open_it(store: Store) -> Act:
    return lambda: open_queue(store.manager)


def on_queue(act: Callable[..., object], *values: object) -> Approach:
    """A function of ours that gets the queue, which is open."""

    def approach(store: Store) -> Act:
        queue = store.queue
        return lambda: act(queue, *values)

    return approach


def settling(outcome: Outcome) -> Approach:
    """The drain's own transaction; scene 2 is the next in the batch."""

    def approach(store: Store) -> Act:
        services = services_of(store)
        job, following = store.take(), store.take()
        job = replace(job, attempts=job.attempts + 1)
        store.work_at(job)
        holds = [(SERVER, ITEM)] if isinstance(outcome, Synced) else None
        entries = [entry(job.scene_id)] if isinstance(outcome, Synced | Waiting) else []
        return lambda: settle(services, Settlement(job, outcome, entries, holds), following)

    return approach


def putting_back(name: str) -> Approach:
    """As when Plex goes away in the middle of a batch."""

    def approach(store: Store) -> Act:
        job, _ = store.take(), store.take()
        store.work_at(job)

        def act() -> None:
            with store.settling():
                SETTLING[name](store.queue, job)
                mark_at_work(store.queue, None)

        return act

    return approach


def services_of(store: Store) -> Services:
    """What a drain has; nobody is asked anything."""
    config = load_config({"plex_url": "http://127.0.0.1:1", "plex_token": "token"}).config
    return connect(config, StashClient(Connection("http", "127.0.0.1", 1)), store.manager)


def entry(scene: SceneId) -> LedgerEntry:
    title = FieldMemory(written="Title")
    return LedgerEntry(SERVER, ITEM, scene, updated_at="now", fields={"title": title})

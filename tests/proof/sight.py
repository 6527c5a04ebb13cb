"""Where every scene is, as somebody sees it who looks into the database and the spool."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.job import QueueName
from sync_queue.operations import parse_key
from sync_queue.spool import spooled
from tests.sync_queue.store import Store

QUEUES: tuple[QueueName, ...] = ("default", "bulk")


@dataclass(frozen=True, slots=True)
class Retry:
    """What is known of a scene's earlier attempts; until None means that it does not wait."""

    queue: QueueName
    attempts: int
    misses: int
    deaths: int
    alone: bool
    until: float | None


@dataclass(frozen=True, slots=True)
class Sight:
    """Everything there is of every scene.

    Attributes:
        rows: of each queue in their order: the scene, and whether it is in flight.
        dead: how many attempts were made.
        removed: what Undo Clear would bring back.
        at_work: what a death would be charged to.
    """

    rows: dict[QueueName, list[tuple[int, bool]]]
    retries: dict[int, Retry]
    parked: frozenset[int]
    dead: dict[int, int]
    spooled: list[int]
    removed: list[int]
    at_work: int | None

    def homes(self, scene: int) -> list[str]:
        """Where a scene is that nothing happens to; there is one such place at most."""
        retry = self.retries.get(scene)
        places = {
            "in flight": (scene, True) in self.rows["default"] + self.rows["bulk"],
            "waiting": retry is not None and retry.until is not None,
            "parked": scene in self.parked,
            "dead": scene in self.dead,
        }
        return [name for name, is_there in places.items() if is_there]

    def is_kept(self, scene: int) -> bool:
        """Whether anything knows that the scene is to be synced."""
        queued = (scene, False) in self.rows["default"] + self.rows["bulk"]
        return queued or scene in self.spooled or scene in self.removed or bool(self.homes(scene))

    def counts(self) -> dict[str, int]:
        """What the statistics must say."""
        flags = [in_flight for rows in self.rows.values() for _, in_flight in rows]
        return {
            "pending": flags.count(False),
            "in_progress": flags.count(True),
            "waiting": sum(retry.until is not None for retry in self.retries.values()),
            "parked": len(self.parked),
            "previewed": 0,
            "failed": len(self.dead),
        }


def look(store: Store) -> Sight:
    """Look at a data folder."""
    rows = store.queue.db.rows
    retries = rows("SELECT id, queue, attempts, misses, deaths, alone, next_retry_at FROM retry")
    at_work = rows("SELECT id FROM at_work")
    return Sight(
        rows={name: list(_rows(store, name)) for name in QUEUES},
        retries={
            scene: Retry(queue, attempts, misses, deaths, bool(alone), until)
            for scene, queue, attempts, misses, deaths, alone, until in retries
        },
        parked=frozenset(scene for (scene,) in rows("SELECT id FROM parked")),
        dead=dict(rows("SELECT id, attempts FROM dead_letter")),
        spooled=[_scene(file.read_bytes()) for file in spooled(store.folder)],
        removed=sorted(scene for (scene,) in rows(_REMOVED)),
        at_work=at_work[0][0] if at_work else None,
    )


_REMOVED = "SELECT coalesce(document ->> '$.id', (document ->> '$.data') ->> '$.id') FROM removed"


def _rows(store: Store, name: QueueName) -> Iterator[tuple[int, bool]]:
    statement = f"SELECT data, status FROM ack_queue_{name} ORDER BY _id"
    for data, status in store.queue.db.rows(statement):
        yield _scene(data), status == 2


def _scene(data: bytes) -> int:
    key = parse_key(data)
    assert key is not None
    return key.id

"""Where many scenes stand at once, for whoever wants to enqueue them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.job import JobKey, SceneId
from sync_queue.manager import QUEUES, SyncQueue, payload

PER_QUERY = 500  # SQLite takes at least 999 variables


class Burial(NamedTuple):
    """When a scene was given up (Unix seconds), and for what: the class name of an error."""

    at: float
    cause: str


@dataclass(slots=True)
class Standing:
    """What is known of some scenes besides the ledger.

    Attributes:
        queued: have a job that waits, is tried again later, or was only previewed. One that is at
            work does not count: what it has read may be old.
        parked: since when (Unix seconds) they rest until Plex shows their file.
        buried: were given up.
    """

    queued: set[SceneId] = field(default_factory=set)
    parked: dict[SceneId, float] = field(default_factory=dict)
    buried: dict[SceneId, Burial] = field(default_factory=dict)


def standing(queue: SyncQueue, scenes: Sequence[SceneId]) -> Standing:
    """Look up *scenes*."""
    found = Standing()
    for some in batches(scenes):
        marks = ",".join("?" * len(some))
        rows = {payload(JobKey("scene", scene)): scene for scene in some}
        for name in QUEUES:
            found.queued.update(
                rows[bytes(data)]
                for (data,) in queue.db.rows(
                    f"SELECT data FROM ack_queue_{name} WHERE status < 2 AND data IN ({marks})",
                    tuple(rows),
                )
            )
        chosen = f"kind = 'scene' AND id IN ({marks})"
        found.queued.update(
            SceneId(scene)
            for (scene,) in queue.db.rows(
                f"SELECT id FROM retry WHERE next_retry_at IS NOT NULL AND {chosen} "
                f"UNION SELECT id FROM previewed WHERE {chosen}",
                (*some, *some),
            )
        )
        parked = queue.db.rows(f"SELECT id, parked_at FROM parked WHERE {chosen}", tuple(some))
        found.parked.update((SceneId(scene), at) for scene, at in parked)
        letters = f"SELECT id, buried_at, cause FROM dead_letter WHERE {chosen}"
        buried = queue.db.rows(letters, tuple(some))
        found.buried.update((SceneId(scene), Burial(at, cause)) for scene, at, cause in buried)
    return found


def known_last(queue: SyncQueue) -> int:
    """The highest id of a scene of which anything is remembered; 0 if there is none."""
    columns = (("ledger", "scene_id"), ("parked", "id"), ("dead_letter", "id"))
    highest = (f"SELECT ifnull(max({column}), 0) FROM {table}" for table, column in columns)
    return max(int(queue.db.number(query)) for query in highest)


def known_between(queue: SyncQueue, after: int, last: int) -> set[SceneId]:
    """Every scene of which anything is remembered, with an id above *after* and up to *last*."""
    rows = queue.db.rows(
        "SELECT scene_id FROM ledger WHERE scene_id > ?1 AND scene_id <= ?2 "
        "UNION SELECT id FROM parked WHERE kind = 'scene' AND id > ?1 AND id <= ?2 "
        "UNION SELECT id FROM dead_letter WHERE kind = 'scene' AND id > ?1 AND id <= ?2",
        (after, last),
    )
    return {SceneId(scene) for (scene,) in rows}


def batches(scenes: Sequence[SceneId]) -> Iterator[Sequence[SceneId]]:
    """Pieces for one query each."""
    for start in range(0, len(scenes), PER_QUERY):
        yield scenes[start : start + PER_QUERY]

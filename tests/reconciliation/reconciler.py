"""Reconciliations in this process, beside the drain of the stage, and what they leave behind."""

import json
from contextlib import closing
from typing import Any

from reconciliation import GapDetectionEngine, GapDetectionResult
from reconciliation.comparison import Comparison, Group, Row
from sync_queue.manager import QUEUES
from tests.worker.stage import Stage
from tests.world import World

FACTS: dict[str, Any] = {
    "title": "The Title",
    "studio": "Studio",
    "details": "What happens.",
    "date": "2020-05-17",
    "rating100": 80,
    "performers": ["Ann", "Bob"],
    "tags": ["red", "blue"],
}
"""Of a scene that is described by every field."""


class Reconciler:
    """Finds gaps with the connections of the stage's drain, under its clock."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def run(self, scope: str = "all", **options: Any) -> GapDetectionResult:
        """Look at the scenes of *scope*; gaps go into the stage's queue."""
        services = self.stage.worker.services
        options.setdefault("queue", services.queue)
        engine = GapDetectionEngine(
            services.stash, services.config, services.folder, services=services, **options
        )
        return engine.run(scope)

    def count(self, scope: str = "all") -> GapDetectionResult:
        """Look without enqueuing anything."""
        return self.run(scope, queue=None)

    def queued(self) -> list[int]:
        """The scenes of which a job waits to be processed, ascending."""
        rows = [
            json.loads(bytes(data))
            for name in QUEUES
            for (data,) in self.stage.queue.db.rows(
                f"SELECT data FROM ack_queue_{name} WHERE status < 2"
            )
        ]
        return sorted(row["id"] for row in rows)

    def found(self, place: Group) -> dict[int, Row]:
        """The rows of the comparison that the last runs have left."""
        with closing(Comparison(self.stage.world.data_dir)) as comparison:
            return {row.id: row for row in comparison.page(place, limit=100_000)}


def kinds(result: GapDetectionResult) -> dict[str, int]:
    """How many gaps of each kind; kinds of which there are none are left out."""
    found = {
        "empty": result.empty_metadata_count,
        "stale": result.stale_sync_count,
        "missing": result.missing_count,
    }
    assert sum(found.values()) == result.total_gaps
    return {kind: count for kind, count in found.items() if count}


def sync_and_wait(stage: Stage, *scenes: int) -> None:
    """Let Plex be known to show scenes that were just edited; a minute passes."""
    stage.clock.move(10)
    stage.sync(*scenes)
    stage.clock.move(60)


def add_synced(stage: Stage, *names: str) -> list[int]:
    """Scenes that Plex is known to show, a minute later."""
    scenes = [stage.world.add(name, title=name, tags=[f"tag of {name}"]) for name in names]
    sync_and_wait(stage, *scenes)
    return scenes


def add_copy(world: World) -> int:
    """The rating key of a new item of /data/a.mp4, in a second library."""
    copies = world.plex.add_section("Copies", locations=("/data",))
    return world.plex.add_item("/data/a.mp4", 1000, copies)

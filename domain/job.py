"""A job: that Plex should be told about something, never what it should be told."""

from dataclasses import dataclass
from typing import Literal, NewType

SceneId = NewType("SceneId", int)

QueueName = Literal["default", "bulk"]


@dataclass(frozen=True, slots=True, order=True)
class JobKey:
    """What a job is about; the only thing a queue row holds.

    Attributes:
        kind: "scene", or "tag", "performer", "studio" or "group": that became another, or went.
        id: Stash's id of it.
    """

    kind: str
    id: int

    def payload(self) -> dict[str, str | int]:
        """The document that stands in the queue; its key order is part of the format."""
        return {"kind": self.kind, "id": self.id}

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True, slots=True)
class SyncJob:
    """Plex should be told about one scene.

    Attributes:
        key: which scene.
        queue: the queue it came from: hooks write "default", bulk runs "bulk".
        attempts: how many times it was tried and failed.
        misses: how many times Plex had no item for it.
        deaths: how many workers died while it was the only scene at work.
        alone: it was at work when a worker died, so it runs alone, after all others.
        enqueued_at: Unix seconds of its first event that is not yet in Plex.
    """

    key: JobKey
    queue: QueueName = "default"
    attempts: int = 0
    misses: int = 0
    deaths: int = 0
    alone: bool = False
    enqueued_at: float = 0.0

    @property
    def scene_id(self) -> SceneId:
        """Stash's id of the scene."""
        return SceneId(self.key.id)

"""A library that grows and is in step: both servers in a process, and the ledger that fits."""

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any

from domain.clock import SystemClock
from domain.job import SceneId
from domain.ledger import FieldMemory, ImageMemory, LedgerEntry
from domain.scene import Scene
from plex.fields import content_hash, wish
from plex.matcher import Matched, match
from stash.connection import Connection
from tests.bench.servers import Servers
from worker.connector import Connector
from worker.libraries import chosen_sections
from worker.services import Services

BEGAN = 1_600_000_000  # Unix seconds
STUDIOS = 20  # that Servers gives to scenes


class Grown(Servers):
    """Scenes that came a minute apart: then "changed lately" is not all of them."""

    def __init__(self, folder: str) -> None:
        super().__init__(folder)
        self._count = 0
        self._plex.clock = lambda: BEGAN + self._count * 60

    def grow(self, count: int) -> None:
        """Add scenes and their items until there are so many."""
        while self._count < count:
            self._add(self._count)
            self._count += 1

    def rename_studios(self, old: str, new: str) -> None:
        """Rename every studio; no scene's updated_at moves."""
        for number in range(STUDIOS):
            self._stash.rename_studio(f"{old} {number}", f"{new} {number}")


class _Manager(BaseManager):
    pass


_Manager.register("Grown", Grown)


@contextmanager
def grown(folder: Path) -> Iterator[Grown]:
    """Both servers, in another process for as long as this is open."""
    folder.mkdir(parents=True, exist_ok=True)
    with _Manager(ctx=get_context("spawn")) as manager:
        yield manager.Grown(str(folder))  # type: ignore[attr-defined]  # made by register()


def confirm(folder: Path, connection: dict[str, Any], after: int) -> None:
    """Leave what the drain of all scenes above *after* would leave: ledger and index."""
    server = Connection.from_server(connection)
    with closing(Connector(folder, server, SystemClock())) as connector:
        services = connector.services()
        services.index.refresh(services.plex, chosen_sections(services))
        place: int | None = after
        while place is not None:
            found, place = services.stash.walk(after=place)
            with services.queue.db.transaction():
                for scene in found.values():
                    assert isinstance(scene, Scene), scene
                    services.ledger.store(_entry(services, scene))


def _entry(services: Services, scene: Scene) -> LedgerEntry:
    found = match(scene.files, services.index.candidates, services.path_map)
    assert isinstance(found, Matched), scene
    wished = wish(scene, services.config)
    digest = hashlib.sha1(scene.title.encode()).hexdigest()
    return LedgerEntry(
        server=services.plex.server(),
        rating_key=found.files[0].rating_key,
        scene_id=SceneId(scene.id),
        updated_at=scene.updated_at,
        content_hash=content_hash(wished),
        fields={name: FieldMemory(value, value, 1) for name, value in wished.items()},
        images={"poster": ImageMemory(digest, f'"{digest}"')},
        synced_at=services.clock.now(),
    )

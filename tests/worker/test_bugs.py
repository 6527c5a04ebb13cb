"""A bug that our code meets with one scene, before anything is written: the others go on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from domain.job import SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from domain.scene import Scene
from plex.paths import PathMap
from stash.client import Found, StashClient
from sync_queue.ledger import Ledger
from tests.worker.stage import EventfulClock, Stage, live
from tests.world import World
from worker.processor import SyncWorker
from worker.services import Services

SICK = "/data/sick.mp4"

Break = Callable[[Services], Services]


class BuggyMap(PathMap):
    """Meets a bug with one path."""

    bug: type[Exception] = ZeroDivisionError

    def apply(self, path: str) -> str | None:
        if path == SICK:
            raise self.bug
        return super().apply(path)


class MapOnABrokenMachine(BuggyMap):
    """Meets something that is no bug of ours."""

    bug = OSError


class AbsurdStash(StashClient):
    """Says something of one scene that none of our code expects."""

    def __init__(self, real: StashClient) -> None:
        self._real = real

    def scenes(self, ids: Sequence[SceneId]) -> dict[SceneId, Found]:
        return {scene: self._absurd(found) for scene, found in self._real.scenes(ids).items()}

    def _absurd(self, found: Found) -> Found:
        if isinstance(found, Scene) and found.files[0].path == SICK:
            return replace(found, title=4711)  # type: ignore[arg-type]
        return found

    def cover(self, scene_id: SceneId, etag: str = "") -> Any:
        return self._real.cover(scene_id, etag)


class BuggyLedger(Ledger):
    """Meets a bug with one item, without saying with which."""

    sick = 0

    def of_items(
        self, server: str, keys: Iterable[RatingKey]
    ) -> dict[RatingKey, list[LedgerEntry]]:
        if self.sick in set(keys):
            raise ZeroDivisionError
        return super().of_items(server, keys)


class BuggyStage(Stage):
    """Whose services are broken."""

    def __init__(self, world: World, clock: EventfulClock, damage: Break) -> None:
        super().__init__(world, clock)
        self._damage = damage
        self.reopen()

    def reopen(self, **settings: Any) -> SyncWorker:
        self._worker = SyncWorker(self._damage(super().reopen(**settings).services))
        return self._worker


def in_matching(services: Services) -> Services:
    return replace(services, path_map=BuggyMap())


def in_planning(services: Services) -> Services:
    return replace(services, stash=AbsurdStash(services.stash))


@pytest.mark.parametrize("damage", [in_matching, in_planning])
@pytest.mark.parametrize("place", [0, 3, 5])
def test_a_bug_that_one_scene_meets_before_it_is_written_costs_no_other_scene_anything(
    world: World, clock: EventfulClock, damage: Break, place: int
) -> None:
    stage = BuggyStage(world, clock, damage)
    names = [f"s{n}" for n in range(6)]
    names[place] = "sick"
    scenes = [world.add(name, title=f"Scene {n}") for n, name in enumerate(names)]
    stage.enqueue(*scenes)

    live(stage, lives=5)  # it dies once among the others and three times alone

    assert stage.dead() == {scenes[place]: "3 workers died while only this scene was at work"}
    healthy = [n for n in range(6) if n != place]
    assert [world.shown(scenes[n])["title"] for n in healthy] == [f"Scene {n}" for n in healthy]
    assert stage.stats["pending"] == stage.stats["waiting"] == 0


@pytest.mark.parametrize("place", [0, 42, 99])
def test_a_bug_that_nobody_can_tell_the_scene_of_costs_no_other_scene_anything_either(
    world: World, clock: EventfulClock, place: int
) -> None:
    names = [f"s{n}" for n in range(100)]
    names[place] = "sick"
    scenes = [world.add(name, title=f"Scene {n}") for n, name in enumerate(names)]

    def in_the_ledger(services: Services) -> Services:
        ledger = BuggyLedger(services.queue.db)
        ledger.sick = world.plex.key_of(SICK)
        return replace(services, ledger=ledger)

    stage = BuggyStage(world, clock, in_the_ledger)
    stage.enqueue(*scenes)

    live(stage, lives=20)

    assert list(stage.dead()) == [scenes[place]]
    healthy = [n for n in range(100) if n != place]
    assert [world.shown(scenes[n])["title"] for n in healthy] == [f"Scene {n}" for n in healthy]


def test_a_machine_that_fails_charges_nobody(world: World, clock: EventfulClock) -> None:
    stage = BuggyStage(
        world, clock, lambda services: replace(services, path_map=MapOnABrokenMachine())
    )
    stage.enqueue(world.add("sick", title="A"))

    live(stage, lives=10)

    assert stage.dead() == {}
    assert world.due() == 1

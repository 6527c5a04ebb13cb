"""A scene at whose writing all of Plex goes away: the others get there, and it is given up."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.invocation.witness import rows
from tests.servers.plex import LoopbackPlex, Request
from tests.worker.conftest import Live
from tests.worker.stage import hook
from tests.worker.test_outages import end, titles
from tests.worker.timeline import Timeline
from tests.world import World
from worker.outage_history import OutageHistory

TITLES = [f"Scene {n}" for n in range(8)]

FALLS: dict[str, Callable[[LoopbackPlex], object]] = {
    "refuses": lambda plex: plex.stop(),
    "answers 503": lambda plex: plex.weather(503),
}

REASON = "Plex stopped answering 3 times while only this scene was at work"


@pytest.fixture
def clock() -> Timeline:
    return Timeline()


class Falls:
    """Plex goes away at certain writes, and nothing of them is carried out.

    Attributes:
        at: when it went away, in seconds, and at the writing of which scene.
        due: how many jobs waited or were at work then.
        lasts: for how many seconds it stays away.
    """

    def __init__(
        self, world: World, clock: Timeline, how: str, is_deadly: Callable[[int, int], bool]
    ) -> None:
        """Let Plex go away if *is_deadly* says so of a scene and the number of the write."""
        self._world, self._clock, self._go_away = world, clock, FALLS[how]
        self._is_deadly = is_deadly
        self._writes = 0
        self.at: list[tuple[float, int]] = []
        self.due: list[int] = []
        self.lasts = 100.0
        world.plex.on_request = self._look

    @property
    def scenes(self) -> list[int]:
        return [scene for _, scene in self.at]

    def _look(self, request: Request) -> None:
        if request.method != "PUT":
            return
        self._writes += 1
        key = int(request.args["id"])
        scene = next(s for s in self._world.stash.library.ids if self._world.key(s) == key)
        if not self._is_deadly(scene, self._writes):
            return
        self.at.append((self._clock.elapsed, scene))
        self.due.append(self._world.due())
        self._world.plex.chokes_on(key)  # or a request that was read would be carried out
        self._go_away(self._world.plex)
        self._clock.at(self._clock.elapsed + self.lasts, lambda: self._come_back(key))

    def _come_back(self, key: int) -> None:
        self._world.plex.chokes_on(key, None)
        end(self._world.plex)


def given_scenes(world: World, count: int = 8) -> list[int]:
    """Edited ones."""
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(count)]
    for scene in scenes:
        hook(world, scene)
    return scenes


def dead(world: World) -> dict[int, str]:
    """Why which scenes were given up."""
    ids, reasons = (rows(world, "dead_letter", column) for column in ("id", "reason"))
    return dict(zip(ids, reasons, strict=True))


@pytest.mark.parametrize("how", FALLS)
@pytest.mark.parametrize("place", [0, 4])
def test_a_scene_that_takes_plex_down_each_time_is_given_up_and_the_others_get_there(
    world: World, live: Live, clock: Timeline, how: str, place: int
) -> None:
    scenes = given_scenes(world)
    deadly = scenes[place]
    falls = Falls(world, clock, how, lambda scene, _: scene == deadly)

    assert live() is False

    assert dead(world) == {deadly: REASON}
    assert rows(world, "dead_letter", "cause") == ["PlexServerDown"]
    others = [n for n in range(8) if n != place]
    assert titles(world, [scenes[n] for n in others]) == [TITLES[n] for n in others]
    assert falls.scenes == [deadly] * 4  # once among the others, and three times alone


def test_from_its_first_outage_on_it_comes_last_also_behind_what_arrives_meanwhile(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_scenes(world)
    falls = Falls(world, clock, "refuses", lambda scene, _: scene == scenes[0])
    late = [world.add(f"late{n}", title=f"Late {n}") for n in range(3)]
    for n, scene in enumerate(late):
        clock.at(50.0 + 120 * n, partial(hook, world, scene))

    live()

    assert falls.due == [8, 1, 1, 1]
    assert titles(world, late) == ["Late 0", "Late 1", "Late 2"]


def test_two_such_scenes_are_given_up_one_after_the_other(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_scenes(world)
    falls = Falls(world, clock, "answers 503", lambda scene, _: scene in scenes[2:4])

    live()

    assert dead(world) == {scenes[2]: REASON, scenes[3]: REASON}
    assert titles(world, [*scenes[:2], *scenes[4:]]) == [*TITLES[:2], *TITLES[4:]]
    assert len(falls.at) == 8


def test_each_outage_that_a_scene_begins_is_one_record_however_long_it_lasts(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_scenes(world)
    falls = Falls(world, clock, "answers 503", lambda _, write: write == 3)
    falls.lasts = 900.0

    live()

    assert len(OutageHistory(world.data_dir).get_history()) == 1
    assert titles(world, scenes) == TITLES
    assert dead(world) == {}


def test_outages_that_begin_with_one_scene_after_the_other_bury_none(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_scenes(world)
    falls = Falls(world, clock, "refuses", lambda scene, _: scene not in falls.scenes)

    live()

    assert sorted(falls.scenes) == scenes
    assert titles(world, scenes) == TITLES
    assert dead(world) == {}


def test_a_scene_that_plex_has_borne_once_is_beyond_suspicion(
    world: World, live: Live, clock: Timeline
) -> None:
    (scene,) = given_scenes(world, 1)
    falls = Falls(world, clock, "answers 503", lambda _, write: write % 4 != 0)

    for edit in range(3):
        world.stash.edit(scene, title=f"Edit {edit}")
        hook(world, scene)
        live()
        assert titles(world, [scene]) == [f"Edit {edit}"]

    assert falls.scenes == [scene] * 9
    assert dead(world) == {}

"""What is no outage of Plex: the breaker stays closed, nothing is recorded, the others go on."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.invocation.witness import rows
from tests.servers.stash import LoopbackStash
from tests.worker.conftest import Live
from tests.worker.stage import Stage, hook, last_word
from tests.worker.stage import live as drain_in_lives
from tests.worker.test_ambiguous import add_ambiguous
from tests.worker.test_bugs import Break, BuggyStage, in_matching, in_planning
from tests.worker.test_outages import titles
from tests.worker.timeline import Timeline
from tests.world import World
from worker.circuit_breaker import CircuitBreaker
from worker.outage_history import OutageHistory
from worker.plex_watch import BREAKER

TROUBLES: dict[str, Callable[[LoopbackStash], object]] = {
    "is off": lambda stash: stash.stop(),
    "answers 503": lambda stash: stash.weather(503),
    "hangs up": lambda stash: stash.weather("reset"),
    "is locked": lambda stash: stash.weather("locked"),
}


@pytest.fixture
def clock() -> Timeline:
    return Timeline()


@pytest.fixture
def scenes(world: World, stage: Stage) -> list[int]:
    """Healthy ones, edited over ten minutes."""
    return [world.add(f"s{n}", title=f"Scene {n}") for n in range(6)]


TITLES = [f"Scene {n}" for n in range(6)]


def edit_over_ten_minutes(world: World, clock: Timeline, scenes: list[int]) -> None:
    for n, scene in enumerate(scenes):
        clock.at(100.0 * n, partial(hook, world, scene))


def assert_no_outage(world: World, clock: Timeline) -> None:
    assert OutageHistory(world.data_dir).get_history() == []
    if (world.data_dir / BREAKER).exists():
        breaker = CircuitBreaker.as_onlooker(world.data_dir / BREAKER, clock)
        assert breaker is not None
        assert breaker.is_closed


def test_a_wrong_library_name_waits_for_the_user_and_is_no_outage(
    world: World, live: Live, clock: Timeline, scenes: list[int]
) -> None:
    world.stash.settings["plex_library"] = "Scnes"
    for scene in scenes:
        hook(world, scene)
    assert [live() for _ in range(7)] == [True] * 7
    assert "check plex_library" in last_word(world)["why"]
    assert rows(world, "retry", "id") == rows(world, "dead_letter", "id") == []
    assert_no_outage(world, clock)

    world.stash.settings["plex_library"] = "Scenes"
    assert live() is False

    assert titles(world, scenes) == TITLES


def test_ambiguous_scenes_are_given_up_while_the_others_go_on(
    world: World, live: Live, clock: Timeline, scenes: list[int]
) -> None:
    ambiguous = [add_ambiguous(world, f"a{n}") for n in range(5)]
    for scene in (*ambiguous, *scenes):
        hook(world, scene)

    assert live() is False

    assert titles(world, scenes) == TITLES
    assert rows(world, "dead_letter", "id") == ambiguous
    assert_no_outage(world, clock)


@pytest.mark.parametrize("status", [500, 503, 429])
def test_items_that_answer_an_error_for_ever_are_given_up_while_the_others_go_on(
    world: World, live: Live, clock: Timeline, scenes: list[int], status: int
) -> None:
    sick = [world.add(f"sick{n}", title="Sick") for n in range(6)]
    for scene in sick:
        world.plex.chokes_on(world.key(scene), status)
        hook(world, scene)
    edit_over_ten_minutes(world, clock, scenes)

    assert live() is False

    assert titles(world, scenes) == TITLES
    assert sorted(rows(world, "dead_letter", "id")) == sick
    assert set(rows(world, "dead_letter", "cause")) == {"PlexTemporaryError"}
    assert_no_outage(world, clock)


@pytest.mark.parametrize("how", TROUBLES)
def test_a_stash_that_is_down_for_ten_minutes_is_no_outage_of_plex(
    world: World, live: Live, clock: Timeline, scenes: list[int], how: str
) -> None:
    charged: list[int] = []
    clock.at(20, lambda: TROUBLES[how](world.stash))
    clock.at(619, lambda: charged.extend(rows(world, "retry", "attempts")))
    clock.at(620, world.stash.start)
    clock.at(620, lambda: world.stash.weather("fine"))
    edit_over_ten_minutes(world, clock, scenes)

    assert live() is False

    assert titles(world, scenes) == TITLES
    assert charged == []
    assert rows(world, "dead_letter", "id") == []
    assert_no_outage(world, clock)


@pytest.mark.parametrize("damage", [in_matching, in_planning])
def test_a_bug_in_our_own_code_is_no_outage_of_plex(
    world: World, clock: Timeline, scenes: list[int], damage: Break
) -> None:
    stage = BuggyStage(world, clock, damage)
    sick = world.add("sick", title="Sick")
    stage.enqueue(sick, *scenes)

    drain_in_lives(stage, lives=5)

    assert titles(world, scenes) == TITLES
    assert list(stage.dead()) == [sick]
    assert_no_outage(world, clock)

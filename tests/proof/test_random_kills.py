"""kill -9 of hooks, tasks and backgrounds at random moments, while users go on editing."""

import os
import time
from pathlib import Path
from random import Random

import pytest

from tests.proof.storm import Figures, Storm
from tests.proof.wrong_plugins import WRONG, Wrong
from tests.world import World

SEED = "STASH2PLEX_SEED"  # an environment variable; without it each run has its own


@pytest.fixture
def random() -> Random:
    seed = os.environ.get(SEED) or str(time.time_ns())
    print(f"{SEED}={seed}")
    return Random(seed)


def test_after_20_kills_one_more_hook_makes_every_scene_right(world: World, random: Random) -> None:
    """After the first one too, and after the next four."""
    storm = Storm(world, random)

    figures = [storm.rage(kills) for kills in (1, 4, 15)][-1]

    assert figures.all_faults() == []
    assert figures.kills.total() >= 20
    assert figures.at_work.total() > 0


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_after_1000_kills_nothing_is_lost_stuck_stale_or_buried(
    tmp_path: Path, random: Random, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ten installations with twelve storms each, and one more hook after each storm."""
    total = Figures()
    for number in range(10):
        with World(tmp_path / str(number)) as world:
            storm = Storm(world, random)
            for kills in (*[1] * 5, *[5] * 3, *[20] * 4):
                storm.rage(kills)
        total.add(storm.figures)

    with capfd.disabled():
        print(f"\n{total}")
    assert total.all_faults() == []
    assert total.kills.total() >= 1000
    assert len(total.kills) == 4


@pytest.mark.proof
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_a_storm_finds_fault_with_a_plugin_that_is_wrong(
    world: World, random: Random, tmp_path: Path, wrong: Wrong
) -> None:
    world.script = wrong.install(tmp_path / "plugins" / "Stash2Plex")
    storm = Storm(world, random)

    storms = (storm.rage(20) for _ in range(10))

    assert any(figures.faults[wrong.fault] for figures in storms)

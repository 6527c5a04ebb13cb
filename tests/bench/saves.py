"""How long after a save Plex shows it."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.bench.sizes import Sizes
from tests.bench.table import Row, at_most
from tests.world import World


def measure(folder: Path, python: Path, sizes: Sizes) -> Iterator[Row]:
    """From the start of the hook until Plex shows the title."""
    with World(folder, python=str(python)) as world:
        scene = world.add("a", title="before")
        world.hook(scene)
        world.until_drained()
        idle, lingering = [], []
        for number in range(sizes.saves):
            world.kill_background()
            idle.append(_save(world, scene, f"idle {number}"))
            lingering.append(_save(world, scene, f"lingering {number}"))
    for name, seconds in (("no background process", idle), ("a lingering one", lingering)):
        note = f" (slowest of {len(seconds)}: {max(seconds):.2f} s)"
        yield at_most(f"save to Plex: {name}", median(seconds), 2, " s", note)


def _save(world: World, scene: int, title: str) -> float:
    started = time.monotonic()
    world.save(scene, title=title)
    while world.shown(scene)["title"] != title:
        assert time.monotonic() - started < 60, world.background_log()
        time.sleep(0.002)
    seconds = time.monotonic() - started
    world.until_drained()
    return seconds

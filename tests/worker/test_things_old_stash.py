"""Jobs about things of a Stash before v0.27, in which groups are movies."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.job import JobKey
from sync_queue.due import GONE
from tests.servers.stash import LoopbackStash
from tests.worker.stage import EventfulClock, Stage
from tests.world import World


@pytest.fixture
def old(tmp_path: Path, clock: EventfulClock) -> Iterator[Stage]:
    world = World(tmp_path / "old")
    world.stash = LoopbackStash("v0.26.2", data_dir=world.folder)
    with world:
        yield Stage(world, clock)


@pytest.mark.parametrize("kind", ["tag", "performer", "studio", "group"])
def test_a_stash_that_calls_groups_movies_is_asked_in_its_words(old: Stage, kind: str) -> None:
    facts: dict[str, Any] = {"tags": ["x"], "performers": ["x"], "groups": ["x"], "studio": "x"}
    scene = old.world.add("a", title="A", **facts)
    old.open(collect_groups=True)
    old.sync(scene)
    getattr(old.world.stash, f"rename_{kind}")("x", "y")

    old.queue.put([JobKey(kind, 1)])
    old.drain()

    shown = old.world.shown(scene)
    assert "y" in (*shown["genres"], *shown["cast"], *shown["collections"], shown["studio"])
    assert old.is_idle()


def test_a_movie_that_is_gone_is_told_from_a_stash_without_groups(old: Stage) -> None:
    old.queue.put([JobKey("group", 7)])

    old.drain()

    assert old.is_idle()
    assert (old.world.data_dir / GONE).exists()

"""Trials in which the draining process is killed at a random moment of its work."""

import hashlib
import os
import random
import signal
import time

from tests.invocation.circumstances import record
from tests.invocation.witness import backgrounds, rows
from tests.world import World, picture

SCENES = 12
REQUESTS = SCENES + 4  # of a drain, to Plex: what it asks first, and then a PUT per scene


class Trials:
    """A library that is edited, its drain killed, and looked at after one more invocation.

    Attributes:
        hits: how many kills left a scene at work.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.scenes = [world.add(f"n{number}", title="Never synced") for number in range(SCENES)]
        self.hits = 0
        world.plex.latency = 0.01
        world.stash.latency = 0.01

    def run(self) -> None:
        """Edit all, kill the process that brings it to Plex, start one more invocation."""
        world = self.world
        for scene in self.scenes:
            self._edit(scene)
        world.plex.clear_requests()
        record(world, *self.scenes[1:])
        world.hook(self.scenes[0])
        seen = self.random.randint(1, REQUESTS)
        world.until(lambda: len(world.plex.requests) >= seen or not world.due())
        time.sleep(self.random.uniform(0, 0.02))
        self._kill()

        world.hook(self.random.choice(self.scenes))

        world.until(lambda: not world.due() and not rows(world, "retry", "id"), within=60)
        self._look()

    def _kill(self) -> None:
        for pid in backgrounds(self.world):
            os.kill(pid, signal.SIGKILL)
        self.world.until(lambda: not backgrounds(self.world))
        self.hits += bool(rows(self.world, "at_work", "id"))

    def _edit(self, scene: int) -> None:
        """Every kind of field, so that a half-done scene shows."""
        number = self.random.randrange(10**6)
        self.world.stash.edit(
            scene,
            title=f"Title {number}",
            details=self.random.choice(["", f"Details {number}"]),
            date=f"20{number % 30:02}-01-{1 + number % 28:02}",
            rating100=number % 101,
            studio=f"Studio {number % 3}",
            performers=[f"Performer {n}" for n in range(number % 4)],
            tags=[f"tag {(number + n) % 7}" for n in range(1 + number % 3)],
            cover=picture(f"{number % 5}"),
        )

    def _look(self) -> None:
        """Every scene is right, none is stuck, none was given up."""
        for scene in self.scenes:
            said, shown = self.world.stash.scene(scene), self.world.shown(scene)
            assert said.studio is not None
            assert said.cover is not None
            assert shown["title"] == said.title
            assert shown["summary"] == said.details
            assert shown["date"] == said.date
            assert round(shown["user_rating"] * 10) == said.rating100
            assert shown["studio"] == said.studio.name
            assert shown["cast"] == [performer.name for performer in said.performers]
            assert sorted(shown["genres"]) == sorted(tag.name for tag in said.tags)
            assert shown["collections"] == [said.studio.name]
            assert shown["poster"] == hashlib.sha1(said.cover).hexdigest()
        assert rows(self.world, "at_work", "id") == []
        assert rows(self.world, "dead_letter", "id") == []

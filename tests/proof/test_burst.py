"""Edits of scenes in flight, of scenes that wait and of others, all while a drain runs."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest

from tests.invocation.circumstances import record
from tests.invocation.witness import answer_of, rows
from tests.proof.oracle import unsettled
from tests.world import World
from worker.batch import BATCH

MORE = 40  # scenes that wait behind the first batch


class Library:
    """Scenes that are edited, how often, and what Plex must show of them.

    Attributes:
        edits: of each scene.
    """

    def __init__(self, world: World, scenes: int) -> None:
        self.world = world
        self.scenes = [world.add(f"n{number}", title="First") for number in range(scenes)]
        self.edits = Counter(self.scenes)

    def save(self, scene: int) -> None:
        """Save a scene; no two saves are of the same scene at the same time."""
        self.edits[scene] += 1
        result = self.world.save(scene, title=f"Edit {self.edits[scene]}")
        assert answer_of(result)["output"].startswith(("recorded", "spooled"))

    def writes(self) -> Counter[int]:
        """How often each scene was written."""
        written = Counter(r.args["id"] for r in self.world.plex.requests if r.method == "PUT")
        return Counter({scene: written[str(self.world.key(scene))] for scene in self.scenes})

    def wrong(self) -> list[str]:
        """What Plex shows instead of a scene's last version."""
        titles = ((s, self.world.shown(s)["title"], self.last(s)) for s in self.scenes)
        return [f"{scene}: {shown}, not {last}" for scene, shown, last in titles if shown != last]

    def last(self, scene: int) -> str:
        return f"Edit {self.edits[scene]}" if self.edits[scene] > 1 else "First"


def in_flight(world: World) -> int:
    return sum(rows(world, column="status = 2"))


@pytest.mark.parametrize(
    ("saves", "bursts"), [(40, 1), pytest.param(200, 5, marks=pytest.mark.proof)]
)
def test_edits_in_a_burst_during_a_drain_are_all_in_plex_and_none_is_written_twice(
    world: World, saves: int, bursts: int
) -> None:
    random = Random(saves)
    library = Library(world, BATCH + MORE)
    record(world, *library.scenes[1:])
    world.plex.latency = 0.01
    world.hook(library.scenes[0])
    world.until(lambda: world.plex.count("PUT"))
    assert in_flight(world) >= BATCH / 2
    assert len(rows(world)) > in_flight(world)

    for _ in range(bursts):
        drained = world.plex.count("PUT")
        # By scene, so that the last save of each is known.
        chosen = Counter(random.choices(library.scenes, k=saves))
        with ThreadPoolExecutor(8) as threads:
            saved = [threads.submit(save_often, library, *each) for each in chosen.items()]
        for each in saved:
            each.result()
        assert world.plex.count("PUT") > drained  # all the while

    world.until(lambda: not unsettled(world), within=90)
    assert library.wrong() == []
    too_often = library.writes() - library.edits
    assert too_often == Counter()
    assert rows(world, "dead_letter", "id") == []


def save_often(library: Library, scene: int, times: int) -> None:
    for _ in range(times):
        library.save(scene)


def test_edits_at_every_step_of_their_scenes_own_job_reach_plex(world: World) -> None:
    """At each request that the drain sends to either server, its scene is saved once more."""
    library = Library(world, 1)
    (scene,) = library.scenes
    steps = 0

    def save(_: object) -> None:
        nonlocal steps
        steps += 1
        if steps <= 12:
            library.save(scene)

    world.plex.on_request = save
    world.stash.before_answer = save
    world.hook(scene)

    world.until(lambda: steps > 12 and not unsettled(world))
    assert library.wrong() == []
    assert library.writes() - library.edits == Counter()

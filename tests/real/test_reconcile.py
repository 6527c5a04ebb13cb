"""What the hooks missed in an actual Stash is found by the buttons, and repaired by itself."""

import pytest

from tests.real.stash_server import until
from tests.real.test_tasks import lines
from tests.real.world import RealWorld

pytestmark = pytest.mark.real

TASKS = (
    "Reconcile Library (All)",
    "Reconcile Library (Recent)",
    "Reconcile Library (Last 7 Days)",
    "Reconcile Missing Metadata Only",
)


@pytest.mark.parametrize("task", TASKS)
def test_scenes_that_no_hook_told_of_reach_plex(world: RealWorld, task: str) -> None:
    world.stash.enable(False)
    scenes = [world.add(f"s{n}", title=f"T{n}", details="d") for n in range(3)]
    world.stash.enable(True)

    job = world.stash.run_task(task)

    assert (job.status, job.error) == ("FINISHED", None)
    told = lines(world, "Info")
    assert "[Plugin / Stash2Plex] Scenes checked: 3" in told
    assert "[Plugin / Stash2Plex] Empty metadata: 3" in told
    expected = ["T0", "T1", "T2"]
    until(lambda: [world.shown(scene)["title"] for scene in scenes] == expected, within=30)


def test_a_change_that_moves_no_time_is_found_by_its_content(world: RealWorld) -> None:
    tag = world.create("tag", name="before")
    scene = world.add("a", title="A", details="d", tag_ids=[tag])
    until(lambda: world.shown(scene)["genres"] == ["before"])
    world.stash.enable(False)
    world.stash.ask(
        "mutation($id: ID!, $name: String) { tagUpdate(input: {id: $id, name: $name}) { id } }",
        id=str(tag), name="after",
    )  # fmt: skip
    world.stash.enable(True)

    world.stash.run_task("Reconcile Library (All)")

    assert "[Plugin / Stash2Plex] Stale sync: 1" in lines(world, "Info")
    until(lambda: world.shown(scene)["genres"] == ["after"], within=30)

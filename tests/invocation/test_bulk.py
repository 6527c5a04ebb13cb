"""A save is not behind a bulk run, and neither is lost in the other."""

from domain.job import JobKey, SceneId
from sync_queue.manager import QueueManager
from tests.invocation.witness import answer_of, titles_shown
from tests.servers.plex import Request
from tests.servers.stash import PluginResult
from tests.world import World

MANY = 300


def add_many(world: World) -> list[int]:
    return [world.add(f"n{number}", title=f"T{number}") for number in range(MANY)]


def enqueue_in_bulk(world: World, scenes: list[int]) -> None:
    """As "Sync All Scenes" does."""
    manager = QueueManager(world.data_dir)
    manager.get_queue().put((JobKey("scene", SceneId(scene)) for scene in scenes), "bulk")
    manager.close()


def test_a_save_during_a_bulk_run_does_not_wait_for_its_end(world: World) -> None:
    scenes = add_many(world)
    first, saved = world.add("first", title="First"), world.add("saved", title="Old")
    world.plex.latency = 0.05
    enqueue_in_bulk(world, scenes)
    world.hook(first)
    world.until(lambda: world.plex.count("PUT") > 5)

    result = world.save(saved, title="Saved meanwhile")

    assert answer_of(result) == {"output": "recorded; background running"}
    world.until(lambda: world.shown(saved)["title"] == "Saved meanwhile")
    assert world.plex.count("PUT") < MANY / 2
    world.plex.latency = 0.0
    world.until_drained(within=60)
    assert titles_shown(world, scenes) == [f"T{n}" for n in range(MANY)]


def test_a_save_during_sync_all_does_not_wait_for_its_end(world: World) -> None:
    """Here it is the task that drains; the hook finds the lock taken."""
    scenes = add_many(world)
    saved = world.add("saved", title="Old")
    hooks: list[PluginResult] = []
    written_before: list[int] = []

    def save_at_the_20th(request: Request) -> None:
        if request.method == "PUT" and world.plex.count("PUT") == 20 and not hooks:
            hooks.append(world.save(saved, title="Saved meanwhile"))
        if not written_before and world.shown(saved)["title"] == "Saved meanwhile":
            written_before.append(world.plex.count("PUT"))

    world.plex.on_request = save_at_the_20th
    result = world.task("all")

    world.plex.on_request = None
    assert answer_of(hooks[0]) == {"output": "recorded; background running"}
    assert f"{MANY + 1} scenes enqueued" in answer_of(result)["output"]
    assert written_before[0] < MANY / 2
    assert titles_shown(world, scenes) == [f"T{n}" for n in range(MANY)]

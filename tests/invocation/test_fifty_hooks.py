"""Fifty saves at once, as an identify over two browser tabs makes them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sync_queue import host
from tests.invocation.circumstances import time_passes, without_packages
from tests.invocation.witness import (
    Sampler,
    answer_of,
    backgrounds,
    job,
    rows,
    spooled,
    titles_shown,
)
from tests.servers.stash import PluginResult
from tests.world import World

FIFTY = 50


def fifty_scenes(world: World) -> list[int]:
    return [world.add(f"n{number}", title=f"Title {number}") for number in range(FIFTY)]


def titles(scenes: list[int]) -> list[str]:
    return [f"Title {number}" for number in range(len(scenes))]


def at_once(
    world: World, scenes: list[int], env: Mapping[str, str] | None = None
) -> list[PluginResult]:
    """Start a hook for each scene, all at the same time; wait for them all."""
    with ThreadPoolExecutor(len(scenes)) as threads:
        return list(threads.map(lambda scene: world.hook(scene, env=env or {}), scenes))


def test_fifty_hooks_at_once_bring_fifty_scenes_to_plex_by_one_process(world: World) -> None:
    scenes = fifty_scenes(world)

    with Sampler(world) as sampler:
        results = at_once(world, scenes)
        world.until(lambda: titles_shown(world, scenes) == titles(scenes), within=60)
        world.until_drained()

    assert world.plex.count("PUT") == FIFTY
    outputs = [answer_of(result)["output"] for result in results]
    assert all(output.startswith(("recorded", "spooled")) for output in outputs)
    started = sum(output.endswith("background started") for output in outputs)
    assert sampler.most_holders == 1
    assert sampler.most_at_once == 1
    if not host.WINDOWS:
        assert started == 1
        assert len(sampler.seen) == 1


def test_fifty_hooks_of_one_scene_leave_plex_with_the_last_edit(world: World) -> None:
    scene = world.add("a", title="Old")

    def save(number: int) -> PluginResult:
        return world.save(scene, title=f"Title {number}")

    with ThreadPoolExecutor(10) as threads:
        results = list(threads.map(save, range(FIFTY)))

    assert {answer_of(result)["output"].partition(";")[0] for result in results} <= {
        "recorded",
        "spooled",
    }
    last = world.stash.scene(scene).title
    world.until_drained()
    world.until(lambda: world.shown(scene)["title"] == last)


def test_fifty_hooks_at_once_without_packages_lose_no_edit(world: World, tmp_path: Path) -> None:
    """Packages are there later, and one more hook brings all of it to Plex."""
    scenes = fifty_scenes(world)
    last = world.add("last", title="Last")

    with Sampler(world) as sampler:
        results = at_once(world, scenes, env=without_packages(tmp_path / "none"))
        world.until(lambda: not backgrounds(world))

    assert all("output" in answer_of(result) for result in results)
    assert sorted(rows(world) + spooled(world)) == sorted(job(scene) for scene in scenes)
    assert sampler.most_holders == 1
    time_passes(world)
    world.hook(last)
    world.until(
        lambda: titles_shown(world, [*scenes, last]) == [*titles(scenes), "Last"], within=60
    )

"""Clear Match Cache: Plex's libraries are listed again, whoever drains and whatever he is at."""

from pathlib import Path

import pytest

from tests.servers.plex import Request
from tests.worker.stage import Stage, hook
from worker.libraries import FORGET_INDEX, ask_to_forget_index


def listings(stage: Stage) -> int:
    """How often a library was listed from end to end."""
    return sum(
        r.method == "GET"
        and r.path.endswith("/all")
        and "updatedAt>>" not in r.args
        and r.headers["x-plex-container-size"] != "1"
        for r in stage.world.plex.requests
    )


def word(stage: Stage) -> Path:
    return stage.world.data_dir / FORGET_INDEX


@pytest.fixture
def synced(stage: Stage) -> int:
    """A scene that is in Plex as it is in Stash, and in the index."""
    scene = stage.world.add("a", title="A")
    assert stage.sync(scene).succeeded == 1
    stage.forget_requests()
    return scene


def test_until_somebody_clears_it_the_cache_spares_listing(stage: Stage, synced: int) -> None:
    stage.sync(synced)
    stage.reopen()
    stage.sync(synced)

    assert listings(stage) == 0


def test_the_next_batch_of_a_drain_that_lives_lists_every_library_once(
    stage: Stage, synced: int
) -> None:
    stage.world.plex.add_section("More", locations=("/more",))
    ask_to_forget_index(stage.world.data_dir)

    stage.sync(synced)
    stage.sync(synced)

    assert listings(stage) == 2
    assert not word(stage).exists()


def test_the_first_batch_of_the_next_process_lists_the_library_once(
    stage: Stage, synced: int
) -> None:
    ask_to_forget_index(stage.world.data_dir)

    stage.reopen()
    stage.sync(synced)
    assert listings(stage) == 1

    stage.sync(synced)
    assert listings(stage) == 1
    assert not word(stage).exists()


def test_a_cache_that_is_cleared_during_a_batch_is_cleared_for_the_next(
    stage: Stage, synced: int
) -> None:
    world = stage.world
    other = world.add("b", title="B")

    def clear(_: Request) -> None:
        world.plex.before_answer = None
        ask_to_forget_index(world.data_dir)
        hook(world, synced)

    world.plex.before_answer = clear
    stage.sync(other)

    assert listings(stage) == 1
    assert stage.is_idle()
    assert world.shown(other)["title"] == "B"


def test_a_scene_that_moved_to_another_item_is_found_there(stage: Stage, synced: int) -> None:
    """An item that looks older than all that was listed, as after a repair of Plex's database."""
    world = stage.world
    before = world.key(synced)
    moved = world.plex.add_item("/data/a.mp4", 1000, world.section, title="Moved", added_at=1)
    stage.edit(synced, title="B")
    stage.drain()
    assert world.plex.shown(moved)["title"] == "Moved"

    ask_to_forget_index(world.data_dir)
    world.plex.remove_item(before)
    stage.sync(synced)

    assert world.plex.shown(moved)["title"] == "B"
    assert stage.is_idle()


def test_what_plex_shows_is_not_written_again(stage: Stage, synced: int) -> None:
    ask_to_forget_index(stage.world.data_dir)

    assert stage.sync(synced).succeeded == 1

    assert stage.plex_saw("PUT") == 0


def test_parked_scenes_stay_parked_until_plex_shows_their_files(stage: Stage, synced: int) -> None:
    world = stage.world
    missing, there = (world.add(name, title=name.upper(), in_plex=False) for name in ("x", "y"))
    stage.enqueue(missing, there)
    stage.drain_until_idle()
    key = world.plex.add_item("/data/y.mp4", 1000, world.section)

    ask_to_forget_index(world.data_dir)
    stage.sync(synced)

    assert stage.parked() == [missing]
    assert world.plex.shown(key)["title"] == "Y"


def test_a_library_that_cannot_be_listed_costs_no_scene_anything(stage: Stage, synced: int) -> None:
    world = stage.world
    world.plex.weather(500, path_prefix=f"/library/sections/{world.section}/all", only="GET")
    ask_to_forget_index(world.data_dir)
    stage.edit(synced, title="B")
    assert stage.drain().stopped
    assert (stage.stats["pending"], stage.attempts(synced)) == (1, 0)

    world.plex.weather("fine")
    stage.drain()

    assert world.shown(synced)["title"] == "B"


def test_clearing_it_twice_is_clearing_it_once(stage: Stage, synced: int) -> None:
    ask_to_forget_index(stage.world.data_dir)
    ask_to_forget_index(stage.world.data_dir)

    stage.sync(synced)

    assert listings(stage) == 1

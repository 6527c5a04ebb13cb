"""Many scenes at once in an actual Stash: one hook after the other, within one request."""

import pytest

from tests.real.stash_server import until
from tests.real.world import RealWorld

pytestmark = pytest.mark.real


@pytest.fixture
def scenes(world: RealWorld) -> list[int]:
    """20 scenes that Plex shows."""
    scenes = [world.add(f"s{number}", details="old") for number in range(20)]
    until(lambda: all(world.shown(scene)["summary"] == "old" for scene in scenes))
    return scenes


def test_a_bulk_edit_of_20_scenes_shows_in_plex(world: RealWorld, scenes: list[int]) -> None:
    tag = world.create("tag", name="bulk")

    world.stash.ask(
        "mutation($input: BulkSceneUpdateInput!) { bulkSceneUpdate(input: $input) { id } }",
        input={
            "ids": scenes,
            "rating100": 60,
            "details": "new",
            "tag_ids": {"ids": [tag], "mode": "ADD"},
        },
    )

    until(lambda: all(world.shown(scene)["genres"] == ["bulk"] for scene in scenes))
    assert all(world.shown(scene)["user_rating"] == 6.0 for scene in scenes)
    assert all(world.shown(scene)["summary"] == "new" for scene in scenes)


def test_20_scenes_saved_with_20_titles_show_each_its_own(
    world: RealWorld, scenes: list[int]
) -> None:
    titles = [f"Title of {scene}" for scene in scenes]

    world.stash.ask(
        "mutation($input: [SceneUpdateInput!]!) { scenesUpdate(input: $input) { id } }",
        input=[{"id": scene, "title": title} for scene, title in zip(scenes, titles, strict=True)],
    )

    until(lambda: world.titles(scenes) == titles)


def test_a_destroyed_scene_is_forgotten_and_plex_left_as_it_is(
    world: RealWorld, scenes: list[int]
) -> None:
    until(lambda: world.remembered() == scenes)
    world.plex.clear_requests()
    gone, *left = scenes
    shown = world.shown(gone)

    world.stash.ask(
        "mutation($input: SceneDestroyInput!) { sceneDestroy(input: $input) }",
        input={"id": gone, "delete_file": False, "delete_generated": True},
    )

    until(lambda: world.remembered() == left)
    world.until_drained()
    assert world.shown(gone) == shown
    assert world.plex.count("PUT") == world.plex.count("POST") == world.plex.count("DELETE") == 0


def test_several_scenes_that_are_destroyed_at_once_are_forgotten(
    world: RealWorld, scenes: list[int]
) -> None:
    until(lambda: world.remembered() == scenes)

    world.stash.ask(
        "mutation($input: ScenesDestroyInput!) { scenesDestroy(input: $input) }",
        input={"ids": scenes[:5], "delete_file": False, "delete_generated": True},
    )

    until(lambda: world.remembered() == scenes[5:])

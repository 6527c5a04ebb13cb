"""Changes to the library: what they touch, and what they leave."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.servers.stash import LoopbackStash, StashError
from tests.servers.stash.asking import ask, data


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.moment = datetime(2024, 6, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def tick(self) -> None:
        self.moment += timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stash(clock: Clock) -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        server.now = clock
        yield server
        assert server.crashes == []


def context_of(document: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = document["args"]["hookContext"]
    return context


def test_an_edit_changes_the_scene_and_bumps_it(stash: LoopbackStash, clock: Clock) -> None:
    scene_id = stash.add_scene("Old", tags=["a"])
    clock.tick()

    stash.edit(scene_id, title=" New ", studio="North", tags=["b"], performers=["Ann"], date="")

    scene = stash.scene(scene_id)
    assert (scene.title, scene.updated_at) == ("New", "2024-06-01T00:01:00Z")
    assert scene.studio is not None
    assert (scene.studio.name, [tag.name for tag in scene.tags]) == ("North", ["b"])
    assert [performer.name for performer in scene.performers] == ["Ann"]


def test_an_empty_cover_leaves_the_old_one(stash: LoopbackStash) -> None:
    scene_id = stash.add_scene("Old", cover=b"x")

    stash.edit(scene_id, cover_image="")

    assert stash.scene(scene_id).cover == b"x"


def test_a_title_is_required_without_files(stash: LoopbackStash) -> None:
    scene_id = stash.add_scene("Old", files=())

    with pytest.raises(StashError, match="title must be set"):
        stash.edit(scene_id, title="")


def test_a_name_that_scenes_do_not_have_is_refused(stash: LoopbackStash) -> None:
    with pytest.raises(TypeError, match="colour"):
        stash.edit(stash.add_scene(), colour="red")


def test_the_id_of_a_deleted_scene_is_not_given_again(stash: LoopbackStash) -> None:
    stash.destroy(stash.add_scene())

    assert stash.add_scene() == 2


def test_silent_changes_bump_only_when_they_should(stash: LoopbackStash, clock: Clock) -> None:
    scene_id = stash.add_scene()
    clock.tick()
    stash.change_silently(scene_id, bump_updated_at=False, play_count=3, title="Played")
    untouched = stash.scene(scene_id).updated_at
    stash.change_silently(scene_id, tags=["auto"])

    assert untouched == "2024-06-01T00:00:00Z"
    assert stash.scene(scene_id).updated_at == "2024-06-01T00:01:00Z"
    assert (stash.scene(scene_id).play_count, stash.scene(scene_id).title) == (3, "Played")


def test_a_new_cover_bumps_the_scene(stash: LoopbackStash, clock: Clock) -> None:
    scene_id = stash.add_scene()
    clock.tick()

    stash.set_cover(scene_id, b"\xff\xd8\xff")

    assert stash.scene(scene_id).updated_at == "2024-06-01T00:01:00Z"


def test_renaming_shows_in_all_scenes_and_bumps_none(stash: LoopbackStash, clock: Clock) -> None:
    scene_id = stash.add_scene(tags=["a"], performers=["Ann"], studio="North")
    clock.tick()

    stash.rename_tag("a", "b")
    stash.rename_performer("Ann", "Anna")
    stash.rename_studio("North", "South")

    found = data(
        stash,
        "{findScene(id: 1) {updated_at tags {name updated_at} performers {name} studio {name}}}",
    )["findScene"]
    assert found == {
        "updated_at": "2024-06-01T00:00:00Z",
        "tags": [{"name": "b", "updated_at": "2024-06-01T00:01:00Z"}],
        "performers": [{"name": "Anna"}],
        "studio": {"name": "South"},
    }
    assert stash.scene(scene_id).tags[0].name == "b"


def test_a_mutation_is_answered_only_after_its_hooks(stash: LoopbackStash) -> None:
    for _ in range(2):
        stash.add_scene("Old")
    hooked: list[int] = []

    def hook(document: dict[str, Any]) -> None:
        hooked.append(context_of(document)["id"])
        # The transaction is over: a plugin can read and write.
        data(stash, "{findScene(id: 1) {title}}")
        stash.change_silently(hooked[-1], details="by the hook")

    stash.on_hook = hook
    answer = data(
        stash,
        "mutation($input: [SceneUpdateInput!]!) {scenesUpdate(input: $input) {title details}}",
        input=[{"id": 1, "title": "A"}, {"id": 2, "title": "B"}],
    )

    assert hooked == [1, 2]
    assert answer["scenesUpdate"] == [
        {"title": "A", "details": "by the hook"},
        {"title": "B", "details": "by the hook"},
    ]


def test_mutations_of_scenes_that_do_not_exist_fail(stash: LoopbackStash) -> None:
    update = ask(stash, 'mutation {sceneUpdate(input: {id: 9, title: "x"}) {id}}').json()
    destroy = ask(stash, "mutation {sceneDestroy(input: {id: 9})}").json()

    assert update["errors"][0]["message"] == "scene with id 9 not found"
    assert (update["data"], destroy["data"]) == ({"sceneUpdate": None}, None)


def test_all_scene_mutations_answer(stash: LoopbackStash) -> None:
    for _ in range(4):
        stash.add_scene("Old")

    answers = data(
        stash,
        """mutation {
          sceneUpdate(input: {id: 1, title: "New", groups: []}) {title}
          bulkSceneUpdate(input: {ids: [1, 2], rating100: 7}) {rating100}
          sceneDestroy(input: {id: 3})
          scenesDestroy(input: {ids: [4]})
        }""",
    )

    assert answers == {
        "sceneUpdate": {"title": "New"},
        "bulkSceneUpdate": [{"rating100": 7}, {"rating100": 7}],
        "sceneDestroy": True,
        "scenesDestroy": True,
    }
    assert sorted(stash.library.scenes) == [1, 2]

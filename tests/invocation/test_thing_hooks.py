"""A tag, performer, studio or group that changes: its hook alone brings that to all its scenes."""

import re
from typing import Any

import pytest

from tests.invocation.circumstances import hold_off, time_passes
from tests.invocation.witness import answer_of, error_of, rows
from tests.servers.stash.hooks import Document
from tests.world import World

RECORDED = {"output": "recorded; background held off"}
IGNORED = {"output": "ignored: nothing that Plex shows has changed"}
NO_EVENT = {"output": "ignored: not an event Stash2Plex acts on"}

KINDS = ["tag", "performer", "studio", "group"]
TRIGGERS = {
    "Tag.Update.Post": "tag",
    "Tag.Destroy.Post": "tag",
    "Tag.Merge.Post": "tag",
    "Performer.Update.Post": "performer",
    "Performer.Destroy.Post": "performer",
    "Studio.Update.Post": "studio",
    "Studio.Destroy.Post": "studio",
    "Group.Update.Post": "group",
    "Group.Destroy.Post": "group",
}
HAVE = {"tag": "tags", "performer": "performers", "studio": "studio", "group": "groups"}
SHOWN = {"tag": "genres", "performer": "cast", "studio": "studio", "group": "collections"}


def hook_of(world: World, trigger: str, identity: int, *fields: str) -> Document:
    """The document of a hook; an update names its fields."""
    document = world.stash.hook_input("Scene.Create.Post", identity)
    document["args"]["hookContext"] = {
        "id": identity,
        "type": trigger,
        "input": {"id": str(identity)},
        **({"inputFields": list(fields)} if fields else {}),
    }
    return document


def given(world: World, kind: str, *names: str) -> list[int]:
    """A scene with each such thing, described and in Plex already."""
    world.stash.settings["collect_groups"] = True
    scenes = []
    for n, name in enumerate(names):
        facts: dict[str, Any] = {"studio": "S"}
        facts[HAVE[kind]] = name if kind == "studio" else [name]
        scenes.append(world.add(f"n{n}", title=f"T{n}", details="d", **facts))
    for scene in scenes:
        world.hook(scene)
    world.until(lambda: all(world.shown(scene)["summary"] == "d" for scene in scenes))
    world.until_drained()
    world.stash.clear_requests()
    return scenes


def named(world: World, scene: int, kind: str) -> set[str]:
    """What Plex shows of that kind; of collections, which hold the studio too, the groups."""
    shown = world.shown(scene)[SHOWN[kind]]
    return {shown} - {""} if isinstance(shown, str) else set(shown) - {"S"}


def change(world: World, what: str, kind: str, *names: str) -> Document:
    """Let a user do it in Stash; return the hook's document."""
    document: Document = getattr(world.stash, f"{what}_{kind}")(*names)
    return document


# What is recorded


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_each_trigger_records_what_it_is_about_and_its_id(quiet: World, trigger: str) -> None:
    fields = ("id", "name") if "Update" in trigger else ()

    result = quiet.run(hook_of(quiet, trigger, 7, *fields))

    assert answer_of(result) == RECORDED
    assert rows(quiet) == [b'{"kind": "%s", "id": 7}' % TRIGGERS[trigger].encode()]


def test_things_of_different_kinds_with_one_id_are_jobs_of_their_own(quiet: World) -> None:
    for trigger in ("Tag.Update.Post", "Studio.Update.Post", "Scene.Update.Post"):
        quiet.run(hook_of(quiet, trigger, 7, "name"))

    assert rows(quiet) == [
        b'{"kind": "tag", "id": 7}',
        b'{"kind": "studio", "id": 7}',
        b'{"kind": "scene", "id": 7}',
    ]


def test_a_merge_records_the_tag_that_is_left(quiet: World) -> None:
    quiet.stash.add_scene(tags=["gone", "kept"])

    result = quiet.run(quiet.stash.merge_tags(["gone"], "kept"))

    assert answer_of(result) == RECORDED
    assert rows(quiet) == [b'{"kind": "tag", "id": 2}']


def test_a_destroy_of_several_which_sends_a_list_records_the_one_whose_hook_it_is(
    quiet: World,
) -> None:
    """Tags.Destroy has no input object: the ids, repeated in each hook."""
    document = hook_of(quiet, "Tag.Destroy.Post", 7)
    document["args"]["hookContext"]["input"] = ["6", "7", "8"]

    assert answer_of(quiet.run(document)) == RECORDED
    assert rows(quiet) == [b'{"kind": "tag", "id": 7}']


@pytest.mark.parametrize("kind", ["Tag", "Performer", "Studio", "Group"])
def test_a_bulk_edit_which_can_change_no_name_is_ignored(world: World, kind: str) -> None:
    documents = world.stash.edit_things(kind, [1, 2], {"favorite": True, "rating100": 60})

    assert [answer_of(world.run(document)) for document in documents] == [IGNORED] * 2
    assert not world.data_dir.exists()


@pytest.mark.parametrize("field", ["image", "aliases", "tag_ids", "parent_id", "sort_name", "Name"])
def test_an_update_without_a_name_is_ignored(world: World, field: str) -> None:
    result = world.run(hook_of(world, "Tag.Update.Post", 7, "id", field))

    assert answer_of(result) == IGNORED


@pytest.mark.parametrize("fields", [["name"], ["id", "image", "name"], [], None, "image"])
def test_an_update_with_a_name_or_of_something_unknown_is_recorded(
    quiet: World, fields: object
) -> None:
    document = hook_of(quiet, "Studio.Update.Post", 7)
    document["args"]["hookContext"]["inputFields"] = fields

    assert answer_of(quiet.run(document)) == RECORDED


@pytest.mark.parametrize(
    "trigger",
    [
        "Tag.Create.Post", "Performer.Create.Post", "Studio.Create.Post", "Group.Create.Post",
        "Performer.Merge.Post", "Tag.Update", "tag.update.post", "Gallery.Update.Post",
        "SceneMarker.Update.Post", "Image.Destroy.Post",
    ],
)  # fmt: skip
def test_a_trigger_that_changes_no_scene_is_ignored(world: World, trigger: str) -> None:
    """What was just created has no scene yet."""
    result = world.run(hook_of(world, trigger, 7))

    assert answer_of(result) == NO_EVENT
    assert not world.data_dir.exists()


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_hook_without_an_id_is_an_error_that_says_what_of(world: World, trigger: str) -> None:
    document = hook_of(world, trigger, 7)
    del document["args"]["hookContext"]["id"]

    result = world.run(document)

    assert error_of(result) == f"{trigger} names no {TRIGGERS[trigger]}: nothing to record"


@pytest.mark.parametrize("identity", [None, 0, -1, "x", True, 2**63])
def test_a_hook_with_an_id_that_nothing_can_have_records_nothing(
    world: World, identity: object
) -> None:
    document = hook_of(world, "Tag.Destroy.Post", 7)
    document["args"]["hookContext"]["id"] = identity

    assert error_of(world.run(document)).startswith("Tag.Destroy.Post names no ")
    assert not world.data_dir.exists()


# What Plex shows afterwards, by the hook alone


@pytest.mark.parametrize("kind", KINDS)
def test_a_rename_reaches_plex_by_its_hook_alone(world: World, kind: str) -> None:
    one, other = given(world, kind, "Old", "Else")
    before = world.shown(other)

    world.run(change(world, "rename", kind, "Old", "New"))

    world.until(lambda: named(world, one, kind) == {"New"})
    world.until_drained()
    assert world.shown(other) == before


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_destroyed_leaves_plex_by_its_hook_alone(world: World, kind: str) -> None:
    one, other = given(world, kind, "Gone", "Else")

    world.run(change(world, "destroy", kind, "Gone"))

    world.until(lambda: named(world, one, kind) == set())
    world.until_drained()
    assert named(world, other, kind) == {"Else"}
    world.until(lambda: not (world.data_dir / "thing_gone.due").exists())


def test_a_merge_of_tags_reaches_plex_by_its_hook_alone(world: World) -> None:
    scenes = given(world, "tag", "one", "two", "kept", "else")

    world.run(world.stash.merge_tags(["one", "two"], "kept"))

    wanted: list[Any] = [{"kept"}, {"kept"}, {"kept"}, {"else"}]
    world.until(lambda: [named(world, scene, "tag") for scene in scenes] == wanted)


def test_a_rename_and_a_merge_whose_tag_is_gone_when_it_is_processed_reach_plex(
    world: World,
) -> None:
    scenes = given(world, "tag", "one", "two", "kept")
    world.kill_background()
    hold_off(world)
    first = world.stash.rename_tag("one", "uno")
    second = world.stash.merge_tags(["uno"], "two")
    third = world.stash.destroy_tag("two")
    for document in (first, second):
        world.run(document)
    time_passes(world)

    world.run(third)

    wanted: list[Any] = [set(), set(), {"kept"}]
    world.until(lambda: [named(world, scene, "tag") for scene in scenes] == wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_renames_while_plex_is_off_reach_it_afterwards(world: World, kind: str) -> None:
    (scene,) = given(world, kind, "One")
    world.plex.stop()

    world.run(change(world, "rename", kind, "One", "Two"))
    world.run(change(world, "rename", kind, "Two", "Three"))
    world.until(lambda: re.search("no complete answer from Plex", world.background_log()))
    world.plex.start()

    world.until(lambda: named(world, scene, kind) == {"Three"}, within=30)
    world.until_drained()
    assert rows(world, "dead_letter", "id") == rows(world, "retry", "id") == []


def test_a_rename_that_changes_nothing_is_not_written_to_plex(world: World) -> None:
    (scene,) = given(world, "tag", "Same")
    world.plex.clear_requests()

    world.run(hook_of(world, "Tag.Update.Post", 1, "id", "name"))

    world.until(lambda: "tag 1 has changed: 0 of its scenes are queued" in world.background_log())
    world.until_drained()
    assert world.plex.count("PUT") == 0
    assert named(world, scene, "tag") == {"Same"}

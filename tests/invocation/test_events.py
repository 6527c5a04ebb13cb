"""Which events are recorded, and what is recorded of them."""

import random
from typing import Any

import pytest

from tests.invocation.witness import answer_of, job, rows
from tests.world import World, picture

RECORDED = {"output": "recorded; background held off"}
IGNORED = {"output": "ignored: nothing that Plex shows has changed"}

IRRELEVANT = [
    "clientMutationId", "gallery_ids", "id", "o_counter", "organized", "play_count",
    "play_duration", "resume_time", "stash_ids", "url", "urls",
]  # fmt: skip


def update(world: World, scene: int, fields: Any) -> dict[str, Any]:
    """The document of an update whose inputFields are these."""
    document = world.stash.hook_input("Scene.Update.Post", scene, {"id": str(scene)})
    document["args"]["hookContext"]["inputFields"] = fields
    return document


def test_every_create_is_recorded(quiet: World) -> None:
    scene = quiet.add("a")

    result = quiet.hook(scene, "Scene.Create.Post")

    assert answer_of(result) == RECORDED
    assert rows(quiet) == [job(scene)]


@pytest.mark.parametrize("kind", ["Scene.Destroy.Post", "scenesDestroy", "clean"])
def test_every_destroy_is_recorded(quiet: World, kind: str) -> None:
    scene = quiet.add("a")
    quiet.stash.destroy(scene)

    result = quiet.hook(scene, kind)

    assert answer_of(result) == RECORDED
    assert rows(quiet) == [job(scene)]


def test_every_update_by_a_scan_is_recorded(quiet: World) -> None:
    """A scan sends neither input nor inputFields."""
    scene = quiet.add("a")
    document = quiet.stash.hook_input("scan", scene)
    assert document["args"]["hookContext"]["input"] is None
    assert "inputFields" not in document["args"]["hookContext"]

    result = quiet.run(document)

    assert answer_of(result) == RECORDED
    assert rows(quiet) == [job(scene)]


@pytest.mark.parametrize("field", IRRELEVANT)
def test_an_update_of_what_plex_does_not_show_is_ignored(world: World, field: str) -> None:
    scene = world.add("a")

    result = world.run(update(world, scene, ["id", field]))

    assert answer_of(result) == IGNORED
    assert not world.data_dir.exists()


@pytest.mark.parametrize(
    "field",
    [
        "title", "details", "date", "rating100", "studio_id", "performer_ids", "tag_ids",
        "groups", "movies", "cover_image", "primary_file_id", "code", "director",
    ],
)  # fmt: skip
def test_one_relevant_field_among_irrelevant_ones_in_any_order_is_recorded(
    quiet: World, field: str
) -> None:
    scene = quiet.add("a")
    fields = [*IRRELEVANT, field]
    random.Random(field).shuffle(fields)

    result = quiet.run(update(quiet, scene, fields))

    assert answer_of(result) == RECORDED


@pytest.mark.parametrize("order", range(3))
def test_all_irrelevant_fields_together_are_ignored_in_any_order(world: World, order: int) -> None:
    scene = world.add("a")
    fields = [*IRRELEVANT]
    random.Random(order).shuffle(fields)

    result = world.run(update(world, scene, fields))

    assert answer_of(result) == IGNORED


@pytest.mark.parametrize("name", ["a_field_of_the_future", "Organized", "", None, 7])
def test_a_field_that_nobody_knows_counts_as_relevant(quiet: World, name: object) -> None:
    scene = quiet.add("a")

    result = quiet.run(update(quiet, scene, ["id", "organized", name]))

    assert answer_of(result) == RECORDED


@pytest.mark.parametrize("fields", [[], None, "organized", {"organized": True}])
def test_an_update_that_does_not_say_what_changed_is_recorded(quiet: World, fields: object) -> None:
    scene = quiet.add("a")

    result = quiet.run(update(quiet, scene, fields))

    assert answer_of(result) == RECORDED


def test_each_scene_of_a_bulk_edit_is_recorded(quiet: World) -> None:
    scenes = [quiet.add(name) for name in "abc"]

    results = [
        quiet.run(document) for document in quiet.stash.edit_bulk(scenes, details="For all three")
    ]

    assert [answer_of(result) for result in results] == [RECORDED] * 3
    assert rows(quiet) == [job(scene) for scene in scenes]


def test_a_bulk_edit_of_what_plex_does_not_show_is_ignored(world: World) -> None:
    scenes = [world.add(name) for name in "ab"]

    results = [world.run(d) for d in world.stash.edit_bulk(scenes, organized=True)]

    assert [answer_of(result) for result in results] == [IGNORED] * 2


def test_of_an_array_of_updates_only_the_scenes_whose_own_fields_matter_are_recorded(
    quiet: World,
) -> None:
    """scenesUpdate repeats the whole array for every scene; inputFields are each scene's own."""
    one, two, three = (quiet.add(name) for name in "abc")
    documents = quiet.stash.edit_many(
        {one: {"title": "New"}, two: {"organized": True}, three: {"tags": ["blue"]}}
    )

    answers = [answer_of(quiet.run(document)) for document in documents]

    assert answers == [RECORDED, IGNORED, RECORDED]
    assert rows(quiet) == [job(one), job(three)]


def test_a_row_holds_the_identity_and_nothing_that_was_sent(quiet: World) -> None:
    scene = quiet.add("a")

    quiet.save(scene, title="A TITLE", details="SOME DETAILS", cover=picture("COVER"))

    assert rows(quiet) == [b'{"kind": "scene", "id": %d}' % scene]
    assert rows(quiet, column="typeof(data)") == ["blob"]
    on_disk = b"".join(f.read_bytes() for f in quiet.data_dir.rglob("*") if f.is_file())
    assert b"scene" in on_disk
    for sent in (b"A TITLE", b"SOME DETAILS", b"COVER", b"base64", b"session"):
        assert sent not in on_disk


def test_what_the_hook_was_told_is_not_what_plex_is_told(world: World) -> None:
    """An identify in between: when the job is processed, Stash says something else."""
    scene = world.add("a", title="Old", details="Kept")
    document = world.stash.edit(scene, title="Told to the hook")
    world.stash.change_silently(scene, title="In Stash now")

    world.run(document)

    world.until(lambda: world.shown(scene)["title"] == "In Stash now")
    assert world.shown(scene)["summary"] == "Kept"

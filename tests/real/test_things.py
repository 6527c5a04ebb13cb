"""Tags, performers, studios and groups that change in an actual Stash; nobody presses anything."""

import json
from typing import Any

import pytest

from tests.real.stash_server import until
from tests.real.world import RealWorld

pytestmark = pytest.mark.real

KINDS = ["tag", "performer", "studio", "group"]
SHOWN = {"tag": "genres", "performer": "cast", "studio": "studio", "group": "collections"}

WITNESS = """name: Witness
description: Writes down which hooks there are.
version: 1.0.0
interface: raw
exec: [python3, "{pluginDir}/witness.py"]
hooks:
  - name: All
    description: All of them.
    triggeredBy:
"""
TRIGGERS = [
    f"{kind}.{event}.Post"
    for kind in ("Tag", "Performer", "Studio", "Group", "Movie")
    for event in ("Update", "Destroy", "Merge")
]
SCRIPT = """import json, pathlib, sys
context = json.load(sys.stdin)["args"]["hookContext"]
with (pathlib.Path(__file__).parent / "seen.txt").open("a") as file:
    file.write(json.dumps(context) + "\\n")
print("{}")
"""


class Things:
    """What a user does to them in Stash, in the words of its version.

    Attributes:
        has_groups: whether groups are called that, since v0.27.
    """

    def __init__(self, world: RealWorld) -> None:
        self.world = world
        self.has_groups = bool(
            world.stash.ask('{ __type(name: "GroupUpdateInput") { name } }')["__type"]
        )
        self._folder = world.stash.folder / "plugins" / "Witness"
        self._folder.mkdir()
        lines = "".join(f"      - {trigger}\n" for trigger in TRIGGERS)
        (self._folder / "Witness.yml").write_text(WITNESS + lines)
        (self._folder / "witness.py").write_text(SCRIPT)
        world.stash.ask("mutation { reloadPlugins }")
        world.configure(collect_groups=True)

    def word(self, kind: str) -> str:
        """What this Stash calls that kind."""
        return "movie" if kind == "group" and not self.has_groups else kind

    def create(self, kind: str, name: str) -> int:
        return self.world.create(self.word(kind), name=name)

    def scene(self, name: str, kind: str, thing: int) -> int:
        """A scene that has the thing, and that Plex shows."""
        word = self.word(kind)
        facts: dict[str, Any] = {f"{word}_ids": [thing]}
        if kind == "studio":
            facts = {"studio_id": thing}
        elif kind == "group":
            facts = {f"{word}s": [{f"{word}_id": thing}]}
        scene = self.world.add(name, details="d", **facts)
        until(lambda: self.world.shown(scene)["summary"] == "d")
        return scene

    def update(self, kind: str, thing: int, **changes: Any) -> None:
        word = self.word(kind)
        self.world.stash.ask(
            f"mutation($input: {word.capitalize()}UpdateInput!)"
            f"{{ {word}Update(input: $input) {{ id }} }}",
            input={"id": str(thing), **changes},
        )

    def destroy(self, kind: str, thing: int) -> None:
        word = self.word(kind)
        given = f"$input: {word.capitalize()}DestroyInput!"
        query = f"mutation({given}) {{ {word}Destroy(input: $input) }}"
        self.world.stash.ask(query, input={"id": str(thing)})

    def merge_tags(self, sources: list[int], into: int) -> None:
        self.world.stash.ask(
            "mutation($input: TagsMergeInput!) { tagsMerge(input: $input) { id } }",
            input={"source": [str(each) for each in sources], "destination": str(into)},
        )

    def hooks(self) -> list[dict[str, Any]]:
        """The hooks that Stash ran, in order."""
        file = self._folder / "seen.txt"
        lines = file.read_text().splitlines() if file.exists() else []
        return [json.loads(line) for line in lines]

    def names(self, scene: int, kind: str) -> list[str]:
        """What Plex shows of that kind."""
        shown = self.world.shown(scene)[SHOWN[kind]]
        return [shown] * bool(shown) if isinstance(shown, str) else list(shown)


@pytest.fixture
def things(world: RealWorld) -> Things:
    return Things(world)


@pytest.mark.parametrize("kind", KINDS)
def test_a_rename_shows_in_plex(things: Things, kind: str) -> None:
    thing, other = things.create(kind, "Old"), things.create(kind, "Else")
    scene, untouched = things.scene("a", kind, thing), things.scene("b", kind, other)

    things.update(kind, thing, name="New")

    until(lambda: things.names(scene, kind) == ["New"], within=20)
    assert things.names(untouched, kind) == ["Else"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_destroyed_vanishes_from_plex(things: Things, kind: str) -> None:
    thing, other = things.create(kind, "Gone"), things.create(kind, "Else")
    scene, untouched = things.scene("a", kind, thing), things.scene("b", kind, other)

    things.destroy(kind, thing)

    until(lambda: things.names(scene, kind) == [], within=20)
    assert things.names(untouched, kind) == ["Else"]


def test_tags_that_are_merged_show_in_plex_as_the_one_that_is_left(things: Things) -> None:
    tags = [things.create("tag", name) for name in ("one", "two", "kept", "else")]
    scenes = [things.scene(f"s{tag}", "tag", tag) for tag in tags]

    things.merge_tags(tags[:2], tags[2])

    wanted = [["kept"], ["kept"], ["kept"], ["else"]]
    until(lambda: [things.names(scene, "tag") for scene in scenes] == wanted, within=20)


def test_tags_that_are_destroyed_at_once_vanish_from_plex(things: Things) -> None:
    tags = [things.create("tag", name) for name in ("one", "two", "else")]
    scenes = [things.scene(f"s{tag}", "tag", tag) for tag in tags]

    things.world.stash.ask("mutation($ids: [ID!]!) { tagsDestroy(ids: $ids) }", ids=tags[:2])

    wanted = [[], [], ["else"]]
    until(lambda: [things.names(scene, "tag") for scene in scenes] == wanted, within=20)


def test_a_change_of_what_plex_does_not_show_queues_nothing(things: Things) -> None:
    tag = things.create("tag", "t")
    things.scene("a", "tag", tag)
    things.world.until_drained()
    log = things.world.background_log()

    things.update("tag", tag, description="new")
    things.world.stash.ask(
        "mutation($input: BulkPerformerUpdateInput!){ bulkPerformerUpdate(input: $input) { id } }",
        input={"ids": [things.create("performer", "p")], "favorite": True},
    )

    assert [hook["type"] for hook in things.hooks()] == ["Tag.Update.Post", "Performer.Update.Post"]
    assert things.world.waiting() == []
    assert things.world.background_log() == log


def test_the_hooks_say_which_thing_and_which_fields(things: Things) -> None:
    for kind in KINDS:
        thing = things.create(kind, f"a {kind}")
        things.update(kind, thing, name=f"b {kind}")
        things.destroy(kind, thing)

    names = ["Tag", "Performer", "Studio", *(["Group"] if things.has_groups else []), "Movie"]
    hooks = {hook.pop("type"): hook for hook in things.hooks()}
    assert sorted(hooks) == sorted(f"{n}.{e}.Post" for n in names for e in ("Update", "Destroy"))
    for name in names:
        update, destroy = hooks[f"{name}.Update.Post"], hooks[f"{name}.Destroy.Post"]
        assert destroy == {"id": 1, "input": {"id": "1"}}
        assert (update["id"], update["input"]["id"]) == (1, "1")
        assert update["input"]["name"].startswith("b ")
        assert sorted(update["inputFields"]) == ["id", "name"]


def test_a_merge_has_one_hook_which_names_the_tag_that_is_left(things: Things) -> None:
    tags = [things.create("tag", name) for name in ("one", "two", "kept")]

    things.merge_tags(tags[:2], tags[2])

    assert things.hooks() == [
        {"id": 3, "type": "Tag.Merge.Post", "input": {"source": ["1", "2"], "destination": "3"}}
    ]


def test_a_destroy_of_several_has_a_hook_for_each_with_all_the_ids(things: Things) -> None:
    tags = [things.create("tag", name) for name in ("one", "two")]

    things.world.stash.ask("mutation($ids: [ID!]!) { tagsDestroy(ids: $ids) }", ids=tags)

    assert things.hooks() == [
        {"id": 1, "type": "Tag.Destroy.Post", "input": ["1", "2"]},
        {"id": 2, "type": "Tag.Destroy.Post", "input": ["1", "2"]},
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_there_is_null_without_an_error(things: Things, kind: str) -> None:
    field = f"find{things.word(kind).capitalize()}"

    answer = things.world.stash.ask(f"query($id: ID!) {{ thing: {field}(id: $id) {{ id }} }}", id=7)

    assert answer == {"thing": None}


def test_an_id_is_not_given_twice(things: Things) -> None:
    """Otherwise the job of a tag that is gone could be taken for one of its successor."""
    tag = things.create("tag", "one")
    things.destroy("tag", tag)

    assert things.create("tag", "two") > tag

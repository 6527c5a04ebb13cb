"""Each setting that governs what is written, changed and its effect seen in Plex."""

import logging
from typing import Any

import pytest

from domain.errors import BadSettings
from tests.worker.stage import Stage
from tests.world import World, picture
from worker.services import SyncingPaused

FACTS: dict[str, Any] = {
    "title": "Stash's",
    "details": "Stash's.",
    "date": "2020-05-17",
    "rating100": 60,
    "studio": "Stash's",
    "performers": ["Ann"],
    "tags": ["red"],
    "cover": picture("Stash's"),
}

SWITCHES = [
    # setting, what an edit calls it
    ("skip_title", "title."),
    ("skip_sort_title", "titleSort."),
    ("skip_studio", "studio."),
    ("skip_summary", "summary."),
    ("skip_date", "originallyAvailableAt."),
    ("skip_rating", "userRating."),
    ("skip_performers", "actor"),
    ("skip_tags", "genre"),
    ("skip_collection", "collection"),
]


def given_a_synced_scene(stage: Stage) -> int:
    """A scene that has everything, brought to Plex."""
    scene = stage.world.add("a", **FACTS)
    stage.clock.move(10)
    stage.sync(scene)
    return scene


@pytest.mark.parametrize(("switch", "sent_as"), SWITCHES)
def test_a_field_that_is_switched_off_is_never_sent(
    stage: Stage, switch: str, sent_as: str
) -> None:
    stage.open(**{switch: True})

    scene = given_a_synced_scene(stage)
    stage.edit(scene, title="New", details="", performers=[], tags=[], date=None, rating100=None)
    stage.drain()

    names = [name for put in stage.puts(scene) for name, _ in put.query]
    assert names
    assert not [name for name in names if name.startswith(sent_as)]


@pytest.mark.parametrize(("switch", "sent_as"), SWITCHES)
def test_all_other_fields_are_sent_while_one_is_switched_off(
    stage: Stage, switch: str, sent_as: str
) -> None:
    stage.open(**{switch: True})

    scene = given_a_synced_scene(stage)

    sent = [name for put in stage.puts(scene) for name, _ in put.query]
    for other in SWITCHES:
        if other[0] != switch:
            assert [name for name in sent if name.startswith(other[1])], other


def test_a_poster_that_is_switched_off_is_neither_fetched_nor_sent(stage: Stage) -> None:
    stage.open(skip_poster=True)

    given_a_synced_scene(stage)

    assert stage.plex_saw("POST") == 0
    assert stage.world.stash.count("image") == 0


def test_a_field_that_is_switched_on_again_is_sent(stage: Stage) -> None:
    stage.open(skip_summary=True, skip_poster=True)
    scene = given_a_synced_scene(stage)

    stage.reopen()
    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert shown["summary"] == "Stash's."
    assert shown["poster"] is not None


def test_a_field_that_is_switched_off_later_keeps_what_we_wrote(stage: Stage) -> None:
    scene = given_a_synced_scene(stage)

    stage.reopen(skip_tags=True)
    stage.edit(scene, tags=[])
    stage.drain()

    assert stage.world.shown(scene)["genres"] == ["red"]


@pytest.mark.parametrize("limit", [1, 3])
def test_max_tags_limits_the_tags_and_the_log_says_how_many_were_left_out(
    stage: Stage, caplog: pytest.LogCaptureFixture, limit: int
) -> None:
    stage.open(max_tags=limit)
    scene = stage.world.add("a", tags=["a", "b", "c", "d"], performers=["A", "B", "C", "D"])

    stage.sync(scene)

    shown = stage.world.shown(scene)
    assert shown["genres"] == ["a", "b", "c", "d"][:limit]
    assert len(shown["cast"]) == 4
    assert f"scene {scene}: {4 - limit} of 4 tags left out: max_tags" in caplog.text


def test_a_hundred_tags_are_the_default_limit(stage: Stage) -> None:
    scene = stage.world.add("a", tags=[f"t{n}" for n in range(150)])

    stage.sync(scene)

    assert len(stage.world.shown(scene)["genres"]) == 100


def test_groups_become_collections_if_the_user_wants_it(stage: Stage) -> None:
    stage.open(collect_groups=True)
    scene = stage.world.add("a", studio="Studio", groups=["Series", ("Trilogy", 2)])
    stage.clock.move(10)
    stage.sync(scene)
    assert stage.world.shown(scene)["collections"] == ["Studio", "Series", "Trilogy"]

    stage.edit(scene, groups=["Trilogy"])
    stage.drain()

    assert stage.world.shown(scene)["collections"] == ["Studio", "Trilogy"]


def test_groups_are_no_collections_unless_the_user_wants_it(stage: Stage) -> None:
    scene = stage.world.add("a", studio="Studio", groups=["Series"])

    stage.sync(scene)

    assert stage.world.shown(scene)["collections"] == ["Studio"]


def test_groups_that_are_switched_off_later_are_no_collections_any_more(stage: Stage) -> None:
    stage.open(collect_groups=True)
    scene = stage.world.add("a", studio="Studio", groups=["Series"])
    stage.sync(scene)

    stage.reopen()
    stage.sync(scene)

    assert stage.world.shown(scene)["collections"] == ["Studio"]


class TestPreservingPlexEdits:
    """What somebody locked in Plex stays there if the user wants it."""

    @pytest.fixture
    def edited(self, stage: Stage) -> int:
        """A synced scene whose title somebody then changed in Plex."""
        stage.open(preserve_plex_edits=True)
        scene = stage.world.add("a", **FACTS)
        stage.clock.move(10)
        stage.sync(scene)
        stage.world.plex.user_edits(stage.world.key(scene), title="Plex's")
        return scene

    def test_an_edit_in_plex_stays(self, stage: Stage, edited: int) -> None:
        stage.edit(edited, title="Stash's newest", details="New.")
        stage.drain()

        shown = stage.world.shown(edited)
        assert (shown["title"], shown["summary"]) == ("Plex's", "New.")

    def test_what_we_wrote_ourselves_is_no_edit_in_plex(self, stage: Stage, edited: int) -> None:
        stage.edit(edited, studio="Another", date="2021-01-01")
        stage.drain()

        shown = stage.world.shown(edited)
        assert (shown["studio"], shown["date"]) == ("Another", "2021-01-01")

    def test_an_edit_in_plex_that_was_there_first_stays(self, stage: Stage, world: World) -> None:
        stage.open(preserve_plex_edits=True)
        scene = world.add("a", **FACTS)
        world.plex.user_edits(world.key(scene), summary="Plex's.")

        stage.sync(scene)

        assert world.shown(scene)["summary"] == "Plex's."
        assert world.shown(scene)["title"] == "Stash's"

    def test_what_an_agent_wrote_is_no_edit_of_a_person(self, stage: Stage, world: World) -> None:
        stage.open(preserve_plex_edits=True)
        scene = world.add("a", **FACTS)
        world.plex.user_edits(world.key(scene), lock=False, summary="An agent's.")

        stage.sync(scene)

        assert world.shown(scene)["summary"] == "Stash's."

    def test_without_the_setting_stash_wins(self, stage: Stage, edited: int) -> None:
        stage.reopen()

        stage.sync(edited)

        assert stage.world.shown(edited)["title"] == "Stash's"


def test_nothing_is_connected_while_syncing_is_paused(world: World) -> None:
    with pytest.raises(SyncingPaused, match="edits are recorded"):
        world.services(disabled=True)


def test_a_path_map_that_is_none_is_named(world: World) -> None:
    with pytest.raises(BadSettings, match="is not a rule like /in/stash=/in/plex"):
        world.services(path_map="/data")


def test_every_request_to_plex_bears_one_identifier_for_ever(stage: Stage) -> None:
    stage.sync(stage.world.add("a", cover=picture("a")))
    stage.reopen()
    stage.sync()

    plex = stage.world.plex
    assert len({r.headers["x-plex-client-identifier"] for r in plex.requests}) == 1
    assert {r.headers["x-plex-product"] for r in plex.requests} == {"Stash2Plex"}


def test_another_installation_has_another_identifier(stage: Stage, world: World) -> None:
    stage.sync(world.add("a"))
    first = world.plex.requests[0].headers["x-plex-client-identifier"]
    (world.data_dir / "device_id.json").unlink()
    stage.forget_requests()

    stage.reopen()
    stage.sync()

    assert world.plex.requests[0].headers["x-plex-client-identifier"] != first


@pytest.mark.parametrize(("ignored", "told"), [(False, True), (True, False)])
def test_scenes_that_plex_lacks_are_named_in_the_log_unless_they_are_to_be_ignored(
    stage: Stage, caplog: pytest.LogCaptureFixture, ignored: bool, told: bool
) -> None:
    stage.open(hide_not_found=ignored)
    stage.enqueue(stage.world.add("a", in_plex=False))

    with caplog.at_level(logging.INFO):
        stage.drain_until_idle()

    assert stage.parked() == [1]
    assert ("put off: Plex has no item with its file" in caplog.text) is told
    assert ("not in Plex; waits until Plex shows its file" in caplog.text) is told

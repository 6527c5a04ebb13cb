"""View Queue Status as a task: with names from Stash, and only what the user wants to be shown."""

import json
from typing import Any

import pytest

from sync_queue.manager import QueueManager
from tests.worker.stage import EventfulClock, Stage, hook
from tests.world import World
from worker.connector import Connector
from worker.logs import log_to_stash
from worker.status import report


@pytest.fixture
def given_up(stage: Stage) -> int:
    """A scene without a title for which Plex has two files."""
    world = stage.world
    scene = world.stash.add_scene(files=[{"path": "/data/new/my clip.mp4"}], studio="S")
    for folder in ("/one", "/two"):
        world.plex.add_item(f"{folder}/my clip.mp4", 1000, world.section)
    assert stage.sync(scene).failed == 1
    return scene


def press(connector: Connector) -> dict[str, Any]:
    """Run the task as its button does."""
    config = connector.read_settings()
    return report(connector.queue_manager, connector.stash, config)


def change_settings(world: World, **settings: object) -> None:
    world.stash.settings = {**world.stash.settings, **settings}


def test_what_is_told_stands_in_the_log(
    given_up: int, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    press(connector)

    told = [r.getMessage() for r in caplog.records if r.name == "worker.status"]
    assert told[0] == "=== Queue Status ==="
    assert told[-1] == (
        f'  scene {given_up} "my clip.mp4": several files in Plex could be it '
        "(/one/my clip.mp4, /two/my clip.mp4): set path_map (AmbiguousMatch, attempts: 1)"
    )


def test_a_dead_letter_is_named_by_its_title(
    stage: Stage, given_up: int, connector: Connector
) -> None:
    stage.world.stash.edit(given_up, title="The Clip")

    [letter] = press(connector)["newest_dead_letters"]

    assert (letter["scene"], letter["title"]) == (given_up, "The Clip")


def test_a_scene_that_is_gone_has_no_name(
    stage: Stage, given_up: int, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    stage.world.stash.destroy(given_up)

    [letter] = press(connector)["newest_dead_letters"]

    assert letter["title"] == ""
    assert f"  scene {given_up}: several files" in caplog.text


@pytest.mark.parametrize("trouble", ["stopped", 500, 401, "html"])
def test_while_stash_is_away_numbers_must_do(
    stage: Stage, given_up: int, connector: Connector, trouble: Any
) -> None:
    config = connector.read_settings()
    if trouble == "stopped":
        stage.world.stash.stop()
    else:
        stage.world.stash.weather(trouble)

    found = report(connector.queue_manager, connector.stash, config)

    [letter] = found["newest_dead_letters"]
    assert (letter["scene"], letter["title"]) == (given_up, "")


def test_without_settings_and_stash_the_queue_is_told_all_the_same(
    world: World, clock: EventfulClock
) -> None:
    world.data_dir.mkdir()
    hook(world, 1)

    found = report(QueueManager(world.data_dir, clock=clock), None, None)

    assert found["pending"] == 1


def test_stash_is_not_asked_for_names_when_nothing_was_given_up(
    stage: Stage, world: World, connector: Connector
) -> None:
    assert stage.queue
    config = connector.read_settings()
    stage.forget_requests()

    report(connector.queue_manager, connector.stash, config)

    assert world.stash.requests == []


@pytest.mark.parametrize("hidden", [False, True])
def test_paths_and_file_names_are_hidden_if_the_user_wants_it(
    world: World, given_up: int, connector: Connector, hidden: bool
) -> None:
    change_settings(world, obfuscate_paths=hidden)

    found = press(connector)

    texts = [found["newest_dead_letters"][0][key] for key in ("title", "reason")]
    assert ["my clip.mp4" in text for text in texts] == [not hidden] * 2
    assert ("my clip.mp4" in json.dumps(found)) is not hidden


@pytest.mark.parametrize("hidden", [False, True])
def test_so_are_those_in_the_reason_why_the_background_gave_up(
    world: World, connector: Connector, hidden: bool
) -> None:
    change_settings(world, obfuscate_paths=hidden)
    world.data_dir.mkdir()
    word = {"why": "no room in /data/new/my clip.mp4"}
    (world.data_dir / "background.json").write_text(json.dumps(word))

    found = press(connector)

    assert found["helpless"].startswith("no room in ")
    assert ("my clip.mp4" in found["helpless"]) is not hidden


def test_a_title_and_a_reason_without_a_path_are_shown_as_they_are_even_then(
    stage: Stage, world: World, connector: Connector
) -> None:
    change_settings(world, obfuscate_paths=True)
    scene = world.add("a", title="Title / Sub: 1.5")
    world.plex.chokes_on(world.key(scene), 400)
    stage.sync(scene)

    [letter] = press(connector)["newest_dead_letters"]

    assert letter["title"] == "Title / Sub: 1.5"
    assert letter["reason"] == "Plex answered 400, a refusal for good, when editing"


def test_paths_are_hidden_in_stashs_log_too(
    world: World,
    given_up: int,
    connector: Connector,
    loggers_as_before: None,
    capfd: pytest.CaptureFixture[str],
) -> None:
    change_settings(world, obfuscate_paths=True)
    log_to_stash(world.stash.connection(world.folder)).follow(connector.read_settings())

    press(connector)

    log = capfd.readouterr().err
    assert f"scene {given_up}" in log
    assert "clip" not in log


@pytest.mark.parametrize("hidden", [False, True])
def test_scenes_that_plex_lacks_are_left_out_of_the_log_if_the_user_wants_it(
    world: World,
    stage: Stage,
    connector: Connector,
    caplog: pytest.LogCaptureFixture,
    hidden: bool,
) -> None:
    change_settings(world, hide_not_found=hidden)
    scene = world.add("a", in_plex=False)
    stage.enqueue(scene)
    stage.drain_until_idle()

    found = press(connector)

    assert ("Not in Plex: 1" in caplog.messages) is not hidden
    assert ("Not in Plex" in caplog.text) is not hidden
    assert found["parked"] == 1

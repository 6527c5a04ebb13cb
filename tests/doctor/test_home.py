"""What is wrong at home is said with its remedy, and the rest is looked at all the same."""

import sqlite3
from contextlib import closing
from importlib import metadata

import pytest

from doctor.home import PACKAGES, compare_clocks
from stash.client import ServerInfo
from sync_queue.schema import VERSION
from tests.doctor.checkup import check
from tests.invocation.circumstances import record
from tests.world import World


def test_python_and_every_package_are_named_with_their_versions(world: World) -> None:
    (line,) = [what for what in check(world).findings if what.startswith("Python 3.")]

    for name in PACKAGES:
        assert f"{name} {metadata.version(name)}" in line


def test_a_package_whose_version_nobody_knows_ends_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doctor.home.PACKAGES", ("no-such-package",))

    assert any("no-such-package of unknown version" in what for what in check(world).findings)


def test_a_data_folder_that_cannot_be_made_is_the_first_to_be_mended(world: World) -> None:
    world.data_dir.write_text("in its place")

    found = check(world)

    assert found.wrong[0] == f"Data folder {world.data_dir}: cannot be written (File exists)"
    assert found.remedy("Data folder").endswith("until then no edit is kept")


def test_a_damaged_queue_is_said_and_the_way_to_plex_is_looked_at(world: World) -> None:
    scene = world.add("a", title="A")
    record(world, scene)
    (world.data_dir / "queue" / "data.db").write_bytes(b"no database at all" * 500)

    found = check(world)

    assert found.remedy("Queue: the queue's file is damaged").startswith("press Process Queue")
    assert "Token: accepted, and allowed to write" in found.findings
    assert f'Example: scene {scene} "A" is item {world.key(scene)} in Plex' in found.findings
    assert (world.data_dir / "queue" / "data.db").read_bytes().startswith(b"no database")


def test_a_queue_of_a_newer_version_is_left_alone(world: World) -> None:
    record(world, world.add("a"))
    file = world.data_dir / "queue" / "data.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")

    found = check(world)

    assert found.remedy("Queue: a newer Stash2Plex wrote it") == (
        "update the plugin; edits are still recorded"
    )


def test_what_was_given_up_is_counted(world: World) -> None:
    record(world, world.add("a"))
    world.worker()  # makes the tables
    with closing(sqlite3.connect(world.data_dir / "queue" / "data.db")) as connection:
        connection.executescript(
            "INSERT INTO dead_letter VALUES (1, 'scene', 9, 'default', 'X', 'x', 5, 1, 1, NULL)"
        )

    assert check(world).remedy("Dead letters: 1").startswith("View Queue Status says why")


def test_why_the_background_gave_up_is_no_fault_of_today(world: World) -> None:
    world.data_dir.mkdir(mode=0o700)
    (world.data_dir / "background.json").write_text('{"why": "the token was wrong"}')
    world.add("a")

    found = check(world)

    assert found.remedy("The last background process gave up: the token was wrong") == ""
    assert found.summary == "all is well"


@pytest.mark.parametrize(
    ("setting", "what", "remedy"),
    [
        ({"disabled": True}, "Syncing is paused", "turn Pause syncing off; edits wait until then"),
        ({"dry_run": True}, "Preview is on", "nothing is written to Plex until you turn it off"),
        ({"max_tags": 5000}, "setting max_tags: '5000'", "correct it in the plugin's settings"),
    ],
)
def test_an_unusual_setting_is_said_and_stops_nothing(
    world: World, setting: dict[str, object], what: str, remedy: str
) -> None:
    world.add("a", title="A")

    found = check(world, **setting)

    assert found.remedy(what) == remedy
    assert found.summary == "1 to be mended"
    assert any(line.startswith("Example: scene 1") for line in found.findings)


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ({"plex_token": ""}, "plex_token is missing: enter your Plex token"),
        ({"plex_url": "192.168.1.5:32400"}, "plex_url must begin with http:// or https://"),
    ],
)
def test_settings_that_are_not_filled_in_end_the_way(
    world: World, setting: dict[str, str], remedy: str
) -> None:
    found = check(world, **setting)

    assert found.remedy("Settings: not usable yet").startswith(remedy)
    assert world.plex.requests == []


@pytest.mark.parametrize("stash", [1000.0, 1240.0])
def test_clocks_that_are_two_minutes_apart_are_said(stash: float) -> None:
    (found,) = compare_clocks(ServerInfo("v0.30.1", {}, stash), 1120.0)

    assert found.what == "Clock: Stash's and this machine's are 120 s apart"


def test_clocks_that_are_a_minute_apart_are_not() -> None:
    assert list(compare_clocks(ServerInfo("v0.30.1", {}, 1000.0), 1060.0)) == []


def test_a_stash_that_is_away_is_said(world: World) -> None:
    world.stash.weather(500)

    found = check(world)

    assert found.wrong == ["Stash: does not answer as it should"]
    assert world.plex.requests == []


def test_without_room_for_temporary_files_the_rest_is_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:  # pytest makes temporary files of its own
        patched.setattr("tempfile.tempdir", str(world.folder / "is not there"))
        found = check(world)

    assert found.remedy("Check Setup needs a folder for temporary files") == "make room there"
    assert "Token: accepted, and allowed to write" in found.findings

"""Check Setup names what is wrong with a set-up and its remedy, and changes nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.doctor.checkup import everything_kept, writes
from tests.invocation.circumstances import somebody_holds, wrapped
from tests.invocation.outages import section
from tests.invocation.witness import answer_of
from tests.servers.stash import PluginResult
from tests.world import World

NO_FILE_MAY_GROW = "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"

ENTER = "enter as Path map: "

OWNER = "it belongs to somebody the server is shared with: use the token of its owner"


def check(world: World, **options: str) -> PluginResult:
    """Press the button while a process drains, so that none is started."""
    with somebody_holds(world.data_dir / "drain.lock"):
        return world.task("doctor", **options)


def warnings(result: PluginResult) -> list[str]:
    return [text for level, text in result.logs if level == "warning"]


# One link is broken.


def has_no_server(world: World) -> str:
    world.plex.stop()
    return (
        f"Plex: not reachable at {world.plex.url} (no complete answer from Plex when looking "
        "whether Plex is there): start Plex, and check host and port of Plex address (Plex's port "
        "is 32400); localhost is the machine or container that Stash runs in: if Plex runs in "
        "another, enter that one's address"
    )


def has_another_server(world: World) -> str:
    world.stash.settings["plex_url"] = world.stash.url
    return (
        f"Plex: not reachable at {world.stash.url} (what answers at plex_url is not Plex): "
        "start Plex, and check host and port of Plex address"
    )


def has_a_wrong_token(world: World) -> str:
    world.plex.token = "another"
    return (
        "Token: Plex refuses it: enter the X-Plex-Token of the server's owner as Plex token; "
        "tokens end when a password is changed"
    )


def has_a_guests_token(world: World) -> str:
    world.plex.token, world.plex.read_only_token = "the owner's", world.plex.token
    return f"Token: accepted, but not allowed to write: {OWNER}"


def has_an_unknown_library(world: World) -> str:
    world.stash.settings["plex_library"] = "Scnes"
    return "Library Scnes: Plex has none of that name: enter under Plex libraries some of: Scenes"


def has_a_library_of_series(world: World) -> str:
    world.plex.add_section("TV Shows", kind="show")
    world.stash.settings["plex_library"] = "TV Shows"
    return (
        "Library TV Shows: holds no videos but is of type show: enter under Plex libraries some "
        "of: Scenes"
    )


WRONG: Sequence[Callable[[World], str]] = (
    has_no_server, has_another_server, has_a_wrong_token, has_a_guests_token,
    has_an_unknown_library, has_a_library_of_series,
)  # fmt: skip


@pytest.mark.parametrize("set_up", WRONG)
def test_a_set_up_that_is_named_with_its_remedy(
    world: World, set_up: Callable[[World], str]
) -> None:
    world.add("a", title="A")
    said = set_up(world)

    result = check(world)

    (warning,) = warnings(result)
    assert warning.startswith(said)
    answer = answer_of(result)["output"]
    assert answer["summary"] == section(result, "Check Setup")[-1].partition(": ")[2]
    assert answer["summary"] == "1 to be mended"
    wrong = [f"{one['what']}: {one['remedy']}" for one in answer["findings"] if one["remedy"]]
    assert wrong == [warning]
    assert writes(world) == []


# Plex sees the files under other paths.

DOCKER = {
    "/data/films": "/mnt/user/media/films",
    "/data/clips": "/mnt/user/media/clips",
    "/archive": "/mnt/disks/archive",
}
WINDOWS_STASH = {r"D:\Videos\films": "/media/films", r"D:\Videos\clips": "/media/clips"}
WINDOWS_PLEX = {"/media/films": r"D:\Videos\films", "/media/clips": r"D:\Videos\clips"}
SHARES = {r"\\nas\videos": "/volume1/videos", r"E:\clips": "/volume2/clips"}


@pytest.mark.parametrize("places", [DOCKER, WINDOWS_STASH, WINDOWS_PLEX, SHARES])
def test_the_proposed_path_map_makes_every_file_meet(world: World, places: dict[str, str]) -> None:
    scenes = settle_in(world, places)

    (warning,) = warnings(check(world))

    said, _, line = warning.partition(f": {ENTER}")
    assert said == f"Paths: {len(scenes)} of {len(scenes)} files would meet with another path map"
    world.stash.settings["path_map"] = line
    again = check(world)
    assert warnings(again) == []
    met = f"Paths: {len(scenes)} of {len(scenes)} files are known to Plex under the same path"
    assert met in section(again, "Check Setup")
    world.task("all")
    world.until_drained()
    shown = {scene: world.plex.shown(key)["title"] for scene, key in scenes.items()}
    assert shown == {scene: f"Title {scene}" for scene in scenes}


def settle_in(world: World, places: dict[str, str]) -> dict[int, int]:
    """Six films in each place, each known as "main.mp4"; rating keys by scene."""
    scenes = {}
    for ours, theirs in places.items():
        for number in range(6):
            file = f"/film {number}/main.mp4"
            key = world.plex.add_item(_joined(theirs, file), 1000, world.section)
            files = [{"path": _joined(ours, file), "size": 1000}]
            scene = world.stash.add_scene(files=files, studio="Studio")
            world.stash.change_silently(scene, title=f"Title {scene}")
            scenes[scene] = key
    return scenes


def _joined(folder: str, file: str) -> str:
    return folder + (file.replace("/", "\\") if "\\" in folder else file)


# All is well.


def test_of_a_healthy_set_up_every_link_is_said_and_what_a_sync_would_write(world: World) -> None:
    scene = world.add("a", title="a", tags=["Old", "Kept"])
    world.task("all")
    world.until_drained()
    world.kill_background()
    world.stash.edit(scene, title="b", tags=["Kept", "New"])
    kept = everything_kept(world)
    world.plex.clear_requests()

    result = check(world)

    assert answer_of(result)["output"]["summary"] == "all is well"
    python, folder, queue, stash, reconcile, plex, *rest = section(result, "Check Setup")
    assert python.startswith("Python 3.")
    assert folder == f"Data folder {world.data_dir}: can be written"
    assert queue == "Queue: 0 pending, 0 waiting for retry"
    assert stash == "Stash: v0.30.1 answers"
    assert reconcile.startswith("Automatic reconciliations are off: ")
    assert plex.startswith(f"Plex: answers at {world.plex.url} after ")
    assert rest == [
        "Token: accepted, and allowed to write",
        "Library Scenes: 1 items in /data",
        "Paths: 1 of 1 files are known to Plex under the same path",
        f'Example: scene {scene} "b" is item {world.key(scene)} in Plex',
        f'scene {scene}: title "a" → "b"',
        f'scene {scene}: sort_title "a" → "b"',
        f'scene {scene}: tags +"New" -"Old"',
        f'Example: scene {scene} "b": a sync would write title, sort_title, tags',
        "Check Setup: all is well",
    ]
    assert warnings(result) == []
    assert everything_kept(world) == kept
    assert writes(world) == []
    synced = world.task("all")
    world.until_drained()
    said = [text for _, text in synced.logs] + world.background_log().splitlines()
    assert any(f"scene {scene}: synced title, sort_title, tags" in text for text in said)
    shown = world.shown(scene)
    assert (shown["title"], sorted(shown["genres"])) == ("b", ["Kept", "New"])


def test_the_bar_moves_and_reaches_its_end_at_the_end(world: World) -> None:
    world.add("a", title="A")

    assert check(world).progress == [0.8, 1.0]


def test_names_that_hold_control_characters_break_no_line_of_stashs_log(world: World) -> None:
    world.add("a", title="two\nlines\x01e\x02 and \x1b[31m more")
    world.stash.settings["plex_library"] = "Scenes, no\n\x01e\x02such"

    result = check(world)

    assert [text for level, text in result.logs if level == "error"] == []
    assert [w.split(":")[0] for w in warnings(result)] == ["Library no\ufffd\ufffde\ufffdsuch"]


def test_hidden_paths_are_neither_in_the_log_nor_in_the_answer(world: World) -> None:
    scenes = settle_in(world, DOCKER)
    world.stash.edit(max(scenes), title="main.mp4")  # as Stash calls what nobody has named
    world.stash.settings["obfuscate_paths"] = True

    result = check(world)

    (warning,) = warnings(result)
    assert warning.endswith("turn Hide paths in logs off and press Check Setup again to see it")
    for word in (b"/data", b"/mnt", b"archive", b"main.mp4", bytes(world.data_dir)):
        assert word not in result.stdout + result.stderr


def test_a_full_disk_is_said_and_so_is_what_can_be_seen_in_spite_of_it(
    world: World, tmp_path: Path
) -> None:
    world.add("a", title="A")
    python = wrapped(tmp_path / "bin", NO_FILE_MAY_GROW)

    result = check(world, python=python)

    said = section(result, "Check Setup")
    assert f"Data folder {world.data_dir}: cannot be written (File too large)" in said[1]
    assert "Token: accepted, and allowed to write" in said
    assert answer_of(result)["output"]["summary"] == said[-1].partition(": ")[2]
    assert b"Traceback" not in result.stderr

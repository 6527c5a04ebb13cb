"""Stash and Plex see the same file under different paths."""

import unicodedata

import pytest

from tests.worker.stage import Stage

NFC = unicodedata.normalize("NFC", "Zoë/Café é.mp4")
NFD = unicodedata.normalize("NFD", NFC)

SEEN_ALIKE = [
    # path map, in Stash, in Plex
    ("", "/data/clips/a.mp4", "/data/clips/a.mp4"),
    ("/data=/media/videos", "/data/clips/a.mp4", "/media/videos/clips/a.mp4"),
    ("/data=/x; /data/clips=/y", "/data/clips/a.mp4", "/y/a.mp4"),
    ("/data/=/mnt/nas/", "/data/clips/a.mp4", "/mnt/nas/clips/a.mp4"),
    ("", "/data/clips/a.mp4", "/volume1/video/clips/a.mp4"),
    ("", "D:\\Clips\\a.mp4", "D:\\Clips\\a.mp4"),
    ("", "D:\\Clips\\A.mp4", "d:\\clips\\a.mp4"),
    ("D:\\Clips=/media/clips", "D:\\Clips\\sub\\a.mp4", "/media/clips/sub/a.mp4"),
    ("/media/clips=D:\\Clips", "/media/clips/sub/a.mp4", "D:\\Clips\\sub\\a.mp4"),
    ("", "\\\\nas\\share\\clips\\a.mp4", "//nas/share/clips/a.mp4"),
    ("\\\\nas\\share=/volume1", "\\\\nas\\share\\clips\\a.mp4", "/volume1/clips/a.mp4"),
    ("", f"/data/{NFC}", f"/data/{NFD}"),
    ("", f"/data/{NFD}", f"/data/{NFC}"),
    ("", "/data/100%25 real.mp4", "/data/100%25 real.mp4"),
    ("", "/data/a%20b.mp4", "/data/a%20b.mp4"),
    ("", "/data/#1 & [x]; 'q' \"z\".mp4", "/data/#1 & [x]; 'q' \"z\".mp4"),
    ("", "/data/👨\u200d👩\u200d👧.mp4", "/data/👨\u200d👩\u200d👧.mp4"),
]


@pytest.mark.parametrize(("path_map", "in_stash", "in_plex"), SEEN_ALIKE)
def test_a_file_is_found_under_the_path_that_plex_has_for_it(
    stage: Stage, path_map: str, in_stash: str, in_plex: str
) -> None:
    world = stage.world
    stage.open(path_map=path_map)
    key = world.plex.add_item(in_plex, 1000, world.section)
    scene = world.stash.add_scene(title="A", studio="S", files=[{"path": in_stash, "size": 1000}])

    stage.sync(scene)

    assert world.plex.shown(key)["title"] == "A"
    assert stage.is_idle()


DIFFERENT = [
    ("", "/data/a.mp4", "/data/A.mp4"),
    ("", "/data/clips/a.mp4", "/other/a.mp4"),
    ("", "/data/a%20b.mp4", "/data/a b.mp4"),
    ("/data/a=/x", "/data/ab/clip.mp4", "/x/clip.mp4"),
]


@pytest.mark.parametrize(("path_map", "in_stash", "in_plex"), DIFFERENT)
def test_a_file_that_only_looks_alike_is_not_taken(
    stage: Stage, path_map: str, in_stash: str, in_plex: str
) -> None:
    world = stage.world
    stage.open(path_map=path_map)
    key = world.plex.add_item(in_plex, 2000, world.section, title="Untouched")
    scene = world.stash.add_scene(title="A", studio="S", files=[{"path": in_stash, "size": 1000}])

    stage.sync(scene)

    assert world.plex.shown(key)["title"] == "Untouched"
    assert list(stage.waiting()) == [scene]


def test_a_file_that_stash_has_moved_is_written_at_its_new_place(stage: Stage) -> None:
    world = stage.world
    scene = world.add("old/a", title="A")
    stage.sync(scene)
    stage.clock.move(120)
    world.plex.move_file(world.key(scene), "/data/new/a.mp4")
    world.stash.scan_finds_moved(scene, "/data/new/a.mp4")

    stage.edit(scene, title="B")
    stage.drain()

    assert world.plex.shown(world.plex.key_of("/data/new/a.mp4"))["title"] == "B"

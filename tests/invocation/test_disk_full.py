"""No room left on the disk: the hook says so, and when there is room everything is synced."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_queue.inbox import LOST
from tests.invocation.circumstances import hold_off, mounted, record, wrapped
from tests.invocation.witness import answer_of, backgrounds, error_of, rows, spooled, titles_shown
from tests.world import World

NO_FILE_MAY_GROW = "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))"


@pytest.fixture
def tight(world: World) -> Iterator[World]:
    """A world whose data folder is a file system of its own, 8 MB large."""
    world.data_dir.mkdir(mode=0o700)
    with mounted(world.data_dir, "size=8m,mode=0700"):
        yield world
        world.kill_background()


def fill(folder: Path) -> Path:
    """Leave no byte free; return the file that takes it all."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return ballast


def test_an_edit_that_can_be_written_nowhere_is_answered_with_an_error(
    world: World, tmp_path: Path
) -> None:
    scene = world.add("a", title="A")

    result = world.hook(scene, python=wrapped(tmp_path / "bin", NO_FILE_MAY_GROW))

    error = error_of(result)
    assert error.startswith(f"the edit could not be recorded in {world.data_dir} (")
    assert error.endswith("make room there; all scenes will be checked again")
    assert result.exit == 1


def test_an_edit_that_can_be_written_nowhere_makes_a_reconciliation_due(
    world: World, tmp_path: Path
) -> None:
    hold_off(world)

    world.hook(world.add("a"), python=wrapped(tmp_path / "bin", NO_FILE_MAY_GROW))

    assert (world.data_dir / LOST).exists()
    assert spooled(world) == []


def test_what_was_written_nowhere_is_synced_once_there_is_room(
    world: World, tmp_path: Path
) -> None:
    """Two edits by processes that cannot write, then an ordinary one of a third scene."""
    scenes = [world.add(name, title=name.upper()) for name in "abc"]
    cramped = wrapped(tmp_path / "bin", NO_FILE_MAY_GROW)
    for scene in scenes[:2]:
        world.hook(scene, python=cramped)
    world.kill_background()

    world.hook(scenes[2])

    world.until(lambda: titles_shown(world, scenes) == ["A", "B", "C"])
    world.until(lambda: not (world.data_dir / LOST).exists())


def test_on_a_full_disk_an_edit_waits_in_the_background_until_there_is_room(
    tight: World,
) -> None:
    """Nothing but room is needed: no further invocation."""
    known, other = tight.add("a", title="A"), tight.add("b", title="B")
    tight.hook(known)
    tight.until(lambda: tight.shown(known)["title"] == "A")
    tight.until_drained()
    tight.kill_background()
    ballast = fill(tight.data_dir)

    result = tight.save(other, title="Saved on a full disk")

    assert error_of(result).endswith("make room there; all scenes will be checked again")
    tight.until(lambda: backgrounds(tight))
    ballast.unlink()
    tight.until(lambda: tight.shown(other)["title"] == "Saved on a full disk", within=60)


def test_on_a_full_disk_with_an_empty_folder_an_edit_is_not_lost(tight: World) -> None:
    scene = tight.add("a", title="A")
    ballast = fill(tight.data_dir)

    result = tight.hook(scene)

    assert error_of(result).endswith("make room there; all scenes will be checked again")
    ballast.unlink()
    tight.kill_background()
    tight.hook(tight.add("b", title="B"))
    tight.until(lambda: tight.shown(scene)["title"] == "A")


def test_a_disk_that_fills_up_while_the_background_drains_loses_no_job(tight: World) -> None:
    scenes = [tight.add(f"n{number}", title=f"T{number}") for number in range(30)]
    tight.plex.latency = 0.03
    record(tight, *scenes)
    tight.hook(scenes[0])
    tight.until(lambda: tight.plex.count("PUT") > 3)

    ballast = fill(tight.data_dir)
    tight.until(lambda: "disk is full" in tight.background_log() or not tight.due())
    ballast.unlink()

    expected = [f"T{number}" for number in range(30)]
    tight.until(lambda: titles_shown(tight, scenes) == expected, within=60)
    tight.until_drained()
    assert rows(tight, "dead_letter", "id") == []


def test_a_background_that_dies_with_an_unrecorded_edit_leaves_the_reconciliation_due(
    tight: World,
) -> None:
    tight.hook(tight.add("a", title="A"))
    tight.until_drained()
    tight.kill_background()
    scene = tight.add("b", title="B")
    ballast = fill(tight.data_dir)
    tight.hook(scene)
    tight.until(lambda: backgrounds(tight))

    for pid in backgrounds(tight):
        os.kill(pid, signal.SIGKILL)
    ballast.unlink()
    tight.kill_background()
    result = tight.hook(tight.add("c", title="C"))

    assert answer_of(result) == {"output": "recorded; background started"}
    tight.until(lambda: tight.shown(scene)["title"] == "B")

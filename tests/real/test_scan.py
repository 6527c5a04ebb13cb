"""Files that an actual Stash finds in a scan."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.real.stash_server import until
from tests.real.world import RealWorld

pytestmark = pytest.mark.real

SCENES = "{ findScenes(filter: { per_page: -1 }) { scenes { id files { path } } } }"


@pytest.fixture
def videos(world: RealWorld) -> list[Path]:
    """Three new files that neither Stash nor Plex knows."""
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        pytest.skip("ffmpeg and ffprobe, without which Stash scans nothing, are not installed")
    return [_video(world.stash.library / f"{color}.mp4", color) for color in ("red", "blue", "tan")]


def _video(path: Path, color: str) -> Path:
    source = f"color=c={color}:s=64x36:r=5:d=1"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def found(world: RealWorld) -> dict[str, int]:
    """The scenes that Stash has, by the path of their file."""
    scenes = world.stash.ask(SCENES)["findScenes"]["scenes"]
    return {scene["files"][0]["path"]: int(scene["id"]) for scene in scenes}


def test_every_file_that_a_scan_finds_is_recorded(world: RealWorld, videos: list[Path]) -> None:
    world.configure(disabled=True)  # what is recorded stays in the queue

    job = world.stash.scan()

    assert job.status == "FINISHED"
    scenes = found(world)
    assert set(scenes) == {str(video) for video in videos}
    assert set(world.waiting()) == set(scenes.values())


def test_a_scanned_scene_shows_once_it_is_described_with_the_cover_of_the_scan(
    world: RealWorld, videos: list[Path]
) -> None:
    items = [world.plex.add_item(str(video), video.stat().st_size) for video in videos]
    world.stash.scan()
    scenes = found(world)
    until(lambda: world.background_log().count("nobody has described it yet") == 3)

    world.save(scenes[str(videos[0])], title="Described", details="d")

    until(lambda: world.plex.shown(items[0])["poster"])
    assert world.plex.shown(items[0])["title"] == "Described"
    assert world.plex.item(items[0]).posters.popitem()[1].startswith(b"\xff\xd8\xff")
    assert [world.plex.shown(item)["title"] for item in items[1:]] == ["blue", "tan"]

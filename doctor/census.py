"""What Stash has: every file, and the scenes that an example is chosen from."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import nlargest

from doctor.finding import Finding
from domain.scene import Scene
from plex.paths import SizedPath
from stash.client import StashClient

PAGE = 1000  # scenes that Stash is asked for at once

CANDIDATES = 50  # scenes that an example is looked for among

SHARE = 0.8  # of the progress bar; to compare a hundred thousand paths takes its time too


@dataclass(slots=True)
class Census:
    """All scenes, read once.

    Attributes:
        files: all files of all scenes.
        latest: the scenes changed last of those that would be written, the latest first.
        unreadable: how many scenes Stash cannot tell of.
        why: what is wrong with the first of them.
    """

    files: list[SizedPath] = field(default_factory=list)
    latest: list[Scene] = field(default_factory=list)
    unreadable: int = 0
    why: str = ""


def take_census(stash: StashClient, on_progress: Callable[[float], None]) -> Census:
    """Read all scenes from Stash.

    Raises:
        StashUnavailable, UserError.
    """
    census, total, seen = Census(), stash.count_scenes(), 0
    after: int | None = 0
    while after is not None:
        page, after = stash.walk(after=after, limit=PAGE)
        scenes = [one for one in page.values() if isinstance(one, Scene)]
        census.files += ((file.path, file.size) for scene in scenes for file in scene.files)
        described = (scene for scene in scenes if scene.has_metadata and scene.files)
        census.latest = nlargest(CANDIDATES, [*census.latest, *described], key=_age)
        for one in page.values():
            if not isinstance(one, Scene):
                census.unreadable += 1
                census.why = census.why or str(one)
        seen += len(page)
        on_progress(SHARE * min(1.0, seen / max(total, 1)))
    return census


def look_at_scenes(census: Census) -> Iterator[Finding]:
    """Yield a line if Stash cannot tell of some."""
    if census.unreadable:
        yield Finding(
            f"Scenes: Stash cannot tell of {census.unreadable} ({census.why})",
            "open that scene in Stash and look at Stash's log; the others are synced",
        )


def _age(scene: Scene) -> tuple[str, int]:
    return scene.updated_at, scene.id

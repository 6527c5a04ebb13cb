"""Scenes whose every edit bears a number, which Plex shows."""

import re
import signal
import threading
from collections import Counter
from typing import Any

from tests.servers.stash import PluginResult
from tests.world import World, picture

_NUMBER = re.compile(r"version (\d+)$")


def edition(scene: int, version: int) -> dict[str, Any]:
    """What a version says; every kind of field, so that a half-written scene shows."""
    return {
        "title": f"Scene {scene} version {version}",
        "details": f"Details {version}" if version % 4 else "",
        "date": f"20{version % 30:02}-01-{1 + version % 28:02}",
        "rating100": version % 101,
        "studio": f"Studio {version % 3}",
        "performers": [f"Performer {number}" for number in range(version % 4)],
        "tags": [f"tag {(version + number) % 7}" for number in range(1 + version % 3)],
        "cover": picture(f"{version % 5}"),
    }


def version_of(title: str) -> int:
    """The number that a title bears; 0 for a scene that was never saved."""
    found = _NUMBER.search(title)
    return int(found[1]) if found else 0


class Editions:
    """Scenes that are saved again and again.

    Attributes:
        newest: the version that Stash has of each scene.
        confirmed: the last one whose hook has answered; what is newer may reach Plex.
        answers: of all hooks: recorded, spooled, or none.
    """

    def __init__(self, world: World, scenes: int) -> None:
        self.world = world
        self.scenes = [world.add(f"n{number}", title="Never saved") for number in range(scenes)]
        self.newest = dict.fromkeys(self.scenes, 0)
        self.confirmed = dict.fromkeys(self.scenes, 0)
        self.answers = Counter[str]()
        self._locks = {scene: threading.Lock() for scene in self.scenes}

    def save(self, scene: int, **options: Any) -> PluginResult:
        """Save the next version as the edit form does; only a killed hook may fail to answer."""
        with self._locks[scene]:
            self.newest[scene] += 1
            version = self.newest[scene]
            document = self.world.stash.edit(scene, **edition(scene, version))
            result = self.world.run(document, **options)
            answer = str(result.output or "none").partition(";")[0]
            if answer in ("recorded", "spooled"):
                self.confirmed[scene] = version
            else:
                assert result.exit == -signal.SIGKILL, result
            self.answers[answer] += 1
        return result

"""The two acts: Plex is there, Plex is away."""

import time
from collections import Counter
from statistics import median

from tests.demo.library import Video, has_arrived, set_up
from tests.demo.screen import Screen, Table
from tests.servers.stash import PluginResult
from tests.world import World

AWAY = 2.5  # seconds: the drain meets the closed door, more than once

NAMES = {"title": "title", "rating100": "rating", "studio": "studio", "tags": "tags"}


class Story:
    """Edits a small library before somebody's eyes, and keeps count."""

    def __init__(self, world: World, screen: Screen, patience: float) -> None:
        """Set the library up; *patience* is how many seconds an edit may take to arrive."""
        self._world = world
        self._screen = screen
        self._patience = patience
        self._videos = set_up(world)
        self._refused = 0
        self._hooks: dict[bool, list[float]] = {True: [], False: []}

    @property
    def saved(self) -> int:
        """How many saves Stash's user has made."""
        return sum(map(len, self._hooks.values()))

    def missing(self) -> list[Video]:
        """The videos of which Plex does not show what was typed last."""
        return [video for video in self._videos if not has_arrived(self._world, video)]

    def is_well(self) -> bool:
        """Whether everything was accepted, has arrived and was done properly."""
        buried = self._world.queue_stats()["failed"]
        return not (self.missing() or buried or self._refused or self._world.plex.violations)

    def plex_is_there(self) -> None:
        """Describe every video; a row each, as soon as Plex shows it."""
        table = Table(
            self._screen, ("Plex showed", 11), ("Plex shows now", 17), ("studio, year", 16),
            ("hook", -6), ("shown in", -8), ("PUT", -3), ("POST", -4), ("GET", -3),
        )  # fmt: skip
        for video in self._videos:
            before = self._world.shown(video.scene)["title"]
            self._world.plex.clear_requests()
            started = time.monotonic()
            result = self._save(video, video.typed, plex=True)
            seconds = self._wait_for(video, started)
            now = self._world.shown(video.scene)
            year = f"{now['studio'] or ''} {(now['date'] or '')[:4]}"
            self._wait_until_settled()
            asked = Counter(request.method for request in self._world.plex.requests)
            table.row(
                [before, now["title"], year, _ms(result.seconds), _seconds(seconds)]
                + [str(asked[method]) for method in ("PUT", "POST", "GET")]
            )

    def plex_goes_away(self) -> None:
        """Go on editing while nothing answers at Plex's address."""
        self._world.plex.stop()
        stopped = time.monotonic()
        table = Table(
            self._screen, ("saved meanwhile", 17), ("changed", 30), ("hook", -6), ("Plex", 8)
        )
        for video in self._edited():
            change = ", ".join(f"{NAMES[k]}: {_text(v)}" for k, v in video.later.items())
            title = video.title
            result = self._save(video, video.later, plex=False)
            table.row([title, change, _ms(result.seconds), "is away"])
        time.sleep(max(0.0, min(AWAY, self._patience) - (time.monotonic() - stopped)))

    def plex_comes_back(self) -> None:
        """Start Plex again and watch; nobody presses anything."""
        started = time.monotonic()
        self._world.plex.start()
        table = Table(self._screen, ("Plex shows now", 17), ("arrived by itself after", -23))
        left = self._edited()
        while left and time.monotonic() - started < self._patience:
            for video in [video for video in left if has_arrived(self._world, video)]:
                table.row([video.title, _seconds(time.monotonic() - started)], "green")
                left.remove(video)
            time.sleep(0.01)

    def hook_times(self) -> tuple[str, str]:
        """The median of what a save waited for: with Plex, and without."""
        return _ms(median(self._hooks[True])), _ms(median(self._hooks[False]))

    def _edited(self) -> list[Video]:
        return [video for video in self._videos if video.later]

    def _save(self, video: Video, changes: dict[str, object], *, plex: bool) -> PluginResult:
        result = self._world.save(video.scene, **changes)
        self._hooks[plex].append(result.seconds)
        self._refused += result.error is not None
        video.typed = {**video.typed, **changes}
        return result

    def _wait_for(self, video: Video, started: float) -> float | None:
        """Seconds until Plex shows it all; None if that took too long."""
        while not has_arrived(self._world, video):
            if time.monotonic() - started > self._patience:
                return None
            time.sleep(0.005)
        return time.monotonic() - started

    def _wait_until_settled(self) -> None:
        """Wait until the save's requests are all made, so that they can be counted."""
        deadline = time.monotonic() + self._patience
        while self._world.due() and time.monotonic() < deadline:
            time.sleep(0.005)


def _text(value: object) -> str:
    if isinstance(value, int):
        return f"{value / 10:g}"
    return " ".join(value) if isinstance(value, list) else str(value)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _seconds(seconds: float | None) -> str:
    return "not yet" if seconds is None else f"{seconds:.2f} s"

"""A clock under which things happen at their times, and long outages that are played by it."""

import heapq
from collections.abc import Callable
from functools import partial
from itertools import count

from tests.invocation.witness import rows
from tests.servers.plex import Request
from tests.worker.stage import EventfulClock, hook
from tests.worker.test_outages import OUTAGES, Outage, end
from tests.world import World
from worker.outage_history import OutageHistory, OutageRecord

WEATHERS: dict[str, Outage] = {
    **OUTAGES,
    # What starts tells its name long before it has opened its database.
    "serves no library": lambda plex: plex.weather("maintenance", path_prefix="/library"),
}


class Timeline(EventfulClock):
    """While somebody sleeps, what was planned for that time happens."""

    def __init__(self) -> None:
        super().__init__()
        self._plan: list[tuple[float, int, Callable[[], object]]] = []
        self._numbers = count()  # of two events at one time, the first planned comes first

    def at(self, seconds: float, event: Callable[[], object]) -> None:
        """Plan *event* for so many seconds after the beginning."""
        heapq.heappush(self._plan, (seconds, next(self._numbers), event))

    def sleep(self, seconds: float) -> None:
        end = self.elapsed + seconds
        while self._plan and self._plan[0][0] <= end:
            when, _, event = heapq.heappop(self._plan)
            self.move(max(0.0, when - self.elapsed))
            event()
        super().sleep(max(0.0, end - self.elapsed))


class LongOutage:
    """Plex is well for half a minute, and away for the next ten, in which edits arrive.

    Attributes:
        scenes: that are edited meanwhile.
        seen: every request to Plex, and after how many seconds it came.
        charged: what the queue held against jobs, just before Plex came back.
        waiting: how many jobs waited then.
    """

    BEGIN, END = 30.0, 630.0

    def __init__(
        self, world: World, clock: Timeline, how: str, *, edits: int = 20, end_at: float = END
    ) -> None:
        self.world = world
        self.seen: list[tuple[float, Request]] = []
        self.charged: list[int] = []
        self.waiting = 0
        world.plex.on_request = lambda request: self.seen.append((clock.elapsed, request))
        hook(world, world.add("before", title="Before"))
        clock.at(self.BEGIN, lambda: WEATHERS[how](world.plex))
        self.scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(edits)]
        for n, scene in enumerate(self.scenes):
            clock.at(self.BEGIN + n * 570 / edits, partial(hook, world, scene))
        clock.at(end_at - 1, self._look)
        clock.at(end_at, lambda: end(world.plex))

    def _look(self) -> None:
        self.waiting = self.world.due()
        for table, column in (("retry", "attempts + misses + deaths"), ("dead_letter", "id")):
            self.charged += rows(self.world, table, column)

    @property
    def records(self) -> list[OutageRecord]:
        return OutageHistory(self.world.data_dir).get_history()

    def asked(self, method: str = "GET") -> list[float]:
        """When Plex was asked, in seconds."""
        return [when for when, request in self.seen if request.method == method]

    def assert_all_is_in_plex(self) -> None:
        """Every edit is shown, and nothing is left of the outage but its record."""
        shown = [self.world.shown(scene)["title"] for scene in self.scenes]
        assert shown == [f"Scene {n}" for n in range(len(self.scenes))]
        assert not any(self.world.queue_stats().values())

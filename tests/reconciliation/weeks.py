"""Weeks of a Stash in which hooks arrive, played with real lives of the background."""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

import Stash2Plex
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
from reconciliation.task import reconcile
from stash.connection import Connection
from tests.worker.stage import Stage, hook
from tests.world import FrozenClock
from worker.background import Background
from worker.connector import Connector
from worker.services import Services

HOUR = 3600.0  # seconds
BEGINNING = 1_800_000_000.0  # Unix seconds


class HastyClock(FrozenClock):
    """Sleeps minutes at least: between two looks at an empty queue nothing happens.

    Attributes:
        meanwhile: happen while somebody sleeps, one per sleep, and four minutes after the last.
    """

    def __init__(self) -> None:
        super().__init__(BEGINNING)
        self.meanwhile: list[Callable[[], object]] = []

    def sleep(self, seconds: float) -> None:
        super().sleep(max(seconds, 240.0 if self.meanwhile else 300.0))
        if self.meanwhile:
            self.meanwhile.pop()()


class Killed(Exception):
    """The process ended in the middle of a reconciliation; no error of ours."""


class Run(NamedTuple):
    """A reconciliation that came to its end.

    Attributes:
        hour: of the hook that had it made, since the beginning.
        scope: as the status calls it.
    """

    hour: float
    scope: str
    is_startup: bool = False


class Weeks:
    """Hooks at their times, each of which starts the background; it lives for five minutes.

    Attributes:
        settings: of the plugin.
        edited: the scene that is saved each time; it was changed long ago, so that the scopes
            leave it out.
        runs: that were made so far.
        page_takes: seconds that a reconciliation takes for a page of scenes.
        is_deadly: whether a reconciliation is killed after its first page.
    """

    def __init__(self, stage: Stage) -> None:
        world = stage.world
        self._world, self._clock = world, stage.clock
        self._scheduler = ReconciliationScheduler(world.data_dir)
        world.data_dir.mkdir(mode=0o700, parents=True)
        self.settings = world.stash.settings
        self.edited = world.add("edited", title="Edited", updated_at=self.ago(days=300))
        self.runs: list[Run] = []
        self.page_takes = 0.0
        self.is_deadly = False

    @property
    def state(self) -> ReconciliationState:
        """What is remembered of the last run."""
        return self._scheduler.load_state()

    def ago(self, *, days: float) -> str:
        """A time as Stash prints it."""
        return datetime.fromtimestamp(self._clock.now() - days * 24 * HOUR, UTC).isoformat()

    def save(self) -> None:
        """Let a hook arrive now."""
        hook(self._world, self.edited)

    def hooks_at(self, *hours: float) -> None:
        """Let hooks arrive, so many hours after the beginning."""
        for hour in hours:
            self._go_to(hour)
            self.save()
            before = self.state.run_count
            self._live()
            state = self.state
            assert state.run_count <= before + 1
            if state.run_count > before:
                self.runs.append(Run(hour, state.last_run_scope, state.is_startup_run))

    def button_at(self, hour: float, scope: str) -> None:
        """Let the user reconcile by hand; the background that the task wakes lives afterwards."""
        self._go_to(hour)
        connector = self._connect()
        try:
            reconcile(scope, connector.stash, connector.read_settings(), connector.queue_manager)
        finally:
            connector.close()
        self._live()

    def _go_to(self, hour: float) -> None:
        moment = BEGINNING + hour * HOUR
        assert moment >= self._clock.now(), "the background of the hook before lives still"
        self._clock.move(moment - self._clock.now())

    def _live(self) -> None:
        connector = self._connect()
        try:
            Background(
                self._world.data_dir, connector, self._clock, reconcile=self._reconcile
            ).run()
        except Killed:
            pass  # as the process is, so is its connection closed
        finally:
            connector.close()

    def _connect(self) -> Connector:
        connection = Connection.from_server(self._world.stash.connection(self._world.folder))
        return Connector(self._world.data_dir, connection, self._clock)

    def _reconcile(
        self, services: Services, between: Callable[[], bool], *, was_quiet: bool
    ) -> None:
        """Let time pass while the plugin reconciles as it does."""

        def after_a_page() -> bool:
            self._clock.move(self.page_takes)
            if self.is_deadly:
                raise Killed
            return between()

        Stash2Plex.maybe_auto_reconcile(services, after_a_page, was_quiet=was_quiet)


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
def weeks(stage: Stage, caplog: pytest.LogCaptureFixture) -> Weeks:
    """The weeks to come, on a stage that lives by the hasty clock."""
    caplog.set_level(logging.INFO)  # thousands of requests would be told otherwise
    return Weeks(stage)


def each_hour(days: int) -> range:
    """The hours of so many days, their last moment included."""
    return range(days * 24 + 1)


def mornings(days: int) -> Iterable[int]:
    """The hours from eight to eleven of so many days."""
    return (day * 24 + hour for day in range(days) for hour in (8, 9, 10, 11))

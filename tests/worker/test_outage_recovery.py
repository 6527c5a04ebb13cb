"""Recover Outage Jobs: what the last outage held up or buried gets another chance at once."""

import logging
from collections.abc import Callable

import pytest

from domain.errors import UserError
from domain.job import JobKey, SyncJob
from domain.outcome import Buried
from sync_queue.dlq import bury
from tests.worker.away import come_back, go_away
from tests.worker.stage import Stage
from tests.world import World
from worker.connector import Connector
from worker.outage_history import OutageHistory
from worker.outage_report import recover

Press = Callable[[], str]


NOTHING = "Nothing to recover: what the last outage held up is done, or was edited since"


@pytest.fixture
def history(world: World) -> OutageHistory:
    return OutageHistory(world.data_dir)


@pytest.fixture
def press(stage: Stage, connector: Connector) -> Press:
    """Press the button."""
    stage.reopen()
    return lambda: recover(connector.read_settings(), connector.stash, connector.queue_manager)


def given_outage(stage: Stage) -> tuple[int, int]:
    """A scene that was given up and one that waits for long, both because of an outage."""
    dead, waiting = (stage.world.add(name, title=name.upper()) for name in ("dead", "waiting"))
    stage.world.plex.weather(429, only="PUT", retry_after=3000)
    stage.sync(waiting)
    with stage.queue.db.transaction():
        job = SyncJob(JobKey("scene", dead))
        bury(stage.queue, job, Buried("gave up", "PlexTemporaryError", 5))
    stage.enqueue(stage.world.add("a"))
    go_away(stage)
    come_back(stage)
    stage.drain()
    return dead, waiting


def test_dlqm_01_without_an_outage_there_is_nothing_to_recover(press: Press, world: World) -> None:
    assert press() == "No outages recorded: nothing to recover"
    assert world.plex.requests == []


def test_dlqm_01_an_outage_that_lasts_needs_no_recovery(press: Press, stage: Stage) -> None:
    stage.enqueue(stage.world.add("a"))
    go_away(stage)

    assert press() == (
        "No outage is over yet: its jobs are processed by themselves when Plex is back"
    )
    assert stage.world.plex.requests == []


def test_dlqm_01_an_outage_that_held_up_nothing_for_long_says_so(
    press: Press, history: OutageHistory
) -> None:
    history.record_outage_start(1_800_000_000.0 - 3600)
    history.record_outage_end(1_800_000_000.0 - 3540)

    assert press() == NOTHING


def test_dlqm_01_what_waits_is_due_at_once_and_what_was_given_up_is_tried_again(
    press: Press, stage: Stage
) -> None:
    dead, waiting = given_outage(stage)
    assert stage.waiting()[waiting] > 2000

    said = press()

    assert said.startswith(
        "1 waiting job of the last outage made due at once; 1 of 1 dead letters recovered; "
    )
    stage.drain()
    titles = [stage.world.shown(scene)["title"] for scene in (dead, waiting)]
    assert titles == ["DEAD", "WAITING"]
    assert stage.dead() == {}


def test_dlqm_01_pressing_twice_does_nothing_the_second_time(press: Press, stage: Stage) -> None:
    given_outage(stage)
    press()
    before = stage.stats

    again = press()

    assert again == NOTHING
    assert stage.stats == before


def test_dlqm_01_while_plex_is_away_again_nothing_is_recovered_and_nothing_is_due(
    press: Press, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    dead, waiting = given_outage(stage)
    stage.world.plex.weather(503)

    said = press()

    assert said.startswith("Plex cannot be asked, so nothing is recovered yet; 0 of 1 dead")
    assert "1 because Plex is down" in said
    assert list(stage.dead()) == [dead]
    assert stage.waiting()[waiting] > 2000
    assert [r for r in caplog.records if r.levelno == logging.WARNING]


def test_dlqm_02_only_the_last_outage_that_is_over_counts(
    press: Press, stage: Stage, history: OutageHistory
) -> None:
    dead, waiting = given_outage(stage)
    stage.clock.move(1000)
    history.record_outage_start(stage.clock.now())
    history.record_outage_end(stage.clock.now() + 60)
    stage.clock.move(100)
    history.record_outage_start(stage.clock.now())

    assert press() == NOTHING

    assert list(stage.dead()) == [dead]
    assert stage.waiting()[waiting] > 1000


def test_while_syncing_is_paused_it_is_refused(press: Press, stage: Stage) -> None:
    dead, _ = given_outage(stage)
    stage.world.stash.settings = {**stage.world.stash.settings, "disabled": True}

    with pytest.raises(UserError, match="paused"):
        press()

    assert list(stage.dead()) == [dead]

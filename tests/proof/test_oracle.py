"""The oracle of the random kills finds what is wrong, and nothing where all is well."""

from typing import Any

import pytest
import requests

from domain.job import JobKey
from domain.outcome import Buried
from sync_queue.dlq import bury
from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending
from tests.invocation.circumstances import hold_off
from tests.proof.editions import Editions, edition
from tests.proof.oracle import Oracle
from tests.world import PLEX_TOKEN, World, picture
from worker.processor import SyncWorker


@pytest.fixture
def editions(world: World) -> Editions:
    hold_off(world)
    return Editions(world, 2)


@pytest.fixture
def oracle(editions: Editions) -> Oracle:
    return Oracle(editions)


@pytest.fixture
def worker(editions: Editions, oracle: Oracle) -> SyncWorker:
    """Has brought the first version of each scene to Plex."""
    for scene in editions.scenes:
        editions.save(scene)
    worker = editions.world.worker()
    worker.drain()
    return worker


@pytest.fixture
def queue(worker: SyncWorker) -> SyncQueue:
    return worker.services.queue


def faults(oracle: Oracle) -> list[str]:
    """The kinds of faults that there are."""
    return [kind for kind, found in oracle.look().items() if found]


def ask(session: requests.Session, world: World) -> None:
    session.get(f"{world.plex.url}/identity", headers={"X-Plex-Token": PLEX_TOKEN})


def test_where_every_edit_is_in_plex_there_is_no_fault(
    oracle: Oracle, worker: SyncWorker, editions: Editions
) -> None:
    for _ in range(3):
        editions.save(editions.scenes[0])
        worker.drain()

    assert faults(oracle) == []


def test_an_edit_that_was_confirmed_and_is_nowhere_is_lost(
    oracle: Oracle, queue: SyncQueue, editions: Editions
) -> None:
    editions.save(editions.scenes[0])
    queue.db.execute("DELETE FROM ack_queue_default")

    assert faults(oracle) == ["lost"]


def test_an_edit_whose_hook_was_killed_is_not_lost(
    oracle: Oracle, worker: SyncWorker, editions: Editions
) -> None:
    editions.save(editions.scenes[0], kill_after=0.0)

    assert editions.answers == {"recorded": 2, "none": 1}
    assert faults(oracle) == []


def test_a_job_that_is_claimed_for_ever_is_stuck(
    oracle: Oracle, queue: SyncQueue, editions: Editions
) -> None:
    queue.put([JobKey("scene", editions.scenes[0])])
    get_pending(queue)

    assert faults(oracle) == ["stuck"]


def test_a_scene_that_was_given_up_is_buried(
    oracle: Oracle, queue: SyncQueue, editions: Editions
) -> None:
    queue.put([JobKey("scene", editions.scenes[0])])
    job = get_pending(queue)
    assert job is not None
    with queue.db.transaction():
        bury(queue, job, Buried("for nothing", "Cause", attempts=1))

    assert faults(oracle) == ["buried"]


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Details 0"},
        {"date": "2001-01-01"},
        {"genre": []},
        {"collection": ["Studio 0"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_field_of_another_version_than_the_title_is_stale(
    oracle: Oracle, worker: SyncWorker, editions: Editions, change: dict[str, Any]
) -> None:
    editions.world.plex.user_edits(editions.world.key(editions.scenes[0]), **change)

    assert faults(oracle) == ["stale"]


def test_a_poster_that_is_older_than_the_title_is_stale(
    oracle: Oracle, worker: SyncWorker, editions: Editions
) -> None:
    scene = editions.scenes[0]
    said = {**edition(scene, 2), "cover": picture("another")}
    editions.newest[scene] = 2
    editions.world.run(editions.world.stash.edit(scene, **said))
    worker.drain()

    assert faults(oracle) == ["stale"]


def test_a_version_that_is_written_after_a_newer_one_is_stale(
    oracle: Oracle, worker: SyncWorker, editions: Editions
) -> None:
    scene = editions.scenes[0]
    for version in (3, 2):
        editions.world.run(editions.world.stash.edit(scene, **edition(scene, version)))
        worker.drain()
    editions.newest[scene] = 2

    assert faults(oracle) == ["stale"]


def test_two_clients_of_plex_may_follow_each_other(oracle: Oracle, world: World) -> None:
    for _ in range(2):
        with requests.Session() as session:
            ask(session, world)
            ask(session, world)

    assert faults(oracle) == []


def test_two_clients_of_plex_may_not_take_turns(oracle: Oracle, world: World) -> None:
    with requests.Session() as one, requests.Session() as other:
        for session in (one, other, one):
            ask(session, world)

    assert faults(oracle) == ["at once"]

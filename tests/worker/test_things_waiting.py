"""Jobs about things that wait: seen, cleared, brought back, spooled, and kept by a process."""

from contextlib import closing
from typing import Any

import pytest

from domain.job import JobKey, SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from stash.client import StashClient
from stash.connection import Connection
from sync_queue import inbox
from sync_queue.clearing import undo_clear
from sync_queue.ledger import Ledger
from sync_queue.manager import QueueManager
from sync_queue.survey import survey
from tests.servers.stash import Request, StashError
from tests.servers.stash.model import Tag
from tests.worker.conftest import Live
from tests.worker.stage import Stage
from tests.world import World
from worker import status
from worker.management import clear_queue, retry_dlq

KINDS = ["tag", "performer", "studio", "group"]


def given_scene(world: World) -> int:
    """A scene that was written before everything about it got another name."""
    scene = world.add("a", title="A", tags=["x"], performers=["x"], studio="x", groups=["x"])
    with closing(QueueManager(world.data_dir)) as manager:
        queue = manager.get_queue()
        with queue.db.transaction():
            Ledger(queue.db).store(
                LedgerEntry("plex", RatingKey(1), SceneId(scene), content_hash="old")
            )
    return scene


def spool_thing(world: World, kind: str) -> None:
    """As a hook does that cannot write into the database."""
    (world.data_dir / "spool").mkdir(parents=True, exist_ok=True)
    (world.data_dir / "spool" / "1-1.json").write_bytes(inbox.payload(kind, 1))


def test_a_thing_counts_as_one_job_whatever_has_it(stage: Stage) -> None:
    for _ in range(20):
        stage.world.stash.add_scene(tags=["x"])
    stage.queue.put([JobKey("tag", 1)])

    found = survey(stage.world.data_dir, stage.clock.now())

    assert (found.due, found.counts["pending"], found.at_work) == (1, 1, None)


def test_the_status_is_told_while_things_wait(stage: Stage, world: World) -> None:
    given_scene(world)
    stage.queue.put([JobKey(kind, 1) for kind in KINDS])
    stash = StashClient(Connection.from_server(world.stash.connection(world.folder)))
    manager = QueueManager(world.data_dir, clock=stage.clock)

    document = status.report(manager, stash, None)
    stash.close()
    manager.close()

    assert document["pending"] == 4
    assert [request.operation for request in world.stash.requests] == []


def test_no_scene_is_named_as_at_work_while_a_thing_is_looked_up(
    stage: Stage, world: World
) -> None:
    given_scene(world)
    seen: list[tuple[int, object]] = []

    def look(request: Request) -> None:
        found = survey(world.data_dir, stage.clock.now())
        if "query Uses" in request.text:
            seen.append((found.counts["in_progress"], found.at_work))

    world.stash.before_answer = look
    stage.queue.put([JobKey("tag", 1)])
    stage.drain()

    assert seen
    assert set(seen) == {(1, None)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_that_was_cleared_comes_back_and_reaches_plex(
    stage: Stage, world: World, kind: str
) -> None:
    scene = given_scene(world)
    stage.queue.put([JobKey(kind, 1)])
    manager = QueueManager(world.data_dir, clock=stage.clock)

    answer = clear_queue(manager)
    manager.close()
    assert answer.startswith("Clear Pending Queue: 1 waiting job removed;")
    assert stage.is_idle()
    undo_clear(stage.queue)
    stage.drain()

    assert world.shown(scene)["title"] == "A"
    assert stage.is_idle()


def test_a_thing_that_is_in_the_queue_again_is_not_doubled_by_undoing(stage: Stage) -> None:
    given_scene(stage.world)
    stage.queue.put([JobKey("tag", 1)])
    manager = QueueManager(stage.world.data_dir, clock=stage.clock)
    clear_queue(manager)
    manager.close()

    stage.queue.put([JobKey("tag", 1)])
    undo_clear(stage.queue)

    assert stage.stats["pending"] == 1


def test_things_are_never_among_the_dead_letters(stage: Stage, world: World) -> None:
    given_scene(world)
    world.plex.chokes_on(world.key(1))
    stage.queue.put([JobKey(kind, 1) for kind in KINDS])

    stage.drain_until_idle()

    assert list(stage.dead()) == [1]
    assert stage.queue.db.rows("SELECT kind FROM dead_letter") == [("scene",)]
    manager = QueueManager(world.data_dir, clock=stage.clock)
    assert retry_dlq(manager, None) == "1 dead letter is in the queue again, as if new"
    manager.close()


@pytest.mark.parametrize("kind", KINDS)
def test_a_spooled_thing_reaches_plex(world: World, live: Live, kind: str) -> None:
    scene = given_scene(world)
    spool_thing(world, kind)

    live()

    assert world.shown(scene)["title"] == "A"
    assert [*(world.data_dir / "spool").iterdir()] == []
    assert not (world.data_dir / "reconciliation.due").exists()


def test_a_spooled_thing_that_is_cleared_counts_as_a_waiting_job(
    stage: Stage, world: World
) -> None:
    assert stage.queue
    spool_thing(world, "tag")
    manager = QueueManager(world.data_dir, clock=stage.clock)

    answer = clear_queue(manager)
    manager.close()

    assert answer.startswith("Clear Pending Queue: 1 waiting job removed;")


def test_a_thing_that_its_hook_could_write_nowhere_reaches_plex(world: World, live: Live) -> None:
    scene = given_scene(world)

    live(inbox.payload("studio", 1))

    assert world.shown(scene)["title"] == "A"


class Tags(dict[int, Tag]):
    """Of which one row is damaged."""

    def get(self, key: int, default: Any = None) -> Any:
        if key == 1:
            raise StashError("sql: Scan error on column index 3")
        return super().get(key, default)


def test_a_thing_that_stash_cannot_read_holds_up_no_scene(world: World, live: Live) -> None:
    scene = given_scene(world)
    world.stash.library.tags.by_id = Tags(world.stash.library.tags.by_id)
    inbox.record(str(world.data_dir), inbox.payload("tag", 1))
    with closing(QueueManager(world.data_dir)) as manager:
        manager.get_queue().put([JobKey("scene", SceneId(scene))], "bulk")

    live()

    assert world.shown(scene)["title"] == "A"

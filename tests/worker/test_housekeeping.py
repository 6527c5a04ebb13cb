"""What a drain does when nothing is left to do: old things go, and nothing else does."""

import os
from pathlib import Path

import pytest

from sync_queue.clearing import clear_pending_items, undo_clear
from tests.worker.stage import Stage

DAY = 86_400.0


def leave(stage: Stage, name: str, age: float, content: bytes = b"half") -> Path:
    """Let a file lie in the data folder that was written so many seconds ago."""
    file = stage.world.data_dir / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)
    written = stage.clock.now() - age
    os.utime(file, (written, written))
    return file


def bury(stage: Stage, scene: int) -> None:
    stage.queue.db.execute(
        "INSERT INTO dead_letter (kind, id, queue, cause, reason, attempts, first_at, buried_at) "
        "VALUES ('scene', ?, 'default', 'Cause', '', 5, 0, ?)",
        (scene, stage.clock.now()),
    )


@pytest.fixture(autouse=True)
def opened(stage: Stage) -> None:
    """The data folder exists and the queue is open."""
    assert stage.queue


@pytest.mark.parametrize("name", ["tmpab12.tmp", "background.json.4711.tmp", "spool/1-2.tmp"])
@pytest.mark.parametrize(("age", "stays"), [(0, True), (3599, True), (3601, False)])
def test_a_draft_goes_when_it_is_older_than_an_hour(
    stage: Stage, name: str, age: float, stays: bool
) -> None:
    draft = leave(stage, name, age)

    stage.drain()

    assert draft.exists() is stays


@pytest.mark.parametrize(
    "name",
    [
        "device_id.json",
        "circuit_breaker.damaged-1",
        "notes.tmp.txt",
        "spool/1-2.damaged",
        "queue/mine.tmp",
    ],
)
def test_whatever_is_no_draft_stays_for_years(stage: Stage, name: str) -> None:
    file = leave(stage, name, 999 * DAY, b"{}")

    stage.drain()

    assert file.read_bytes() == b"{}"


def test_a_folder_that_is_called_like_a_draft_is_no_trouble(stage: Stage) -> None:
    folder = stage.world.data_dir / "folder.tmp"
    folder.mkdir()
    os.utime(folder, (0, 0))
    draft = leave(stage, "zz.tmp", DAY)

    stage.drain()

    assert folder.is_dir()
    assert not draft.exists()


def test_an_event_that_waits_in_the_spool_is_no_draft(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    leave(stage, "spool/1-2.json", 999 * DAY, b'{"kind": "scene", "id": %d}' % scene)

    stage.drain()

    assert stage.world.shown(scene)["title"] == "A"


def test_old_dead_letters_go(stage: Stage) -> None:
    bury(stage, 1)
    stage.clock.move(80 * DAY)
    bury(stage, 2)
    stage.drain()
    assert sorted(stage.dead()) == [1, 2]

    stage.clock.move(11 * DAY)
    stage.drain()

    assert sorted(stage.dead()) == [2]


def test_what_was_cleared_goes_after_a_week(stage: Stage) -> None:
    stage.enqueue(stage.world.add("a"))
    clear_pending_items(stage.queue)
    stage.clock.move(7 * DAY)
    stage.drain()
    assert undo_clear(stage.queue) is not None

    clear_pending_items(stage.queue)
    stage.clock.move(7 * DAY + 1)
    stage.drain()

    assert undo_clear(stage.queue) is None


def test_a_big_run_leaves_a_small_file(stage: Stage) -> None:
    file = stage.world.data_dir / "queue" / "data.db"
    stage.enqueue(*range(1, 50_001), queue="bulk")
    with stage.queue.db.transaction():
        stage.queue.db.execute("DELETE FROM ack_queue_bulk")
    stage.queue.db.execute("PRAGMA wal_checkpoint")
    assert file.stat().st_size > 4_000_000

    stage.drain()

    assert file.stat().st_size < 250_000


def test_nothing_is_tidied_while_plex_is_away(stage: Stage) -> None:
    """The drain comes back soon, and the queue is not at rest."""
    draft = leave(stage, "a.tmp", DAY)
    stage.enqueue(stage.world.add("a", title="A"))
    stage.world.plex.stop()
    assert stage.drain().stopped
    assert draft.exists()

    stage.world.plex.start()
    stage.clock.move(300)
    stage.drain()

    assert not draft.exists()

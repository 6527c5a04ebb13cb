"""Check Setup changes nothing: not in Plex, not in Stash, and not in what the plugin keeps."""

import sqlite3
from contextlib import closing

from sync_queue.manager import QueueManager
from sync_queue.operations import ack_job, get_pending
from tests.doctor.checkup import check, everything_kept, writes
from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.outages import plex_went_away
from tests.servers.plex.journal import Request
from tests.world import World

PARKED = """
INSERT INTO parked VALUES ('scene', {0}, 'default', 1e9);
INSERT INTO parked_file VALUES ('{1}.mp4', 'scene', {0});
INSERT INTO dead_letter VALUES (1, 'scene', 99, 'default', 'X', 'x', 5, 1e9, 1e9, NULL);
INSERT INTO previewed VALUES ('scene', 98);
"""


def with_history(world: World) -> int:
    """Let every store of the plugin hold something; return a scene that Plex shows.

    The drain lock is held from here on.
    """
    parked, scene = world.add("parked", title="P"), world.add("a", title="a")  # of two, the latter
    record(world, scene)
    worker = world.worker()
    worker.drain()
    plex_went_away(world, ago=65)
    for name in ("recovery_state", "reconciliation_state"):
        (world.data_dir / f"{name}.json").write_text('{"last_run": 1}')
    file = world.data_dir / "queue" / "data.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(PARKED.format(parked, "parked"))
    record(world, parked)
    world.stash.edit(scene, title="b")
    world.plex.clear_requests()
    world.stash.clear_requests()
    return scene


def test_nothing_is_written_anywhere(world: World) -> None:
    scene = with_history(world)
    before = everything_kept(world)

    found = check(world)

    assert f'Example: scene {scene} "b": a sync would write title, sort_title' in found.findings
    assert everything_kept(world) == before
    assert {"data.db", "plex_index.db", "circuit_breaker.json"} <= before.keys()
    assert writes(world) == []


def test_an_item_that_goes_in_the_middle_revives_no_parked_scene(world: World) -> None:
    scene = with_history(world)
    before = everything_kept(world)
    key = world.key(scene)

    def goes(request: Request) -> None:
        if request.path.startswith(f"/library/metadata/{key}"):
            world.plex.on_request = None
            world.plex.remove_item(key)

    world.plex.on_request = goes

    found = check(world)

    assert f'Example: scene {scene} "b" would not be written: Plex has no item with its file' in (
        found.findings
    )
    assert everything_kept(world) == before


def test_before_the_first_edit_it_makes_no_queue(world: World) -> None:
    world.add("a", title="A")

    found = check(world)

    assert 'Example: scene 1 "A" is item' in "\n".join(found.findings)
    assert list(everything_kept(world)) == []


def test_it_waits_for_nobody_who_drains_or_writes(world: World) -> None:
    with_history(world)

    with somebody_holds(world.data_dir / "queue.lock"):
        found = check(world)

    assert found.wrong == ["Dead letters: 1"]


def test_a_job_that_is_claimed_meanwhile_is_left_to_its_owner(world: World) -> None:
    scene = with_history(world)
    with closing(QueueManager(world.data_dir)) as manager:
        job = get_pending(manager.get_queue())
        assert job is not None
        before = everything_kept(world)

        check(world)

        assert everything_kept(world) == before
        with manager.get_queue().db.transaction():
            ack_job(manager.get_queue(), job)
    assert world.shown(scene)["title"] == "a"


def test_preview_that_was_on_stays_as_it_was(world: World) -> None:
    with_history(world)
    before = everything_kept(world)

    found = check(world, dry_run=True)

    assert found.remedy("Preview is on") == "nothing is written to Plex until you turn it off"
    assert everything_kept(world) == before

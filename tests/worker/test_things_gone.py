"""A thing that is gone from Stash: nobody can say which scenes had it, so all are compared."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from domain.job import JobKey, SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from reconciliation import automatic
from reconciliation.scheduler import LOCK
from sync_queue import host, inbox
from sync_queue.due import GONE
from tests.servers.plex import Request as PlexRequest
from tests.servers.stash import Request
from tests.servers.stash.hooks import Document
from tests.worker.conftest import Live
from tests.worker.stage import EventfulClock, Stage, hook
from tests.world import World
from worker.services import Services

Destroy = Callable[[World], Document]

KINDS: dict[str, tuple[dict[str, Any], Destroy, str]] = {
    "tag": ({"tags": ["x"]}, lambda world: world.stash.destroy_tag("x"), "genres"),
    "performer": ({"performers": ["x"]}, lambda w: w.stash.destroy_performer("x"), "cast"),
    "studio": ({"studio": "x"}, lambda world: world.stash.destroy_studio("x"), "studio"),
    "group": ({"groups": ["x"]}, lambda world: world.stash.destroy_group("x"), "collections"),
}


def reconcile(services: Services, between: Callable[[], bool], *, was_quiet: bool) -> None:
    """As the entrypoint does after each drain."""
    if due := automatic.what_is_due(services, was_quiet=was_quiet):
        automatic.run(*due, services, between)


@pytest.fixture
def run(live: Live) -> Live:
    """One life of the background, reconciliations included."""
    return partial(live, reconcile=reconcile)


def record(world: World, document: Document) -> None:
    """Record the hook of a tag, performer, studio or group."""
    context = document["args"]["hookContext"]
    kind = context["type"].partition(".")[0].lower()
    inbox.record(str(world.data_dir), inbox.payload(kind, context["id"]))


def synced(world: World, run: Live, name: str, **facts: Any) -> int:
    """A scene that Plex shows, described beside what is to go."""
    described = {"details": "d", "studio": "S", "updated_at": "2027-01-01T00:00:00Z"}
    scene = world.add(name, **described | facts)
    hook(world, scene)
    run()
    assert world.shown(scene)["summary"] == world.stash.scene(scene).details
    world.plex.clear_requests()
    world.stash.clear_requests()
    return scene


def is_due(world: World) -> bool:
    return (world.data_dir / GONE).exists()


# The drain leaves word


def test_a_thing_that_is_gone_leaves_word_and_no_job(stage: Stage) -> None:
    stage.world.add("a", title="A")
    stage.queue.put([JobKey("tag", 7)])

    stage.drain()

    assert is_due(stage.world)
    assert stage.is_idle()
    assert stage.plex_saw("PUT") == 0


def test_a_thing_that_goes_between_two_pages_leaves_word_too(stage: Stage) -> None:
    ledger = stage.worker.services.ledger
    with stage.queue.db.transaction():
        for _ in range(1500):
            scene = SceneId(stage.world.stash.add_scene(tags=["x"]))
            ledger.store(LedgerEntry("plex", RatingKey(scene), scene, content_hash="old"))

    def destroy(request: Request) -> None:
        stage.world.stash.before_answer = None
        stage.world.stash.destroy_tag("x")

    stage.world.stash.before_answer = destroy
    stage.queue.put([JobKey("tag", 1)])
    stage.worker.drain(go_on=iter([True, False]).__next__)

    assert is_due(stage.world)
    assert stage.stats["pending"] == 1000


def test_a_thing_that_is_gone_stays_in_the_queue_while_word_cannot_be_left(
    stage: Stage,
) -> None:
    stage.queue.put([JobKey("tag", 7)])
    nowhere = stage.world.data_dir / "no such folder" / "file"
    (stage.world.data_dir / GONE).symlink_to(nowhere)  # as on a disk without room

    try:
        stage.drain()
    except Exception:  # noqa: BLE001 -- whichever it is
        stage.reopen()

    assert stage.stats["pending"] == 1


# The background follows


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_destroyed_leaves_plex(world: World, run: Live, kind: str) -> None:
    facts, destroy, field = KINDS[kind]
    world.stash.settings["collect_groups"] = True
    scene = synced(world, run, "a", **facts)
    shown = world.shown(scene)[field]
    assert "x" in shown

    record(world, destroy(world))
    run()

    assert "x" not in world.shown(scene)[field]
    assert world.shown(scene)["summary"] == "d"
    assert not is_due(world)


def test_only_the_scenes_that_had_it_are_enqueued_and_written(
    world: World, run: Live, caplog: pytest.LogCaptureFixture
) -> None:
    scenes = [synced(world, run, f"n{n}", tags=["x"] if n == 2 else ["y"]) for n in range(4)]

    record(world, world.stash.destroy_tag("x"))
    run()

    written = [int(each.args["id"]) for each in world.plex.requests if each.method == "PUT"]
    assert written == [world.key(scenes[2])]
    assert "Auto-reconciliation complete: 1 gaps found, 1 enqueued" in caplog.text


def test_it_is_followed_whatever_the_settings_of_reconciliation_say(
    world: World, run: Live
) -> None:
    world.stash.settings.update(reconcile_interval="weekly", reconcile_scope="24h")
    world.stash.timezone = "Z"
    scene = synced(world, run, "a", tags=["x"])
    world.stash.scene(scene).updated_at = "2001-01-01T00:00:00Z"

    record(world, world.stash.destroy_tag("x"))
    run()

    assert world.shown(scene)["genres"] == []


def test_several_that_are_destroyed_at_once_cost_one_comparison(world: World, run: Live) -> None:
    names = [f"x{n}" for n in range(10)]
    scene = synced(world, run, "a", tags=names)

    for name in names:
        record(world, world.stash.destroy_tag(name))
    run()

    assert world.shown(scene)["genres"] == []
    walks = [each for each in world.stash.requests if "query Walk" in each.text]
    assert len(walks) == 1


def test_a_scene_that_nothing_describes_any_more_is_treated_as_after_a_save(
    world: World, run: Live
) -> None:
    saved, other = (world.add(name, studio=None, tags=[name]) for name in "ab")
    hook(world, saved)
    hook(world, other)
    run()
    assert [world.shown(scene)["genres"] for scene in (saved, other)] == [["a"], ["b"]]

    world.stash.edit(saved, tags=[])
    hook(world, saved)
    record(world, world.stash.destroy_tag("b"))
    run()

    assert len(world.shown(saved)["genres"]) == len(world.shown(other)["genres"])


# Trouble meanwhile


def test_what_is_destroyed_while_plex_is_off_leaves_it_when_it_is_back(
    world: World, run: Live, clock: EventfulClock
) -> None:
    scene = synced(world, run, "a", tags=["x"])
    world.plex.stop()
    clock.events = [world.plex.start]

    record(world, world.stash.destroy_tag("x"))
    run()

    assert world.shown(scene)["genres"] == []
    assert not is_due(world)


@pytest.mark.parametrize("text", ["query Uses", "query Count"])
def test_what_is_destroyed_while_stash_fails_leaves_plex_when_it_is_back(
    world: World, run: Live, clock: EventfulClock, text: str
) -> None:
    scene = synced(world, run, "a", tags=["x"])
    failing = [text]

    def fail(request: Request) -> None:
        if failing and failing[0] in request.text:
            failing.clear()
            world.stash.weather(503)

    world.stash.before_answer = fail
    clock.events = [partial(world.stash.weather, "fine")]

    record(world, world.stash.destroy_tag("x"))
    run()

    assert world.shown(scene)["genres"] == []
    assert not is_due(world)


def test_what_is_destroyed_while_others_are_compared_leaves_plex_too(
    world: World, run: Live
) -> None:
    scenes = [synced(world, run, name, tags=[name]) for name in "ab"]

    def destroy(request: PlexRequest) -> None:
        if request.method == "PUT":  # of the page that was compared with b
            world.plex.on_request = None
            record(world, world.stash.destroy_tag("b"))

    record(world, world.stash.destroy_tag("a"))
    world.plex.on_request = destroy
    run()

    assert [world.shown(scene)["genres"] for scene in scenes] == [[], []]
    assert not is_due(world)


@pytest.mark.timeout(6)  # or it would be at it for ever
def test_what_is_destroyed_while_a_task_compares_leaves_plex_too(
    world: World, run: Live, clock: EventfulClock
) -> None:
    scene = synced(world, run, "a", tags=["x"])
    lock = host.try_lock(str(world.data_dir / LOCK))
    assert lock is not None
    clock.events = [partial(host.unlock, lock)]

    record(world, world.stash.destroy_tag("x"))
    run()

    assert world.shown(scene)["genres"] == []


def test_plex_that_fails_at_the_write_gets_it_afterwards(
    world: World, run: Live, clock: EventfulClock
) -> None:
    scene = synced(world, run, "a", tags=["x"])

    def fail(request: PlexRequest) -> None:
        if request.method == "PUT":
            world.plex.on_request = None
            world.plex.weather(503)

    world.plex.on_request = fail
    clock.events = [lambda: None, lambda: world.plex.weather("fine")]

    record(world, world.stash.destroy_tag("x"))
    run()

    assert world.shown(scene)["genres"] == []

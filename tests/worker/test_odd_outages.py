"""Outages that come in odd ways: one after the other, while reading, with Stash, with a refusal."""

from collections.abc import Callable

import pytest

from domain.job import JobKey, SyncJob
from domain.outcome import Waiting
from sync_queue.retry import put_off
from tests.servers.plex import Request
from tests.worker.away import come_back, go_away
from tests.worker.conftest import Live
from tests.worker.stage import Stage, hook, last_word
from tests.worker.timeline import Timeline
from tests.world import World
from worker.circuit_breaker import CircuitBreaker
from worker.outage_history import OutageHistory, OutageRecord
from worker.plex_watch import BREAKER, RAMP_BATCH


@pytest.fixture
def clock() -> Timeline:
    return Timeline()


def given_saves(world: World, count: int) -> list[int]:
    """Scenes that Plex has not seen, each of them saved once."""
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(count)]
    for scene in scenes:
        hook(world, scene)
    return scenes


def shown(world: World, scenes: list[int]) -> list[str]:
    return [world.shown(scene)["title"] for scene in scenes]


def records(world: World) -> list[OutageRecord]:
    return OutageHistory(world.data_dir).get_history()


def read_keys(request: Request) -> list[str]:
    """The rating keys that a request reads."""
    if request.method != "GET" or not request.path.startswith("/library/metadata/"):
        return []
    return request.path.split("/")[3].split(",")


def goes_away_for(world: World, clock: Timeline, seconds: float) -> None:
    world.plex.weather(503)
    clock.at(clock.elapsed + seconds, lambda: world.plex.weather("fine"))


def at_each_write(world: World, act: Callable[[int], object]) -> None:
    """Do something when a write arrives, told how many came so far."""
    writes = 0

    def note(request: Request) -> None:
        nonlocal writes
        if request.method == "PUT":
            writes += 1
            act(writes)

    world.plex.on_request = note


def test_a_second_outage_hours_after_the_first_is_waited_for_as_patiently(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_saves(world, 60)
    goes_away_for(world, clock, 60)

    def work(writes: int) -> None:
        clock.move(60)
        if writes == 45:
            goes_away_for(world, clock, 90)

    at_each_write(world, work)

    assert live() is False

    assert shown(world, scenes) == [f"Scene {n}" for n in range(60)]
    assert len(records(world)) == 2


def test_outages_do_not_make_batches_smaller_for_the_rest_of_the_run(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_saves(world, 400)
    sizes: list[int] = []

    def note(request: Request) -> None:
        sizes.append(len(read_keys(request)))
        if request.method == "PUT" and str(request.args.get("id")) in falls:
            falls.remove(str(request.args.get("id")))
            goes_away_for(world, clock, 60)

    falls = [str(world.key(scene)) for scene in scenes[50:150:20]]
    world.plex.on_request = note

    assert live() is False

    assert falls == []
    assert shown(world, scenes) == [f"Scene {n}" for n in range(400)]
    read = [size for size in sizes if size]
    assert max(read[-10:]) >= RAMP_BATCH


def test_a_token_that_was_revoked_meanwhile_does_not_make_the_outage_last(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_saves(world, 1)
    world.plex.weather(503)

    def back() -> None:
        world.plex.weather("fine")
        world.plex.token = "another"

    clock.at(60, back)

    live()
    while (breaker := CircuitBreaker.as_onlooker(world.data_dir / BREAKER, clock)) is not None:
        if breaker.is_closed or clock.elapsed > 600:
            break
        clock.sleep(10)
        live()

    (outage,) = records(world)
    assert outage.duration is not None
    assert outage.duration < 200
    assert last_word(world)["why"].startswith("Plex refused the token")
    assert world.queue_stats()["pending"] == len(scenes)


def test_a_scene_at_whose_reading_plex_falls_is_given_up_and_the_others_get_there(
    world: World, live: Live, clock: Timeline
) -> None:
    scenes = given_saves(world, 8)
    bad = scenes[3]

    def note(request: Request) -> None:
        if str(world.key(bad)) in read_keys(request):
            goes_away_for(world, clock, 60)

    world.plex.on_request = note
    for _ in range(3):
        live()
        clock.sleep(600)

    others = [scene for scene in scenes if scene != bad]
    assert shown(world, others) == [f"Scene {n}" for n in range(8) if n != 3]
    assert world.queue_stats()["failed"] == 1
    assert len(records(world)) < 15


def test_while_stash_is_away_too_neither_is_asked_all_the_time(
    world: World, live: Live, clock: Timeline
) -> None:
    given_saves(world, 1)
    world.plex.weather(503)
    clock.at(30, lambda: world.stash.weather(503))

    live()

    assert clock.elapsed > 1700
    assert len(world.stash.requests) < 60


@pytest.mark.parametrize("status", [404, 302])
def test_a_proxy_that_answers_in_the_place_of_a_plex_that_starts_again_is_an_outage(
    world: World, live: Live, clock: Timeline, status: int
) -> None:
    first = world.add("first", title="First")
    hook(world, first)
    late = world.add("late", title="Late")
    clock.at(20, lambda: world.plex.weather(status))
    clock.at(21, lambda: hook(world, late))
    clock.at(120, lambda: world.plex.weather("fine"))

    assert live() is False

    assert shown(world, [first, late]) == ["First", "Late"]
    assert world.queue_stats()["failed"] == 0
    assert len(records(world)) == 1


def test_during_the_ramp_nothing_is_written_by_what_was_read_minutes_ago(stage: Stage) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(30)]
    stage.enqueue(*scenes, queue="bulk")
    go_away(stage)
    come_back(stage)
    read_at, ages = 0.0, []

    def note(request: Request) -> None:
        nonlocal read_at
        if read_keys(request):
            read_at = stage.clock.elapsed
        elif request.method == "PUT":
            stage.clock.move(1)
            ages.append(stage.clock.elapsed - read_at)

    stage.world.plex.on_request = note
    stage.drain()

    assert len(ages) == 30
    assert max(ages) < 25


def test_a_saves_retry_is_released_before_those_of_bulk_runs(stage: Stage) -> None:
    def put(scene: int, queue: str) -> None:
        job = SyncJob(JobKey("scene", scene), queue, enqueued_at=stage.clock.now())  # type: ignore[arg-type]
        put_off(stage.queue, job, Waiting(stage.clock.now() + 5, "x", "PlexTemporaryError", True))

    with stage.queue.db.transaction():
        for scene in range(1000, 2000):
            put(scene, "bulk")
        put(5, "default")
    stage.enqueue(stage.world.add("a", title="A"))
    go_away(stage)
    stage.clock.move(60)

    come_back(stage)

    assert stage.waiting()[5] < 1

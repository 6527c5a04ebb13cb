"""One item fails although Plex answers: it is tried again, counted and given up; others go on."""

import pytest

from tests.servers.plex import Request
from tests.worker.stage import Stage
from tests.world import FrozenClock, World
from worker.circuit_breaker import CircuitState


def test_one_scene_that_plex_answers_500_to_for_ever_is_buried_and_499_are_in_plex(
    stage: Stage,
) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(500)]
    sick = scenes[250]
    world.plex.chokes_on(world.key(sick), 500)

    stage.enqueue()
    stage.drain_until_idle()

    shown = [world.shown(scene)["title"] for scene in scenes if scene != sick]
    assert shown == [f"Scene {n}" for n in range(500) if n != 250]
    assert stage.dead() == {sick: "gave up after 5 attempts: Plex answered 500 when editing"}
    assert stage.breaker is CircuitState.CLOSED
    assert len(stage.puts(sick)) == 5


@pytest.mark.parametrize("retries", [1, 2])
def test_max_retries_says_how_often_a_scene_is_tried(stage: Stage, retries: int) -> None:
    stage.open(max_retries=retries)
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene))

    stage.enqueue(scene)
    stage.drain_until_idle()

    assert len(stage.puts(scene)) == retries
    assert list(stage.dead()) == [scene]


def test_a_failed_scene_waits_seconds_at_first_and_minutes_at_most(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene))
    stage.enqueue(scene)
    waits = []

    for _ in range(4):
        stage.drain()
        waits.append(stage.waiting()[scene])
        stage.clock.move(300)

    bounds = [5, 10, 20, 40]
    assert all(0 <= wait <= bound for wait, bound in zip(waits, bounds, strict=True))


def test_a_scene_that_is_not_due_is_not_tried(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene))
    stage.sync(scene)
    tried = len(stage.puts(scene))

    stage.drain()

    assert len(stage.puts(scene)) == tried == 1


def test_plex_says_itself_how_long_it_wants_to_be_left_alone(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.weather(429, only="PUT", retry_after=900)

    stage.sync(scene)

    assert stage.waiting()[scene] == pytest.approx(900)


def test_a_scene_that_heals_is_written_and_its_failures_are_forgotten(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene))
    stage.sync(scene)

    stage.world.plex.chokes_on(stage.world.key(scene), None)
    stage.drain_until_idle()

    assert stage.world.shown(scene)["title"] == "A"
    assert stage.is_idle()
    assert stage.attempts(scene) == 0


def test_a_refusal_for_good_is_buried_at_once_with_its_reason(stage: Stage) -> None:
    scene, healthy = (stage.world.add(name, title=name.upper()) for name in "ab")
    stage.world.plex.chokes_on(stage.world.key(scene), 400)

    stage.sync(scene, healthy)

    assert stage.dead() == {scene: "Plex answered 400, a refusal for good, when editing"}
    assert stage.world.shown(healthy)["title"] == "B"
    assert stage.breaker is CircuitState.CLOSED


def test_an_edit_revives_a_buried_scene_with_all_its_attempts(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene))
    stage.enqueue(scene)
    stage.drain_until_idle()

    stage.edit(scene, title="B")
    stage.drain()

    assert stage.attempts(scene) == 1


def test_a_scene_that_was_buried_and_then_synced_is_no_dead_letter_any_more(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene), 400)
    stage.sync(scene)
    stage.world.plex.chokes_on(stage.world.key(scene), None)

    stage.sync(scene)

    assert stage.dead() == {}


def test_an_edit_while_a_scene_waits_is_tried_at_once_with_all_its_attempts(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    stage.world.plex.chokes_on(stage.world.key(scene))
    stage.sync(scene)
    stage.clock.move(300)
    stage.drain()

    stage.edit(scene, title="B")
    stage.drain()

    assert len(stage.puts(scene)) == 3
    assert stage.attempts(scene) == 1


def test_failures_of_items_survive_the_process(
    stage: Stage, world: World, clock: FrozenClock
) -> None:
    scene = world.add("a", title="A")
    world.plex.chokes_on(world.key(scene))
    stage.sync(scene)

    stage.reopen()
    stage.clock.move(300)
    stage.drain()

    assert stage.attempts(scene) == 2


def test_what_was_written_before_a_scene_failed_is_remembered(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="A", tags=["ours"])
    other = world.plex.add_section("Copies", locations=("/data",))
    copy = world.plex.add_item("/data/a.mp4", 1000, other)
    world.plex.chokes_on(copy)
    stage.sync(scene)
    first = world.plex.items()[0].key

    world.stash.edit(scene, tags=[])
    stage.clock.move(300)
    stage.drain()

    assert world.plex.shown(first)["genres"] == []


def refuse_to_read(stage: Stage, key: int, status: int = 500) -> None:
    """Let each reading of the item fail, alone or among others."""
    plex = stage.world.plex

    def on_request(request: Request) -> None:
        ids = request.path.rpartition("/")[2].split(",")
        if request.method == "GET" and str(key) in ids:
            plex.next_answers([status])

    plex.on_request = on_request


@pytest.mark.parametrize("status", [500, 400])
def test_an_item_that_plex_cannot_show_is_given_up_and_the_rest_of_its_batch_is_written(
    stage: Stage, status: int
) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(100)]
    refuse_to_read(stage, world.key(scenes[37]), status)

    stage.enqueue()
    stage.drain_until_idle()

    shown = [world.shown(scene)["title"] for scene in scenes]
    assert shown == [f"Scene {n}" if n != 37 else "s37" for n in range(100)]
    assert list(stage.dead()) == [scenes[37]]
    assert stage.breaker is CircuitState.CLOSED


def test_finding_the_one_item_that_plex_cannot_show_costs_few_requests(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"s{n}") for n in range(100)]
    refuse_to_read(stage, world.key(scenes[37]))

    stage.sync()

    reads = [r for r in world.plex.requests if r.path.startswith("/library/metadata/")]
    assert len(reads) <= 16


def test_a_listing_that_fails_keeps_only_those_waiting_that_are_not_known(stage: Stage) -> None:
    world = stage.world
    known = world.add("a", title="A")
    stage.sync(known)
    unknown = world.add("b", in_plex=False)
    world.plex.weather(500, path_prefix=f"/library/sections/{world.section}/all", only="GET")

    world.stash.edit(known, title="New")
    stage.sync(unknown, known)

    assert world.shown(known)["title"] == "New"
    assert list(stage.waiting()) == [unknown]
    assert stage.attempts(unknown) == 0

"""Plex as a whole fails: nothing is counted, the breaker opens, and afterwards all is written."""

import json
from collections.abc import Callable

import pytest

from domain.errors import BadSettings, PlexRefused, UserError
from tests.servers.plex import LoopbackPlex, Request
from tests.worker.stage import Stage
from tests.world import World
from worker.circuit_breaker import CircuitState

Outage = Callable[[LoopbackPlex], object]

OUTAGES: dict[str, Outage] = {
    "refuses": lambda plex: plex.stop(),
    "answers 500": lambda plex: plex.weather(500),
    "answers 503": lambda plex: plex.weather(503),
    "answers 429": lambda plex: plex.weather(429),
    "is in maintenance": lambda plex: plex.weather("maintenance"),
    "hangs": lambda plex: plex.weather("hang"),
    "drips": lambda plex: plex.weather("drip"),
    "hangs up": lambda plex: plex.weather("reset"),
    "is cut off": lambda plex: plex.weather("cut"),
    "answers garbage": lambda plex: plex.weather("garbage"),
    "answers half a document": lambda plex: plex.weather("truncate"),
    "answers a web page": lambda plex: plex.weather("html"),
}


def end(plex: LoopbackPlex) -> None:
    plex.start()
    plex.weather("fine")


@pytest.fixture(params=OUTAGES)
def outage(request: pytest.FixtureRequest, stage: Stage) -> Outage:
    """Something that happens to Plex, after four failures and with an impatient user."""
    worker = stage.open(read_timeout=1, connect_timeout=0.5)
    for _ in range(4):
        worker.circuit_breaker.record_failure()
    return OUTAGES[request.param]


def given_scenes(stage: Stage) -> list[int]:
    return [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(3)]


def titles(world: World, scenes: list[int]) -> list[str]:
    return [world.shown(scene)["title"] for scene in scenes]


def test_a_plex_that_is_away_costs_nobody_an_attempt_and_afterwards_all_is_written(
    stage: Stage, outage: Outage
) -> None:
    world = stage.world
    scenes = given_scenes(stage)
    outage(world.plex)
    stage.enqueue(*scenes)

    report = stage.drain()
    assert (report.processed, report.stopped) == (0, "Plex does not answer")
    assert stage.stats["pending"] == 3
    end(world.plex)
    stage.clock.move(300)
    stage.drain()

    assert titles(world, scenes) == ["Scene 0", "Scene 1", "Scene 2"]
    assert stage.is_idle()
    assert stage.breaker is CircuitState.CLOSED


@pytest.mark.parametrize("how", ["answers 503", "hangs up", "answers a web page"])
def test_a_plex_that_goes_away_in_the_middle_of_a_batch_costs_nobody_an_attempt(
    stage: Stage, how: str
) -> None:
    world = stage.world
    scenes = given_scenes(stage)

    def on_request(_: Request) -> None:
        if world.plex.count("PUT") == 2:
            OUTAGES[how](world.plex)

    world.plex.on_request = on_request
    stage.enqueue(*scenes)
    stage.drain()
    assert [stage.attempts(scene) for scene in scenes] == [0, 0, 0]
    world.plex.on_request = None
    end(world.plex)
    stage.clock.move(300)
    stage.drain()

    assert titles(world, scenes) == ["Scene 0", "Scene 1", "Scene 2"]
    assert stage.dead() == {}


def test_the_breaker_opens_at_the_fifth_failure(stage: Stage) -> None:
    world = stage.world
    scenes = given_scenes(stage)
    stage.enqueue(*scenes)
    assert stage.queue
    world.plex.weather(503)

    stage.drain()

    assert len([r for r in world.plex.requests if r.path == "/"]) == 5


def test_failures_with_a_success_between_them_do_not_open_the_breaker(stage: Stage) -> None:
    world = stage.world
    breaker = stage.worker.circuit_breaker
    for title in ("A", "B", "C"):
        for _ in range(4):
            breaker.record_failure()
        scene = world.add(title, title=title)
        stage.sync(scene)
        assert world.shown(scene)["title"] == title

    assert stage.breaker is CircuitState.CLOSED


def test_an_open_breaker_lets_no_request_pass(stage: Stage) -> None:
    world = stage.world
    stage.enqueue(*given_scenes(stage))
    world.plex.weather(503)
    stage.drain()
    stage.forget_requests()

    report = stage.drain()

    assert world.plex.requests == []
    assert world.stash.requests == []
    assert report.stopped == "Plex does not answer"


def test_an_open_breaker_is_respected_by_the_next_process(stage: Stage) -> None:
    world = stage.world
    stage.enqueue(*given_scenes(stage))
    world.plex.weather(503)
    stage.drain()
    stage.forget_requests()

    stage.reopen().drain()

    assert world.plex.requests == []


def test_the_probe_of_a_half_open_breaker_is_one_read_and_no_job(stage: Stage) -> None:
    world = stage.world
    stage.sync(*given_scenes(stage))
    stage.enqueue()
    world.plex.weather(503)
    stage.drain()
    stage.clock.move(60)
    stage.forget_requests()

    report = stage.drain()

    assert [(r.method, r.path) for r in world.plex.requests] == [("GET", "/library/sections")]
    assert report.processed == 0
    assert stage.breaker is CircuitState.OPEN
    assert stage.stats["pending"] == 3


def test_a_probe_that_succeeds_closes_the_breaker_before_any_job_is_written(stage: Stage) -> None:
    world = stage.world
    (scene, *_) = given_scenes(stage)
    stage.enqueue(scene)
    world.plex.weather(503)
    stage.drain()
    world.stash.destroy(scene)
    end(world.plex)
    stage.clock.move(300)

    stage.drain()

    assert stage.breaker is CircuitState.CLOSED
    assert stage.is_idle()


def test_a_scene_that_plex_stumbles_over_goes_behind_the_others(stage: Stage) -> None:
    world = stage.world
    deadly, *others = given_scenes(stage)
    key = str(world.key(deadly))

    def falls_over_once(request: Request) -> None:
        if request.args.get("id") == key:
            world.plex.on_request = None
            world.plex.next_answers([503, 503])

    world.plex.on_request = falls_over_once
    stage.enqueue(deadly, *others)
    stage.drain()

    order = [r.args["id"] for r in world.plex.requests if r.method == "PUT"]
    assert order == [key, *(str(world.key(scene)) for scene in others), key]


def test_a_refused_token_stops_the_drain_and_costs_nobody_an_attempt(stage: Stage) -> None:
    world = stage.world
    scenes = given_scenes(stage)
    world.plex.token = "changed"
    stage.enqueue(*scenes)

    with pytest.raises(PlexRefused, match="check plex_token"):
        stage.drain()

    assert stage.stats["pending"] == 3
    assert [stage.attempts(scene) for scene in scenes] == [0, 0, 0]
    assert stage.breaker is CircuitState.CLOSED


def test_a_token_that_is_refused_in_the_middle_of_a_batch_loses_nothing(stage: Stage) -> None:
    world = stage.world
    scenes = given_scenes(stage)
    world.plex.before_answer = lambda _: world.plex.weather(401)
    stage.enqueue(*scenes)
    with pytest.raises(PlexRefused):
        stage.drain()
    world.plex.before_answer = None
    end(world.plex)

    stage.drain()

    assert titles(world, scenes) == ["Scene 0", "Scene 1", "Scene 2"]
    assert stage.breaker is CircuitState.CLOSED


def test_a_token_that_may_only_read_is_named_as_such(stage: Stage) -> None:
    world = stage.world
    scenes = given_scenes(stage)
    world.plex.read_only_token, world.plex.token = world.plex.token, "the owner's"
    stage.enqueue(*scenes)

    with pytest.raises(PlexRefused, match="use the owner's token"):
        stage.drain()

    assert stage.stats["pending"] == 3


def test_a_wrong_library_name_stops_the_drain_and_names_those_there_are(stage: Stage) -> None:
    world = stage.world
    world.plex.add_section("Shows", kind="show")
    world.plex.add_section("Films")
    stage.open(plex_library="Scnes")
    scenes = given_scenes(stage)
    stage.enqueue(*scenes)

    with pytest.raises(UserError) as refusal:
        stage.drain()

    said = "Plex has no library Scnes (it has: Scenes, Films): check plex_library"
    assert str(refusal.value) == said
    assert stage.stats["pending"] == 3
    assert stage.breaker is CircuitState.CLOSED


def test_a_wrong_name_beside_a_right_one_is_a_warning(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.open(plex_library="SCENES, Films")
    scenes = given_scenes(stage)

    stage.sync(*scenes)

    assert titles(stage.world, scenes) == ["Scene 0", "Scene 1", "Scene 2"]
    assert "Plex has no library Films (it has: Scenes)" in caplog.text


def test_an_outage_with_a_library_chosen_is_an_outage(stage: Stage) -> None:
    stage.open(plex_library="Scenes")
    stage.enqueue(*given_scenes(stage))
    stage.world.plex.stop()

    stage.drain()

    assert stage.breaker is CircuitState.OPEN
    assert stage.stats["pending"] == 3


def test_an_address_that_leads_elsewhere_is_a_matter_of_the_settings(stage: Stage) -> None:
    stage.enqueue(*given_scenes(stage))
    stage.world.plex.weather(302)

    with pytest.raises(BadSettings, match="check plex_url"):
        stage.drain()

    assert stage.breaker is CircuitState.CLOSED


def test_what_the_breaker_knows_is_on_disk(stage: Stage) -> None:
    stage.enqueue(*given_scenes(stage))
    stage.world.plex.weather(503)

    stage.drain()

    document = json.loads((stage.world.data_dir / "circuit_breaker.json").read_text())
    assert document["state"] == "open"

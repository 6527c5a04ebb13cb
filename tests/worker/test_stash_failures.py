"""Stash fails while Plex is well: jobs are kept, nothing is counted, the breaker stays closed."""

from typing import Any

import pytest

from domain.errors import StashRefused, StashUnavailable
from tests.servers.stash.model import Scene, StashError
from tests.servers.stash.reply import Request
from tests.servers.stash.weather import Weather
from tests.worker.stage import Stage
from tests.world import picture
from worker.circuit_breaker import CircuitState


def given_scenes(stage: Stage, count: int = 3) -> list[int]:
    scenes = [
        stage.world.add(f"s{n}", title=f"Scene {n}", cover=picture(str(n))) for n in range(count)
    ]
    stage.enqueue(*scenes)
    return scenes


def assert_nothing_was_counted(stage: Stage, scenes: list[int]) -> None:
    assert [stage.attempts(scene) for scene in scenes] == [0] * len(scenes)
    assert stage.dead() == {}
    assert stage.breaker is CircuitState.CLOSED
    stats = stage.stats
    assert stats["pending"] + stats["waiting"] == len(scenes)


FAILURES: list[Weather] = [500, 502, 503, "reset", "garbage", "truncate", "locked", "gibberish"]


@pytest.mark.parametrize("weather", FAILURES)
def test_a_stash_that_fails_ends_the_drain_and_costs_nobody_an_attempt(
    stage: Stage, weather: Weather
) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.weather(weather, only="graphql")

    with pytest.raises(StashUnavailable):
        stage.drain()

    assert_nothing_was_counted(stage, scenes)


def test_a_stash_that_is_down_ends_the_drain_and_costs_nobody_an_attempt(stage: Stage) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.stop()

    with pytest.raises(StashUnavailable):
        stage.drain()

    assert_nothing_was_counted(stage, scenes)


def test_a_stash_that_refuses_the_session_is_told_from_one_that_fails(stage: Stage) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.auth = "password"
    stage.world.stash.expire_sessions()

    with pytest.raises(StashRefused):
        stage.drain()

    assert_nothing_was_counted(stage, scenes)


def test_a_stash_that_refuses_the_session_at_a_cover_loses_nothing(stage: Stage) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.weather(401, only="image")

    with pytest.raises(StashRefused):
        stage.drain()

    assert_nothing_was_counted(stage, scenes)


def test_a_stash_that_comes_back_gets_everything_to_plex(stage: Stage) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.weather(503)
    with pytest.raises(StashUnavailable):
        stage.drain()

    stage.world.stash.weather("fine")
    stage.drain()

    assert [stage.world.shown(s)["title"] for s in scenes] == ["Scene 0", "Scene 1", "Scene 2"]
    assert stage.is_idle()


def test_a_stash_that_goes_away_between_two_batches_has_the_first_in_plex(stage: Stage) -> None:
    scenes = given_scenes(stage, 120)
    asked: list[str] = []

    def away_after_the_first_batch(request: Request) -> None:
        asked.extend(["batch"] * (request.kind == "graphql"))
        if len(asked) == 1:
            stage.world.stash.weather("reset", only="graphql")

    stage.world.stash.before_answer = away_after_the_first_batch
    with pytest.raises(StashUnavailable):
        stage.drain()

    shown = [stage.world.shown(scene)["title"] for scene in scenes]
    assert shown[:100] == [f"Scene {n}" for n in range(100)]
    assert stage.stats["pending"] == 20


@pytest.mark.parametrize("weather", [404, 500, "reset", "locked"])
def test_a_cover_that_cannot_be_read_keeps_no_text_from_plex(
    stage: Stage, weather: Weather
) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.weather(weather, only="image")

    stage.drain()

    assert [stage.world.shown(s)["title"] for s in scenes] == ["Scene 0", "Scene 1", "Scene 2"]
    assert list(stage.waiting()) == scenes
    assert_nothing_was_counted(stage, scenes)


def test_a_cover_that_could_not_be_read_comes_later_without_the_text(stage: Stage) -> None:
    (scene,) = given_scenes(stage, 1)
    stage.clock.move(10)
    stage.world.stash.weather(500, only="image")
    stage.drain()
    stage.world.stash.weather("fine")
    stage.forget_requests()

    stage.clock.move(300)
    stage.drain()

    assert stage.world.shown(scene)["poster"]
    assert stage.plex_saw("PUT") == 0
    assert stage.is_idle()


def test_a_cover_that_is_never_read_is_never_counted(stage: Stage) -> None:
    (scene,) = given_scenes(stage, 1)
    stage.world.stash.weather(500, only="image")

    for _ in range(20):
        stage.drain()
        stage.clock.move(300)

    assert_nothing_was_counted(stage, [scene])


@pytest.mark.parametrize("weather", ["html", 302])
def test_a_login_page_is_never_a_cover(stage: Stage, weather: Weather) -> None:
    given_scenes(stage, 1)
    stage.world.stash.weather(weather, only="image")

    try:
        stage.drain()
    except StashRefused:
        pass  # a page says that the session is over

    assert stage.plex_saw("POST") == 0


class Scenes(dict[int, Scene]):
    """Of which one row is damaged."""

    damaged = 0

    def get(self, key: int, default: Any = None) -> Any:
        if key == self.damaged:
            raise StashError("sql: Scan error on column index 3")
        return super().get(key, default)


def test_one_scene_that_stash_cannot_read_waits_uncounted_and_the_others_are_written(
    stage: Stage,
) -> None:
    scenes = given_scenes(stage)
    stash = stage.world.stash
    stash.library.scenes = rows = Scenes(stash.library.scenes)
    rows.damaged = scenes[1]

    stage.drain()

    shown = [stage.world.shown(scene)["title"] for scene in scenes]
    assert shown == ["Scene 0", "s1", "Scene 2"]
    assert list(stage.waiting()) == [scenes[1]]
    assert "sql: Scan error" in stage.why_waiting(scenes[1])
    assert stage.attempts(scenes[1]) == 0
    assert stage.breaker is CircuitState.CLOSED


def test_one_scene_that_makes_no_sense_is_buried_and_the_others_are_written(stage: Stage) -> None:
    scenes = given_scenes(stage)
    stage.world.stash.scene(scenes[1]).files[0].size = "much"  # type: ignore[assignment]

    stage.drain()

    shown = [stage.world.shown(scene)["title"] for scene in scenes]
    assert shown == ["Scene 0", "s1", "Scene 2"]
    said = f"scene {scenes[1]}: Stash sent something unreadable as its size"
    assert stage.dead() == {scenes[1]: said}


@pytest.mark.parametrize("stamp", ["", "yesterday", "0000-00-00"])
def test_a_scene_without_a_usable_time_is_written_all_the_same(stage: Stage, stamp: str) -> None:
    (scene,) = given_scenes(stage, 1)
    stage.world.stash.scene(scene).updated_at = stamp

    stage.drain()

    assert stage.world.shown(scene)["title"] == "Scene 0"
    assert stage.is_idle()


def test_a_scene_without_a_usable_time_shows_each_new_cover(stage: Stage) -> None:
    (scene,) = given_scenes(stage, 1)
    stash = stage.world.stash
    stash.scene(scene).updated_at = ""
    stage.drain()

    stash.change_silently(scene, bump_updated_at=False, cover=picture("new"))
    stage.sync(scene)

    stored = stage.world.plex.item(stage.world.key(scene))
    assert stored.posters[stored.poster or ""] == picture("new")


def test_a_file_name_that_is_no_utf8_keeps_no_other_scene_from_plex(stage: Stage) -> None:
    # Go writes a Latin-1 file name into its JSON as the bytes that the disk has.
    files = [{"path": "/data/caf\udce9.mp4"}]
    odd = stage.world.stash.add_scene(title="A", studio="S", files=files)
    scenes = given_scenes(stage)

    stage.sync(odd, *scenes)

    assert [stage.world.shown(s)["title"] for s in scenes] == ["Scene 0", "Scene 1", "Scene 2"]
    assert list(stage.waiting()) == [odd]

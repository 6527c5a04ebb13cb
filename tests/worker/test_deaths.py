"""A drain that dies at any moment, by a kill or a bug: nothing is lost, one scene is charged."""

from typing import Any

import pytest

from domain.job import JobKey
from sync_queue.retry import load_job
from tests.servers.plex import Request
from tests.worker.stage import Killed, MortalClock, Stage, live
from tests.world import World, picture


@pytest.fixture
def clock() -> MortalClock:
    return MortalClock()


@pytest.fixture
def mortal(stage: Stage, clock: MortalClock) -> Stage:
    """A stage whose worker exists, so that only the drain itself meets its end."""
    assert stage.queue
    return stage


def kill_after(world: World, clock: MortalClock, method: str, key: int | None = None) -> None:
    """Let the drain die after each such write, or that of one item, before it is settled."""

    def before_answer(request: Request) -> None:
        mine = str(key) in (request.args.get("id", ""), *request.path.split("/"))
        if request.method == method and (key is None or mine):
            clock.is_over = True

    world.plex.before_answer = before_answer


def poison(world: World, clock: MortalClock, key: int) -> None:
    """Let the drain die at each try to write one item, which is never written."""

    def on_request(request: Request) -> None:
        if request.method == "PUT" and request.args.get("id") == str(key):
            clock.is_over = True

    world.plex.chokes_on(key)
    world.plex.on_request = on_request


def cure(world: World, key: int) -> None:
    world.plex.chokes_on(key, None)
    world.plex.on_request = None


@pytest.mark.parametrize("mode", ["additive", "replace"])
def test_a_kill_between_a_put_and_its_settling_does_not_turn_our_tags_into_the_users(
    mortal: Stage, clock: MortalClock, mode: Any
) -> None:
    world = mortal.world
    world.plex.tag_mode = mode
    scene = world.add("a", tags=["ours"], performers=["ours"], studio="Ours")
    world.plex.user_edits(world.key(scene), genre=["mine"], collection=["mine"])
    kill_after(world, clock, "PUT")
    with pytest.raises(Killed):
        mortal.sync(scene)
    assert "ours" in world.shown(scene)["genres"]
    world.plex.before_answer = None

    mortal.edit(scene, tags=[], performers=[], studio=None, details="Left.")
    mortal.reopen().drain()

    shown = world.shown(scene)
    assert (shown["genres"], shown["cast"]) == (["mine"], [])
    assert (shown["collections"], shown["studio"]) == (["mine"], "")
    assert mortal.is_idle()


def test_a_kill_between_a_put_and_its_settling_does_not_turn_our_text_into_the_users(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scene = world.add("a", details="Ours.")
    kill_after(world, clock, "PUT")
    with pytest.raises(Killed):
        mortal.sync(scene)
    world.plex.before_answer = None

    mortal.edit(scene, details="")
    mortal.reopen().drain()

    assert world.shown(scene)["summary"] == ""


def test_a_poster_that_arrived_before_a_kill_is_not_sent_again(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scene = world.add("a", cover=picture("cover"))
    kill_after(world, clock, "POST")
    with pytest.raises(Killed):
        mortal.sync(scene)
    world.plex.before_answer = None

    mortal.reopen().drain()

    assert world.plex.count("POST") == 1
    assert mortal.is_idle()


def test_a_cover_that_changes_back_after_its_upload_was_killed_is_shown(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scene = world.add("a", cover=picture("first"))
    clock.move(10)
    mortal.sync(scene)
    kill_after(world, clock, "POST")
    mortal.edit(scene, cover=picture("second"))
    with pytest.raises(Killed):
        mortal.drain()
    world.plex.before_answer = None

    mortal.edit(scene, cover=picture("first"))
    mortal.reopen().drain()

    item = world.plex.item(world.key(scene))
    assert item.posters[item.poster or ""] == picture("first")


def test_after_a_kill_every_scene_of_the_batch_reaches_plex(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(10)]
    kill_after(world, clock, "PUT", world.key(scenes[4]))
    with pytest.raises(Killed):
        mortal.sync(*scenes)
    world.plex.before_answer = None

    mortal.reopen().drain()

    assert [world.shown(scene)["title"] for scene in scenes] == [f"Scene {n}" for n in range(10)]
    assert mortal.is_idle()


def test_a_scene_that_was_at_work_in_a_death_runs_alone_and_last(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scenes = [world.add(f"s{n}") for n in range(3)]
    kill_after(world, clock, "PUT", world.key(scenes[0]))
    with pytest.raises(Killed):
        mortal.sync(*scenes)
    world.plex.before_answer = None
    world.stash.change_silently(scenes[0], details="Changed.")
    mortal.forget_requests()

    mortal.reopen().drain()

    written = [int(r.args["id"]) for r in world.plex.requests if r.method == "PUT"]
    assert written == [world.key(scenes[n]) for n in (1, 2, 0)]


def test_only_three_deaths_alone_bury_a_scene(mortal: Stage, clock: MortalClock) -> None:
    world = mortal.world
    scene, other = world.add("a", title="A"), world.add("b", title="B")
    poison(world, clock, world.key(scene))
    mortal.enqueue(scene, other)

    live(mortal, lives=3)  # one among others, two alone
    assert mortal.dead() == {}
    live(mortal)

    assert mortal.dead() == {scene: "3 workers died while only this scene was at work"}
    assert world.shown(other)["title"] == "B"


def test_two_deaths_alone_are_forgiven_once_the_scene_is_through(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scene = world.add("a", title="A")
    key = world.key(scene)
    for title in ("B", "C"):
        mortal.edit(scene, title=title)
        poison(world, clock, key)
        live(mortal, lives=3)
        cure(world, key)
        mortal.reopen().drain()
        assert mortal.is_idle()

    assert world.shown(scene)["title"] == "C"


def test_a_scene_that_was_at_work_in_a_death_and_then_only_fails_runs_with_the_others_again(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scene = world.add("a", title="A")
    key = world.key(scene)
    poison(world, clock, key)
    mortal.enqueue(scene)
    live(mortal, lives=2)
    cure(world, key)

    world.plex.chokes_on(key)
    mortal.reopen().drain()

    job = load_job(mortal.queue, JobKey("scene", scene))
    assert (job.attempts, job.alone, job.deaths) == (1, False, 0)


def test_a_scene_that_kills_each_worker_costs_no_other_scene_anything(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(5)]
    poison(world, clock, world.key(scenes[2]))
    mortal.enqueue(*scenes)

    live(mortal)

    assert list(mortal.dead()) == [scenes[2]]
    shown = [world.shown(scene)["title"] for scene in scenes]
    assert shown == ["Scene 0", "Scene 1", "s2", "Scene 3", "Scene 4"]


def test_an_edit_of_a_scene_that_was_at_work_in_a_death_is_kept(
    mortal: Stage, clock: MortalClock
) -> None:
    world = mortal.world
    scene = world.add("a", title="One")
    kill_after(world, clock, "PUT")
    with pytest.raises(Killed):
        mortal.sync(scene)
    world.plex.before_answer = None

    mortal.edit(scene, title="Two")
    mortal.reopen().drain()

    assert world.shown(scene)["title"] == "Two"
    assert mortal.is_idle()

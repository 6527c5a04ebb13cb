"""What fails for one scene, item or library stays its own trouble, and costs no memory."""

from collections.abc import Callable

import pytest

from tests.servers.plex.weather import Weather
from tests.worker.stage import Stage
from tests.world import picture


def test_a_tag_whose_write_was_never_answered_is_ours_after_the_next_write_fails_too(
    stage: Stage,
) -> None:
    world = stage.world
    scene = world.add("a", tags=["Keep"])
    stage.sync(scene)
    world.plex.weather("reset", only="PUT")
    stage.edit(scene, tags=["Keep", "Alpha"])
    stage.drain()
    world.plex.weather(500, only="PUT")
    stage.edit(scene, tags=["Keep", "Beta"])
    stage.drain()
    world.plex.weather("fine")
    stage.clock.move(400)

    stage.drain()

    assert world.shown(scene)["genres"] == ["Keep", "Beta"]


def test_a_library_that_cannot_be_listed_blocks_no_other(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="A")
    broken = world.plex.add_section("Broken", locations=("/broken",))
    world.plex.weather(500, path_prefix=f"/library/sections/{broken}/all")

    stage.sync(scene)

    assert world.shown(scene)["title"] == "A"


def test_a_scene_that_only_a_library_without_a_listing_could_hold_waits_uncounted(
    stage: Stage,
) -> None:
    world = stage.world
    world.add("a", title="A")
    scene = world.add("b", in_plex=False)
    broken = world.plex.add_section("Broken", locations=("/broken",))
    world.plex.weather(500, path_prefix=f"/library/sections/{broken}/all")

    for _ in range(12):
        stage.sync(scene) if not stage.stats["waiting"] else stage.drain()
        stage.clock.move(4000)

    assert stage.stats["parked"] == 0
    assert not stage.dead()


def test_an_item_that_a_proxy_refuses_lets_the_others_pass(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(name, title=name.upper()) for name in "abcde"]
    world.plex.chokes_on(world.key(scenes[0]), 403)
    stage.enqueue(*scenes)

    for _ in range(2):
        with pytest.raises(Exception, match="forbids"):
            stage.drain()

    assert [world.shown(scene)["title"] for scene in scenes] == ["a", "B", "C", "D", "E"]


def test_many_items_that_plex_cannot_show_cost_no_healthy_scene_an_attempt(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"n{number}", title=f"T{number}") for number in range(60)]
    bad = {world.key(scene) for scene in scenes[::6]}
    world.plex._forecast.for_request = answers_500_for(bad, world.plex._forecast.for_request)  # type: ignore[assignment, method-assign]
    stage.enqueue(*scenes)

    stage.drain_until_idle()

    assert sorted(stage.dead()) == scenes[::6]
    healthy = [s for s in scenes if s not in stage.dead()]
    assert all(world.shown(scene)["studio"] == "Studio" for scene in healthy)


def answers_500_for(
    bad: set[int], otherwise: Callable[[str, str], Weather]
) -> Callable[[str, str], Weather]:
    def forecast(method: str, target: str) -> Weather:
        if method == "GET" and target.startswith("/library/metadata/"):
            keys = target.split("/")[3].split("?")[0].split(",")
            if {int(key) for key in keys if key.isdigit()} & bad:
                return Weather(500)
        return otherwise(method, target)

    return forecast


def test_a_cover_that_changed_while_posters_were_switched_off_shows_once_they_are_on(
    stage: Stage,
) -> None:
    world = stage.world
    scene = world.add("a", cover=picture("one"))
    stage.sync(scene)
    before = world.shown(scene)["poster"]
    stage.reopen(skip_poster=True)
    world.stash.set_cover(scene, picture("two"))
    stage.clock.move(10)
    stage.sync(scene)

    stage.reopen()
    stage.sync(scene)

    assert world.shown(scene)["poster"] not in (None, before)


@pytest.mark.parametrize("preserve", [True, False])
def test_a_poster_that_a_user_chose_stays_where_edits_are_to_stay(
    stage: Stage, preserve: bool
) -> None:
    world = stage.world
    scene = world.add("a", cover=picture("from Stash"))
    world.plex.user_edits(world.key(scene), poster=picture("chosen"))
    chosen = world.shown(scene)["poster"]
    stage.open(preserve_plex_edits=preserve)

    stage.sync(scene)

    assert (world.shown(scene)["poster"] == chosen) is preserve


def test_an_edit_has_all_its_attempts_also_after_an_outage(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a")
    world.plex.chokes_on(world.key(scene))
    stage.enqueue(scene)
    while stage.attempts(scene) < 4:
        stage.drain()
        stage.clock.move(4000)
    stage.edit(scene, title="B")
    world.plex.weather(503)
    stage.drain()
    world.plex.weather("fine")
    stage.clock.move(400)

    stage.drain()

    assert stage.attempts(scene) == 1
    assert not stage.dead()

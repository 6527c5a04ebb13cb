"""Scenes that were given up, or rest, and have changed since without a word."""

from dataclasses import replace

import pytest

from domain.errors import AmbiguousMatch
from domain.scene import Scene
from reconciliation.enqueue import is_given_up
from sync_queue.standing import Burial
from tests.reconciliation.reconciler import Reconciler
from tests.worker.stage import Stage
from tests.world import picture

DAY = 86_400.0  # seconds


@pytest.fixture
def given_up(stage: Stage) -> int:
    """A scene whose text Plex shows, and whose poster it refused for good."""
    world = stage.world
    scene = world.add("a", title="A")
    stage.clock.move(10)
    world.stash.set_cover(scene, picture("one"))
    stage.clock.move(10)
    posters = f"/library/metadata/{world.key(scene)}/posters"
    world.plex.weather(500, "POST", path_prefix=posters)
    stage.enqueue(scene)
    stage.drain_until_idle()
    world.plex.weather("fine")
    stage.clock.move(3 * DAY)
    assert (list(stage.dead()), world.shown(scene)["title"]) == ([scene], "A")
    return scene


def test_a_new_cover_of_a_scene_whose_poster_was_given_up_is_tried(
    stage: Stage, reconciler: Reconciler, given_up: int
) -> None:
    stage.world.stash.set_cover(given_up, picture("two"))
    stage.clock.move(DAY)

    reconciler.run()

    assert reconciler.queued() == [given_up]


def test_a_poster_that_may_go_by_now_is_tried_again_after_a_day(
    reconciler: Reconciler, given_up: int
) -> None:
    reconciler.run()

    assert reconciler.queued() == [given_up]


def test_an_unknown_cause_counts_as_permanent(stage: Stage) -> None:
    stage.world.add("a", title="A")
    found, _ = stage.worker.services.stash.walk(after=0, limit=1, since=None)
    (scene,) = found.values()
    assert isinstance(scene, Scene)
    scene = replace(scene, updated_at="2020-01-01T00:00:00Z")
    long_ago = stage.clock.now() - 30 * DAY

    assert is_given_up(scene, Burial(long_ago, "OfAnotherVersion"), stage.clock.now())
    assert is_given_up(scene, Burial(long_ago, AmbiguousMatch.__name__), stage.clock.now())
    assert not is_given_up(scene, Burial(long_ago, "PlexTemporaryError"), stage.clock.now())


def test_a_scene_that_rests_is_looked_for_under_its_new_name(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    world.plex.add_item("/data/x.mp4", 1, world.section)
    scene = world.add("old", title="P", in_plex=False)
    stage.enqueue(scene)
    stage.drain_until_idle()
    assert stage.parked() == [scene]
    stage.clock.move(1000)
    reconciler.run()
    assert reconciler.queued() == []

    world.stash.change_silently(scene, files=[{"path": "/data/new.mp4", "size": 1000}])
    stage.clock.move(1000)
    reconciler.run()

    assert reconciler.queued() == [scene]
    stage.drain_until_idle()
    assert stage.parked() == [scene]
    world.plex.add_item("/data/new.mp4", 1000, world.section)
    stage.clock.move(1000)
    reconciler.run()
    stage.drain()
    assert world.plex.shown(world.plex.key_of("/data/new.mp4"))["title"] == "P"

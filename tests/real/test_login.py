"""An actual Stash with a password."""

import time

import pytest

from tests.real.conftest import Start
from tests.real.stash_server import StashError, until
from tests.real.world import RealWorld, cover

pytestmark = pytest.mark.real

USER = ("admin", "a good one")
SESSION = 4  # seconds until a session expires that is not used


def protect(world: RealWorld) -> None:
    """Set a password and log in."""
    world.stash.change(username=USER[0], password=USER[1])
    with pytest.raises(StashError, match="401"):
        world.stash.ask("{ version { version } }")
    world.stash.log_in(*USER)


def test_a_save_behind_a_password_shows_with_its_poster(world: RealWorld) -> None:
    protect(world)

    scene = world.add("a", title="Title", details="d", cover_image=cover("a"))

    until(lambda: world.shown(scene)["poster"])
    assert world.shown(scene)["title"] == "Title"


def test_a_task_behind_a_password_is_let_in(world: RealWorld) -> None:
    protect(world)
    world.stash.enable(False)
    scene = world.add("a", title="Title", details="d", cover_image=cover("a"))
    world.stash.enable(True)

    world.stash.run_task("Sync All Scenes to Plex")

    assert world.shown(scene)["title"] == "Title"
    assert world.shown(scene)["poster"]


def test_an_edit_made_after_the_session_of_the_background_has_expired_is_not_lost(
    start: Start,
) -> None:
    world = start(max_session_age=SESSION)
    protect(world)
    scene = world.add("a", title="One", details="d")
    until(lambda: world.shown(scene)["title"] == "One")
    time.sleep(SESSION + 2)  # nobody asks Stash anything meanwhile
    world.stash.log_in(*USER)

    world.save(scene, title="Two")

    world.until_nobody_drains()
    world.stash.run_task("Process Queue")
    until(lambda: world.shown(scene)["title"] == "Two")


def test_the_next_save_after_an_expired_session_brings_both_edits_to_plex(start: Start) -> None:
    world = start(max_session_age=SESSION)
    protect(world)
    scene = world.add("a", title="One", details="d")
    until(lambda: world.shown(scene)["title"] == "One")
    time.sleep(SESSION + 2)  # nobody asks Stash anything meanwhile
    world.stash.log_in(*USER)
    world.save(scene, title="Two")
    world.until_nobody_drains()
    world.stash.log_in(*USER)

    world.save(scene, details="e")

    until(lambda: world.shown(scene)["summary"] == "e", within=20)
    assert world.shown(scene)["title"] == "Two"

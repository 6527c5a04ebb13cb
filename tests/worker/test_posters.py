"""The cover in Stash is the poster in Plex: sent when its bytes are new, and only then."""

import pytest

from tests.servers.plex import Sky
from tests.servers.stash.sessions import Auth
from tests.servers.stash.weather import Weather
from tests.worker.stage import Stage
from tests.world import World, picture

WEBP = b"RIFF\x00\x00\x00\x00WEBPVP8 "
PNG = b"\x89PNG\r\n\x1a\n"
GIF = b"GIF89a"


def shown(world: World, scene: int) -> bytes | None:
    """The bytes of the picture that Plex shows; None for its own still."""
    item = world.plex.item(world.key(scene))
    return item.posters[item.poster] if item.poster else None


@pytest.fixture
def scene(stage: Stage) -> int:
    """A scene that is synced with its cover; nothing was asked since."""
    scene = stage.world.add("a", title="A", cover=picture("first"))
    stage.clock.move(10)
    stage.sync(scene)
    assert shown(stage.world, scene) == picture("first")
    stage.forget_requests()
    return scene


def test_a_cover_is_not_sent_again(stage: Stage, scene: int) -> None:
    stage.sync(scene)

    assert stage.plex_saw("POST") == 0


def test_the_cover_of_a_scene_that_did_not_change_is_not_even_asked_for(
    stage: Stage, scene: int
) -> None:
    stage.sync(scene)

    assert stage.world.stash.count("image") == 0


def test_an_edit_of_the_text_does_not_send_the_cover(stage: Stage, scene: int) -> None:
    stage.edit(scene, title="B")
    stage.drain()

    assert stage.plex_saw("POST") == 0
    assert [r.status for r in stage.world.stash.requests if r.kind == "image"] == [304]


def test_a_changed_cover_is_shown(stage: Stage, scene: int) -> None:
    stage.edit(scene, cover=picture("second"))
    stage.drain()

    assert shown(stage.world, scene) == picture("second")
    assert (stage.plex_saw("POST"), stage.plex_saw("PUT")) == (1, 0)


def test_a_cover_that_comes_back_is_shown_again_without_being_sent_again(
    stage: Stage, scene: int
) -> None:
    for name in ("second", "first"):
        stage.edit(scene, cover=picture(name))
        stage.drain()

    assert shown(stage.world, scene) == picture("first")
    assert stage.plex_saw("POST") == 1


def test_covers_that_take_turns_are_each_sent_once(stage: Stage, scene: int) -> None:
    for name in ("second", "first") * 3:
        stage.edit(scene, cover=picture(name))
        stage.drain()
        assert shown(stage.world, scene) == picture(name)

    assert stage.plex_saw("POST") == 1


def test_a_cover_that_is_removed_in_stash_stays_in_plex(stage: Stage, scene: int) -> None:
    stage.world.stash.set_cover(scene, None)
    stage.clock.move(10)
    stage.sync(scene)

    assert shown(stage.world, scene) == picture("first")


def test_a_cover_that_was_removed_and_put_back_is_not_sent_again(stage: Stage, scene: int) -> None:
    for cover in (None, picture("first")):
        stage.world.stash.set_cover(scene, cover)
        stage.clock.move(10)
        stage.sync(scene)

    assert shown(stage.world, scene) == picture("first")
    assert stage.plex_saw("POST") == 0


def test_stashs_default_picture_is_never_sent(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", cover=None)

    stage.sync(scene)

    assert stage.plex_saw("POST") == 0
    assert stage.is_idle()


def test_stashs_default_picture_is_asked_for_only_once(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", cover=None)
    stage.clock.move(10)
    stage.sync(scene)

    stage.edit(scene, title="B")
    stage.drain()

    assert [r.status for r in stage.world.stash.requests if r.kind == "image"] == [200, 304]


@pytest.mark.parametrize("head", [WEBP, PNG, GIF])
def test_every_kind_of_picture_that_plex_shows_is_sent(stage: Stage, head: bytes) -> None:
    scene = stage.world.add("a", cover=head + bytes(64))

    stage.sync(scene)

    assert shown(stage.world, scene) == head + bytes(64)


@pytest.mark.parametrize("cover", [b"<svg></svg>", b"<html></html>", b"\x00" * 32, b"{}"])
def test_what_is_no_picture_is_never_sent(stage: Stage, cover: bytes) -> None:
    scene = stage.world.add("a", title="A", cover=cover)

    stage.sync(scene)

    assert stage.plex_saw("POST") == 0
    assert stage.is_idle()


@pytest.mark.parametrize("megabytes", [11, 21])
def test_a_cover_of_more_than_10_megabytes_is_not_sent_and_fails_nothing(
    stage: Stage, megabytes: int
) -> None:
    scene = stage.world.add("a", title="A", cover=picture("") + bytes(megabytes * 1_000_000))

    stage.sync(scene)

    assert stage.plex_saw("POST") == 0
    assert stage.world.shown(scene)["title"] == "A"
    assert stage.is_idle()


def test_a_poster_that_a_user_chose_before_we_came_gives_way_to_the_cover(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", cover=picture("ours"))
    world.plex.user_edits(world.key(scene), poster=picture("theirs"))

    stage.sync(scene)

    assert shown(world, scene) == picture("ours")


def test_a_poster_that_is_the_cover_already_is_not_sent_at_first_contact(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", cover=picture("same"))
    world.plex.user_edits(world.key(scene), poster=picture("same"))

    stage.sync(scene)

    assert stage.plex_saw("POST") == 0
    assert shown(world, scene) == picture("same")


def test_a_picture_that_plex_has_but_does_not_show_is_selected(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", cover=picture("ours"))
    world.plex.user_edits(world.key(scene), poster=picture("ours"))
    world.plex.user_edits(world.key(scene), poster=picture("theirs"))

    stage.sync(scene)

    assert stage.plex_saw("POST") == 0
    assert shown(world, scene) == picture("ours")


@pytest.mark.parametrize("weather", ["lost", "reset", "cut"])
def test_an_upload_that_arrived_although_its_answer_did_not_is_not_repeated(
    stage: Stage, weather: Sky
) -> None:
    world = stage.world
    stage.open(read_timeout=1, connect_timeout=0.5)
    scene = world.add("a", title="A", cover=picture("ours"))
    world.plex.weather(weather, only="POST")

    stage.sync(scene)

    assert stage.plex_saw("POST") == 1
    assert shown(world, scene) == picture("ours")
    assert stage.is_idle()


def test_an_upload_that_fails_is_tried_again_without_the_text(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="A", cover=picture("ours"))
    world.plex.weather(500, only="POST")
    stage.sync(scene)
    assert stage.attempts(scene) == 1

    world.plex.weather("fine")
    stage.drain_until_idle()

    assert shown(world, scene) == picture("ours")
    assert (stage.plex_saw("POST"), stage.plex_saw("PUT")) == (2, 1)


def test_an_upload_that_always_fails_buries_the_scene_whose_text_is_in_plex(stage: Stage) -> None:
    world = stage.world
    scene, other = world.add("a", title="A", cover=picture("ours")), world.add("b", title="B")
    world.plex.weather(500, only="POST")

    stage.enqueue(scene, other)
    stage.drain_until_idle()

    assert stage.dead() == {
        scene: "gave up after 5 attempts: Plex answered 500 when uploading a poster"
    }
    assert [world.shown(s)["title"] for s in (scene, other)] == ["A", "B"]


def test_a_recreated_item_gets_its_poster_again(stage: Stage, scene: int) -> None:
    stage.world.plex.recreate_item(stage.world.key(scene))
    stage.clock.move(120)

    stage.sync(scene)

    assert shown(stage.world, scene) == picture("first")


def test_a_cover_reaches_every_item_of_its_scene(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", cover=picture("ours"))
    second = world.plex.add_section("Copies", locations=("/data",))
    world.plex.add_item("/data/a.mp4", 1000, second)

    stage.sync(scene)

    assert [item.posters[item.poster or ""] for item in world.plex.items()] == [picture("ours")] * 2


@pytest.mark.parametrize("auth", ["password", "key"])
def test_a_cover_behind_a_login_is_fetched_with_our_session(stage: Stage, auth: Auth) -> None:
    stage.world.stash.auth = auth
    scene = stage.world.add("a", cover=picture("ours"))

    stage.sync(scene)

    assert shown(stage.world, scene) == picture("ours")


def test_a_cover_is_fetched_from_stash_itself_whatever_its_url_says(stage: Stage) -> None:
    stage.world.stash.external_host = "http://stash.example"
    scene = stage.world.add("a", cover=picture("ours"))

    stage.sync(scene)

    assert shown(stage.world, scene) == picture("ours")


@pytest.mark.parametrize("weather", ["truncate", "reset"])
def test_half_a_cover_is_never_sent(stage: Stage, weather: Weather) -> None:
    world = stage.world
    scene = world.add("a", title="A", cover=picture("ours") * 50)
    world.stash.weather(weather, only="image")

    stage.sync(scene)

    assert stage.plex_saw("POST") == 0
    assert list(stage.waiting()) == [scene]

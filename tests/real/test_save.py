"""A save in an actual Stash, and what Plex shows of it."""

import hashlib
import statistics
import threading
import time

import pytest

from tests.real.stash_server import StashError, until
from tests.real.world import RealWorld, cover
from tests.servers.plex.journal import Request
from tests.world import picture

pytestmark = pytest.mark.real


def test_a_save_shows_in_plex_with_every_field_and_the_poster(world: RealWorld) -> None:
    scene = world.add("a")
    studio = world.create("studio", name="The «Studio», Ltd; 100 %")
    performers = [world.create("performer", name=name) for name in ("Ann O'Neil", "Bøb")]
    tags = [world.create("tag", name=name) for name in ("one, two", "blue & red", "日本")]

    world.save(
        scene,
        title='New "title" 🎬 שלום',
        details="First line\n\nthird <line>",
        date="2020-05-17",
        rating100=85,
        studio_id=str(studio),
        performer_ids=performers,
        tag_ids=tags,
        cover_image=cover("poster"),
    )

    until(lambda: world.shown(scene)["poster"] is not None)
    shown = world.shown(scene)
    assert shown["title"] == shown["title_sort"] == 'New "title" 🎬 שלום'
    assert shown["summary"] == "First line\n\nthird <line>"
    assert shown["date"] == "2020-05-17"
    assert shown["user_rating"] == 8.5
    assert shown["studio"] == "The «Studio», Ltd; 100 %"
    assert shown["collections"] == ["The «Studio», Ltd; 100 %"]
    assert sorted(shown["cast"]) == ["Ann O'Neil", "Bøb"]
    assert sorted(shown["genres"]) == ["blue & red", "one, two", "日本"]
    assert shown["poster"] == hashlib.sha1(picture("poster")).hexdigest()


def test_what_is_removed_in_stash_is_removed_in_plex(world: RealWorld) -> None:
    studio = str(world.create("studio", name="Studio"))
    tags = [world.create("tag", name=name) for name in ("stays", "goes")]
    scene = world.add(
        "a", title="A", details="d", date="2020-05-17", rating100=40, studio_id=studio, tag_ids=tags
    )
    until(lambda: world.shown(scene)["summary"] == "d")

    world.save(
        scene, title="", details="", date=None, rating100=None, studio_id=None, tag_ids=tags[:1]
    )

    until(lambda: world.shown(scene)["summary"] == "")
    shown = world.shown(scene)
    assert (shown["date"], shown["user_rating"], shown["studio"]) == (None, None, "")
    assert (shown["genres"], shown["collections"]) == (["stays"], [])
    assert shown["title"] == "A"


def test_a_group_becomes_a_collection_whatever_stash_calls_it(world: RealWorld) -> None:
    world.configure(collect_groups=True)
    studio = str(world.create("studio", name="Studio"))
    scene = world.add("a", title="A", studio_id=studio)
    try:
        group = world.create("group", name="Series")
    except StashError:  # before v0.27
        changes = {"movies": [{"movie_id": world.create("movie", name="Series")}]}
    else:
        changes = {"groups": [{"group_id": group}]}

    world.save(scene, **changes)

    until(lambda: sorted(world.shown(scene)["collections"]) == ["Series", "Studio"])


def test_a_save_that_changes_nothing_plex_shows_is_not_recorded(world: RealWorld) -> None:
    world.configure(disabled=True)  # what is recorded stays in the queue
    scene, other = world.add("a"), world.add("b")
    before = world.waiting()

    world.save(scene, organized=True, urls=["https://example.org"])

    assert world.waiting() == before == [scene, other]


def test_stash_answers_a_save_while_plex_hangs_and_plex_shows_it_later(world: RealWorld) -> None:
    world.configure(read_timeout=300)  # longer than we wait for Stash
    plex_answers = threading.Event()

    def hang(_: Request) -> None:
        plex_answers.wait()

    world.plex.on_request = hang
    try:
        scene = world.add("a", title="Old", details="d")
        until(lambda: world.plex.requests)

        world.save(scene, title="New")

        assert world.shown(scene)["title"] == "a"
    finally:
        plex_answers.set()
    until(lambda: world.shown(scene)["title"] == "New")


def test_the_last_of_several_saves_in_a_row_shows_in_plex(
    world: RealWorld, capfd: pytest.CaptureFixture[str]
) -> None:
    scene = world.add("a", details="d")
    world.stash.enable(False)
    without = [world.save(scene, title=f"Unseen {number}") for number in range(10)]
    world.stash.enable(True)

    saves = [world.save(scene, title=f"Title {number}") for number in range(10)]

    answered = time.perf_counter()
    until(lambda: world.shown(scene)["title"] == "Title 9")
    shown = time.perf_counter() - answered
    with capfd.disabled():
        print(
            f"\na save: {_ms(without)} without the plugin, {_ms(saves)} with it; "
            f"in Plex {shown * 1000:.0f} ms after the last answer"
        )


def _ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms"

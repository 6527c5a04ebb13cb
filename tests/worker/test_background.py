"""One life of the background process, under a clock: each pause is a moment for something new."""

from functools import partial
from typing import Any

import pytest

from tests.servers.stash.weather import Weather
from tests.worker.conftest import Live
from tests.worker.stage import EventfulClock, hook, last_word, spool
from tests.world import World


def nothing() -> None:
    """A pause in which nothing happens."""


def pauses(clock: EventfulClock) -> list[float]:
    """The pauses that are longer than a look at the queue or the wait after a failure."""
    return [pause for pause in clock.slept if pause > 1]


class TestLingering:
    """It waits for more, so that an evening of editing starts few processes."""

    def test_what_is_due_is_drained_first(self, world: World, live: Live) -> None:
        scene = world.add("a", title="A")
        hook(world, scene)

        live()

        assert world.shown(scene)["title"] == "A"

    def test_it_ends_after_five_minutes_without_work(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        assert live() is False

        assert clock.elapsed == pytest.approx(300, abs=1)

    def test_a_save_meanwhile_is_drained_within_a_second(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        saved_at: list[float] = []

        def save() -> None:
            hook(world, scene)
            saved_at.append(clock.elapsed)

        def look(request: Any) -> None:
            if request.method == "PUT":
                saved_at.append(clock.elapsed)

        world.plex.on_request = look
        clock.events = [nothing] * 100 + [save]
        live()

        saved, written = saved_at
        assert written - saved < 1

    def test_a_save_begins_the_five_minutes_anew(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        clock.events = [nothing] * 1000 + [lambda: hook(world, scene)]

        live()

        assert clock.elapsed == pytest.approx(250 + 300, abs=2)

    def test_a_spooled_save_is_seen_too(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        clock.events = [nothing] * 10 + [lambda: spool(world, scene)]
        live()

        assert world.shown(scene)["title"] == "A"

    def test_a_retry_that_becomes_due_is_made(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        world.plex.chokes_on(world.key(scene))
        clock.events = [lambda: world.plex.chokes_on(world.key(scene), None)]
        hook(world, scene)

        live()

        assert world.shown(scene)["title"] == "A"

    def test_many_pauses_need_one_handshake(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(5)]
        clock.events = [partial(hook, world, scene) for scene in scenes]

        live()

        assert [world.shown(s)["title"] for s in scenes] == [f"Scene {n}" for n in range(5)]
        assert [r.path for r in world.plex.requests].count("/") == 1


class TestSettings:
    """They are read again after each pause."""

    def test_a_setting_that_changes_meanwhile_holds_for_the_next_save(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        first, second = (world.add(n, title=n.upper(), details="Said.") for n in "ab")
        hook(world, first)

        def change() -> None:
            world.stash.settings = {**world.stash.settings, "skip_title": True}
            hook(world, second)

        clock.events = [change]
        live()

        assert world.shown(first)["title"] == "A"
        shown = world.shown(second)
        assert (shown["title"], shown["summary"]) == ("b", "Said.")

    def test_syncing_that_is_paused_meanwhile_writes_nothing_more(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")

        def pause() -> None:
            world.stash.settings = {**world.stash.settings, "disabled": True}
            hook(world, scene)

        clock.events = [pause]
        assert live() is True

        assert world.shown(scene)["title"] == "a"
        assert "paused" in last_word(world)["why"]
        assert world.due() == 1


class TestWaiting:
    """A server that is away is waited for, with pauses that grow from 5 seconds to a minute."""

    @pytest.mark.parametrize("weather", [503, "reset", "locked"])
    def test_a_stash_that_comes_back_is_gone_on_with(
        self, world: World, live: Live, clock: EventfulClock, weather: Weather
    ) -> None:
        scene = world.add("a", title="A")
        hook(world, scene)
        world.stash.weather(weather)
        clock.events = [nothing] * 4 + [lambda: world.stash.weather("fine")]

        assert live() is False

        assert world.shown(scene)["title"] == "A"
        assert pauses(clock) == [5, 10, 20, 40, 60]

    def test_a_stash_that_fails_again_later_is_waited_for_from_the_beginning(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        first, second = (world.add(n, title=n.upper()) for n in "ab")
        hook(world, first)
        world.stash.weather(503)

        def fail_again() -> None:
            world.stash.weather(503)
            hook(world, second)

        fine = lambda: world.stash.weather("fine")  # noqa: E731
        clock.events = [nothing, fine, fail_again, fine]
        live()

        assert world.shown(second)["title"] == "B"
        assert pauses(clock) == [5, 10, 5]

    def test_a_plex_that_comes_back_is_gone_on_with(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        hook(world, scene)
        world.plex.weather(503)
        clock.events = [nothing] * 7 + [lambda: world.plex.weather("fine")]

        assert live() is False

        assert world.shown(scene)["title"] == "A"

    @pytest.mark.parametrize("server", ["stash", "plex"])
    def test_after_half_an_hour_it_ends_and_the_jobs_are_kept(
        self, world: World, live: Live, clock: EventfulClock, server: str
    ) -> None:
        hook(world, world.add("a"))
        (world.stash if server == "stash" else world.plex).weather(503)

        assert live() is True

        assert 1800 <= clock.elapsed <= 1800 + 130
        assert world.due() == 1

    @pytest.mark.parametrize("server", ["stash", "plex"])
    def test_a_server_that_is_away_is_no_reason_to_start_no_other_process(
        self, world: World, live: Live, server: str
    ) -> None:
        hook(world, world.add("a"))
        (world.stash if server == "stash" else world.plex).weather(503)

        live()

        assert last_word(world)["why"] == ""
        assert last_word(world)["not_before"] == last_word(world)["ended_at"]


def test_newer_code_ends_it_between_two_jobs(world: World, live: Live) -> None:
    scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(4)]
    for scene in scenes:
        hook(world, scene)

    live(is_outdated=lambda: world.plex.count("PUT") >= 2)

    shown = [world.shown(scene)["title"] for scene in scenes]
    assert shown == ["Scene 0", "Scene 1", "s2", "s3"]
    assert world.queue_stats()["pending"] == 2

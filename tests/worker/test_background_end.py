"""How a life of the background process ends, and what it does about events that were lost."""

import os
from pathlib import Path

from sync_queue import inbox
from tests.worker.conftest import Live
from tests.worker.stage import EventfulClock, Stage, hook, last_word
from tests.worker.test_background import nothing
from tests.world import World


class TestHelplessness:
    """When only the user can help it ends at once and says why, and when to try again."""

    def refuse(self, world: World) -> None:
        world.plex.token = "changed"
        hook(world, world.add(f"s{len(world.stash.library.ids)}"))

    def test_it_ends_at_once(self, world: World, live: Live, clock: EventfulClock) -> None:
        self.refuse(world)

        assert live() is True

        assert clock.slept == []

    def test_it_leaves_word_of_the_reason(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        self.refuse(world)

        live()

        assert last_word(world) == {
            "pid": os.getpid(),
            "started_at": clock.now(),
            "ended_at": clock.now(),
            "why": "Plex refused the token when connecting: check plex_token",
            "held_off": 60,
            "not_before": clock.now() + 60,
        }

    def test_the_same_reason_again_doubles_the_time_up_to_half_an_hour(
        self, world: World, live: Live
    ) -> None:
        self.refuse(world)
        waits = []

        for _ in range(7):
            live()
            waits.append(last_word(world)["held_off"])

        assert waits == [60, 120, 240, 480, 960, 1800, 1800]

    def test_another_reason_begins_with_a_minute(self, world: World, live: Live) -> None:
        self.refuse(world)
        live()
        live()

        world.stash.settings = {**world.stash.settings, "plex_token": ""}
        live()

        assert last_word(world)["held_off"] == 60
        assert "plex_token is missing" in last_word(world)["why"]

    def test_a_life_that_goes_well_takes_the_word_back(self, world: World, live: Live) -> None:
        token = world.plex.token
        self.refuse(world)
        live()

        world.plex.token = token
        live()

        assert last_word(world)["why"] == ""
        assert last_word(world)["not_before"] == last_word(world)["ended_at"]

    def test_a_stash_that_refuses_the_session_ends_it_and_the_next_hook_may_bring_another(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        hook(world, world.add("a"))
        world.stash.weather(401)

        assert live() is True

        assert clock.slept == []
        assert last_word(world)["not_before"] == clock.now()
        assert world.due() == 1


class TestWhatWasLost:
    """Events that were lost are found again among all scenes."""

    def test_word_that_events_were_lost_has_all_scenes_checked(
        self, world: World, live: Live
    ) -> None:
        scenes = [world.add(f"s{n}", title=f"Scene {n}") for n in range(3)]
        (world.data_dir / "reconciliation.due").touch()

        live()

        assert [world.shown(s)["title"] for s in scenes] == ["Scene 0", "Scene 1", "Scene 2"]
        assert not (world.data_dir / "reconciliation.due").exists()

    def test_word_that_comes_while_it_lingers_is_heard(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        clock.events = [(world.data_dir / "reconciliation.due").touch]

        live()

        assert world.shown(scene)["title"] == "A"

    def test_word_stays_while_stash_cannot_list_its_scenes(self, world: World, live: Live) -> None:
        (world.data_dir / "reconciliation.due").touch()
        world.stash.weather(503)

        live()

        assert (world.data_dir / "reconciliation.due").exists()

    def test_a_job_that_its_hook_could_write_nowhere_is_processed(
        self, world: World, live: Live
    ) -> None:
        scene = world.add("a", title="A")

        live(inbox.payload("scene", scene))

        assert world.shown(scene)["title"] == "A"

    def test_a_job_that_nobody_can_write_is_processed_once_somebody_can(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        in_the_way = [world.data_dir / name for name in ("queue", "spool")]
        for file in in_the_way:
            file.touch()

        def make_room() -> None:
            for file in in_the_way:
                file.unlink()

        clock.events = [nothing, nothing, make_room]
        live(inbox.payload("scene", scene))

        assert world.shown(scene)["title"] == "A"

    def test_a_damaged_queue_is_set_aside_and_all_scenes_are_checked(
        self, world: World, live: Live
    ) -> None:
        scene = world.add("a", title="A")
        file = world.data_dir / "queue" / "data.db"
        file.parent.mkdir()
        file.write_bytes(b"not a database" * 1000)

        live()

        assert world.shown(scene)["title"] == "A"
        assert list(file.parent.glob("damaged-*.db"))

    def test_a_queue_that_is_damaged_while_it_lingers_is_begun_anew(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        scene = world.add("a", title="A")
        file: Path = world.data_dir / "queue" / "data.db"

        def vanish() -> None:
            for part in file.parent.iterdir():
                part.unlink()
            hook(world, scene)

        clock.events = [vanish]
        live()

        assert world.shown(scene)["title"] == "A"

    def test_what_a_killed_process_had_claimed_is_processed(
        self, world: World, live: Live, stage: Stage
    ) -> None:
        scene = world.add("a", title="A")
        stage.reopen()
        stage.enqueue(scene)
        stage.queue.db.execute("UPDATE ack_queue_default SET status = 2")

        live()

        assert world.shown(scene)["title"] == "A"

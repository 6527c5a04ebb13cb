"""The reconciliation that nobody asks for, in the real background process; and what hooks pay."""

import os

import pytest

from reconciliation.scheduler import ReconciliationScheduler
from tests.invocation.circumstances import hold_off
from tests.invocation.test_hook_path import ALLOWED, imported_by
from tests.invocation.witness import answer_of, backgrounds, titles_shown
from tests.reconciliation.due import at_page, scheduler, state, walks, wants
from tests.servers.stash import Request
from tests.world import World

HOUR = 3600.0  # seconds


@pytest.fixture
def forty(small_pages: World) -> list[int]:
    """Forty scenes that no hook has ever told of."""
    return [small_pages.add(f"n{number}", title=f"T{number}") for number in range(40)]


def save_and_see(world: World, scene: int, title: str) -> None:
    """Save a scene and wait until Plex shows it."""
    world.save(scene, title=title)
    world.until(lambda: titles_shown(world, [scene]) == [title])


class TestTheBackground:
    @pytest.mark.parametrize("interval", ["hourly", "daily", "weekly"])
    def test_auto_01_a_hook_brings_what_others_have_missed_to_plex(
        self, world: World, interval: str
    ) -> None:
        missed = [world.add(f"n{number}", title=f"T{number}") for number in range(5)]
        saved = world.add("saved", title="Saved")
        wants(world, interval)

        answer = answer_of(world.hook(saved))

        assert answer == {"output": "recorded; background started"}
        world.until(lambda: titles_shown(world, missed) == ["T0", "T1", "T2", "T3", "T4"])
        world.until(lambda: state(world).run_count == 1)
        assert (state(world).last_run_scope, state(world).is_startup_run) == ("all", False)
        assert state(world).last_scenes_checked == 6

    def test_a_second_hook_within_the_interval_compares_nothing(self, world: World) -> None:
        first, second = (world.add(name, title=name.upper()) for name in "ab")
        wants(world, "hourly")
        world.hook(first)
        world.until(lambda: state(world).run_count == 1)
        world.until_drained()
        pages = walks(world)

        save_and_see(world, second, "C")
        save_and_see(world, second, "D")  # between the two the background has looked what is due

        assert walks(world) == pages
        assert state(world).run_count == 1

    def test_never_compares_nothing(self, world: World) -> None:
        missed, saved = (world.add(name, title=name.upper()) for name in "ab")
        wants(world, "never")

        world.hook(saved)
        world.until(lambda: titles_shown(world, [missed, saved]) == ["a", "B"])
        save_and_see(world, saved, "C")  # between the two the background has looked what is due
        world.until_drained()

        assert titles_shown(world, [missed]) == ["a"]
        assert walks(world) == 0
        assert not (world.data_dir / ReconciliationScheduler.STATE_FILE).exists()

    def test_a_save_during_a_run_of_many_pages_reaches_plex_before_the_run_ends(
        self, small_pages: World, forty: list[int]
    ) -> None:
        world, scene = small_pages, forty[0]
        wants(world, "daily")
        shown_at: dict[int, str] = {}

        def look(request: Request) -> None:
            if "query Walk" in request.text:
                shown_at.setdefault(walks(world), world.shown(scene)["title"])
                if walks(world) == 4:
                    world.save(scene, title="Saved")

        world.stash.before_answer = look
        world.hook(forty[-1])
        world.until(lambda: state(world).run_count == 1, within=60)

        assert (shown_at[4], shown_at[5]) == ("T0", "Saved")
        assert walks(world) == 9
        world.until_drained()
        assert titles_shown(world, forty[1:]) == [f"T{number}" for number in range(1, 40)]

    def test_a_run_ends_when_the_plugins_files_change_and_newer_code_takes_over(
        self, small_pages: World, forty: list[int]
    ) -> None:
        world = small_pages
        wants(world, "daily")
        older: list[int] = []

        def update() -> None:
            older.extend(backgrounds(world))
            os.utime(world.script, (1, 1))

        at_page(world, 3, update)

        world.hook(forty[-1])
        world.until(lambda: older and set(backgrounds(world)) - {*older})
        world.until(lambda: not set(backgrounds(world)) & {*older})
        world.until_drained()

        # The run is due again ten minutes later; the newer code begins with what changed lately.
        assert len(older) == 1
        assert titles_shown(world, forty) == [f"T{number}" for number in range(40)]
        assert walks(world) == 3
        assert state(world).run_count == 0
        assert state(world).started_at > 0

    def test_a_background_without_plex_records_no_run_and_goes_on_once_it_is_back(
        self, world: World
    ) -> None:
        missed, saved = (world.add(name, title=name.upper()) for name in "ab")
        wants(world, "daily")
        world.plex.stop()
        world.hook(saved)
        world.until(lambda: "waiting: " in world.background_log())
        assert state(world).run_count == 0

        world.plex.start()

        world.until(lambda: titles_shown(world, [missed, saved]) == ["A", "B"], within=60)
        world.until(lambda: state(world).run_count == 1)


class TestTheHook:
    """It records and wakes; whether anything is due, the background looks."""

    def test_a_hook_checks_nothing(self, world: World) -> None:
        scene = world.add("a", title="A")
        wants(world, "hourly")
        hold_off(world)

        results = [world.hook(scene), world.save(scene, title="B")]

        assert [answer_of(result)["output"] for result in results] == [
            "recorded; background held off"
        ] * 2
        assert (world.stash.requests, world.plex.requests) == ([], [])
        left = {file.name for file in world.data_dir.iterdir()}
        assert not {name for name in left if name.startswith(("reconcil", "comparison"))}

    @pytest.mark.parametrize("document", [b"", b"{", b'{"last_run_time": 1}'])
    def test_a_hook_does_not_even_look_when_the_last_run_was(
        self, world: World, document: bytes
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "hourly")
        hold_off(world)
        file = world.data_dir / ReconciliationScheduler.STATE_FILE
        file.write_bytes(document)
        os.utime(file, (1, 1))

        world.hook(scene)

        assert file.stat().st_atime == 1
        assert file.read_bytes() == document

    def test_a_hook_imports_what_it_did_before_there_were_reconciliations(
        self, world: World
    ) -> None:
        scene = world.add("a", title="A")
        wants(world, "hourly")

        result = world.hook(scene, flags=("-S", "-X", "importtime"))

        ours = ("domain", "plex", "reconciliation", "stash", "sync_queue", "transport", "worker")
        assert {name for name in imported_by(result.stderr) if name.startswith(ours)} == {*ALLOWED}
        world.until(lambda: scheduler(world).load_state().run_count == 1)  # by the background

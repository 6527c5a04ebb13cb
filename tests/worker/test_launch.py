"""The background's lives: the lock it takes over, and the last look after giving it back."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from sync_queue import host, inbox
from sync_queue.due import GONE
from tests.worker.stage import EventfulClock, Stage, hook, last_word, spool
from tests.worker.test_background import nothing
from tests.world import World
from worker import background
from worker.launch import run_background, watch

Start = Callable[..., bool]

LOOKS = int(background.LINGER / background.POLL)
"""How often it looks at the queue before it ends."""


@pytest.fixture
def start(
    loggers_as_before: None, world: World, stage: Stage, clock: EventfulClock, tmp_path: Path
) -> Start:
    """Be the background until it ends; True if newer code should be started."""

    def start(
        lock: int | None = None, unrecorded: bytes = b"", code: tuple[Path, ...] = ()
    ) -> bool:
        connection = world.stash.connection(world.folder)
        return run_background(
            world.data_dir, connection, clock, lock=lock, unrecorded=unrecorded, code=code
        )

    world.data_dir.mkdir(parents=True)
    return start


def try_lock(world: World) -> int | None:
    return host.try_lock(str(world.data_dir / "drain.lock"))


def test_the_lock_that_a_hook_hands_over_is_held_until_the_end(
    world: World, start: Start, clock: EventfulClock
) -> None:
    free: list[int | None] = []
    clock.events = [lambda: free.append(try_lock(world))]

    start(try_lock(world))

    assert free == [None]
    lock = try_lock(world)
    assert lock is not None
    host.unlock(lock)


def test_without_a_lock_it_takes_the_one_that_is_free(world: World, start: Start) -> None:
    scene = world.add("a", title="A")
    hook(world, scene)

    start()

    assert world.shown(scene)["title"] == "A"


def test_it_does_nothing_while_another_process_drains(world: World, start: Start) -> None:
    hook(world, world.add("a", title="A"))
    lock = try_lock(world)
    assert lock is not None

    start()

    assert world.plex.requests == []
    assert world.due() == 1
    host.unlock(lock)


@pytest.mark.parametrize("record", [hook, spool])
def test_what_comes_between_its_last_look_and_the_end_of_its_lock_is_drained(
    world: World, start: Start, clock: EventfulClock, record: Callable[[World, int], None]
) -> None:
    scene = world.add("a", title="A")
    clock.events = [nothing] * (LOOKS - 1) + [lambda: record(world, scene)]

    start()

    assert world.shown(scene)["title"] == "A"
    assert clock.elapsed > 2 * background.LINGER - 1


def test_events_that_are_lost_after_its_last_look_are_found(
    world: World, start: Start, clock: EventfulClock
) -> None:
    scene = world.add("a", title="A")
    word = world.data_dir / "reconciliation.due"
    clock.events = [nothing] * (LOOKS - 1) + [word.touch]

    start()

    assert world.shown(scene)["title"] == "A"


def test_with_nothing_to_do_it_lives_once(start: Start, clock: EventfulClock) -> None:
    start()

    assert clock.elapsed == pytest.approx(background.LINGER, abs=1)


def test_a_helpless_life_is_the_last_although_jobs_wait(
    world: World, start: Start, clock: EventfulClock
) -> None:
    world.plex.token = "changed"
    hook(world, world.add("a"))

    start()

    assert clock.slept == []
    assert "check plex_token" in last_word(world)["why"]
    assert world.due() == 1


def test_a_job_that_its_hook_could_write_nowhere_is_processed(world: World, start: Start) -> None:
    scene = world.add("a", title="A")

    start(unrecorded=inbox.payload("scene", scene))

    assert world.shown(scene)["title"] == "A"


def test_it_ends_for_newer_code_and_says_so(
    start: Start, clock: EventfulClock, tmp_path: Path
) -> None:
    code = tmp_path / "Stash2Plex.py"
    code.write_text("old")
    clock.events = [nothing] * 10 + [lambda: os.utime(code, (1, 1))]

    assert start(code=(code,)) is True
    assert clock.elapsed < 10


def test_it_waits_for_code_that_is_just_being_replaced(
    start: Start, clock: EventfulClock, tmp_path: Path
) -> None:
    code = tmp_path / "Stash2Plex.py"
    code.write_text("old")
    clock.events = [nothing] * 10 + [code.unlink] + [nothing] * 3 + [lambda: code.write_text("new")]

    assert start(code=(code,)) is True
    assert clock.elapsed < 10


def test_it_starts_nobody_when_the_plugin_was_removed(
    start: Start, clock: EventfulClock, tmp_path: Path
) -> None:
    code = tmp_path / "Stash2Plex.py"
    code.write_text("old")
    clock.events = [nothing] * 10 + [code.unlink]

    assert start(code=(code,)) is False
    assert clock.elapsed < 10


class TestWhatWasSavedDuringAnUpdate:
    """Stash deletes our files and writes new ones; a hook of that moment finds nothing to start."""

    @pytest.fixture
    def code(self, tmp_path: Path, clock: EventfulClock) -> Path:
        code = tmp_path / "Stash2Plex.py"
        code.write_text("old")
        os.utime(code, (clock.now() - 3600,) * 2)
        return code

    def update(self, code: Path, clock: EventfulClock) -> None:
        os.utime(code, (clock.now(),) * 2)

    def test_it_is_brought_to_plex_by_the_next_background(
        self, world: World, start: Start, clock: EventfulClock, code: Path
    ) -> None:
        scene = world.add("a", title="A")
        clock.move(3600)
        start(code=(code,))
        world.stash.edit(scene, title="B")
        self.update(code, clock)

        start(code=(code,))

        assert world.shown(scene)["title"] == "B"

    def test_all_scenes_are_to_be_compared_because_a_tag_may_have_been_renamed(
        self, world: World, start: Start, clock: EventfulClock, code: Path
    ) -> None:
        start(code=(code,))
        assert not (world.data_dir / GONE).exists()
        self.update(code, clock)

        start(code=(code,))

        assert (world.data_dir / GONE).exists()

    def test_what_changed_long_before_is_left_alone(
        self, world: World, start: Start, clock: EventfulClock, code: Path
    ) -> None:
        world.add("a", title="A")
        clock.move(3600)
        start(code=(code,))
        self.update(code, clock)

        start(code=(code,))

        assert world.plex.count("PUT") == 0

    def test_the_same_code_looks_for_nothing(
        self, world: World, start: Start, clock: EventfulClock, code: Path
    ) -> None:
        start(code=(code,))
        scene = world.add("a", title="A")

        start(code=(code,))

        assert world.shown(scene)["title"] != "A"

    def test_a_stash_that_is_away_then_is_asked_again(
        self, world: World, start: Start, clock: EventfulClock, code: Path
    ) -> None:
        scene = world.add("a", title="A")
        start(code=(code,))
        world.stash.edit(scene, title="B")
        self.update(code, clock)
        world.stash.stop()
        clock.events = [nothing, world.stash.start]

        start(code=(code,))

        assert world.shown(scene)["title"] == "B"


def test_the_same_code_is_nothing_new(tmp_path: Path) -> None:
    code = tmp_path / "Stash2Plex.py"
    code.write_text("old")
    has_changed = watch([code, tmp_path / "absent"])

    assert has_changed() is False


def test_its_log_tells_what_happened_and_belongs_to_its_owner_alone(
    world: World, start: Start
) -> None:
    scene = world.add("a", title="A")
    hook(world, scene)

    start()

    assert f"scene {scene}: synced title" in world.background_log()
    assert (world.data_dir / "background.log").stat().st_mode & 0o077 == 0


def test_a_process_that_lives_again_after_a_bug_writes_each_line_once(
    world: World, start: Start
) -> None:
    start()
    scene = world.add("a", title="A")
    hook(world, scene)

    start()

    assert world.background_log().count(f"scene {scene}: synced") == 1

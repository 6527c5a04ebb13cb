"""Reconciliations beside drains, beside each other, and killed: as real processes."""

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest

from reconciliation.comparison import Comparison, Summary
from reconciliation.task import BUSY
from tests.invocation.circumstances import hold_off, record, time_passes
from tests.invocation.queues import held_at_a_write
from tests.invocation.witness import answer_of, rows, titles_shown
from tests.reconciliation.due import at_page, state, walks
from tests.servers.stash import PluginResult
from tests.world import World

pytestmark = pytest.mark.usefixtures("small_pages")

LONG_AGO = "2024-01-01T00:00:00Z"
MANY = 40


@pytest.fixture
def scenes(world: World) -> list[int]:
    """Scenes that no hook has ever told of."""
    return [
        world.add(f"n{number}", title=f"T{number}", updated_at=LONG_AGO) for number in range(MANY)
    ]


TITLES = [f"T{number}" for number in range(MANY)]


def waiting_twice(world: World) -> list[bytes]:
    """The scenes that wait more than once in the same queue."""
    jobs = [
        (queue, data)
        for queue in ("ack_queue_default", "ack_queue_bulk")
        for data in rows(world, f"{queue} WHERE status < 2")
    ]
    return [data for (queue, data), count in Counter(jobs).items() if count > 1]


def writes(world: World) -> Counter[str]:
    """How often each item was written to."""
    return Counter(r.args["id"] for r in world.plex.requests if r.method == "PUT")


def gaps(result: PluginResult) -> dict[str, int]:
    """The counts of the summary that a run has logged."""
    lines = [line.strip() for level, line in result.logs if level == "info" and ": " in line]
    pairs = [line.rpartition(": ") for line in lines]
    return {name: int(count) for name, _, count in pairs if count.isdigit()}


def summary(world: World) -> Summary | None:
    with closing(Comparison(world.data_dir)) as comparison:
        return comparison.summary()


def assert_all_is_right(world: World, scenes: list[int]) -> None:
    """Plex shows what Stash says, nothing was given up, and nobody is called missing."""
    world.until_drained()
    world.until(lambda: titles_shown(world, scenes) == TITLES)
    assert rows(world, "dead_letter", "id") == []
    assert rows(world, "parked", "id") == []
    found = summary(world)
    assert found is not None
    assert found.counts.get("missing", 0) == 0


@contextmanager
def held_at_page(world: World, number: int) -> Iterator[tuple[threading.Event, threading.Event]]:
    """Keep Stash from answering a certain page until it may; (it has come, it may go)."""
    came, may_go = threading.Event(), threading.Event()

    def wait() -> None:
        came.set()
        may_go.wait(25)

    at_page(world, number, wait)
    try:
        yield came, may_go
    finally:
        may_go.set()


class TestBesideADrain:
    def test_a_run_during_a_drain_enqueues_nothing_twice(
        self, world: World, scenes: list[int]
    ) -> None:
        record(world, *scenes[:20])
        with held_at_a_write(world, 6) as hold:
            world.hook(scenes[0])
            assert hold.came.wait(20)

            result = world.task("reconcile_all")

            assert waiting_twice(world) == []

        found = gaps(result)
        # Five are written and confirmed. Fifteen are at work, and what that has read may be old.
        assert found["Scenes checked"] == MANY
        assert found["Gaps found"] == found["Enqueued"] == 35
        assert found["Missing from Plex"] == 0
        assert_all_is_right(world, scenes)
        assert set(writes(world).values()) == {1}

    def test_an_edit_during_a_run_is_not_lost(self, world: World, scenes: list[int]) -> None:
        """Of a scene that was looked at, of one that was not, and while their jobs are at work."""

        def edit() -> None:
            for scene in (scenes[0], scenes[39]):
                world.save(scene, title="Saved")

        at_page(world, 4, edit)

        world.task("reconcile_all")

        world.until_drained()
        world.until(
            lambda: titles_shown(world, scenes) == ["Saved", *TITLES[1:39], "Saved"], within=30
        )
        assert rows(world, "dead_letter", "id") == []

    def test_gap_04_a_run_during_a_drain_that_goes_on_page_by_page(
        self, world: World, scenes: list[int]
    ) -> None:
        """Each page's jobs may be at work while the next one is compared."""
        world.stash.latency = 0.02
        record(world, scenes[0])
        world.hook(scenes[1])

        for _ in range(3):
            found = gaps(world.task("reconcile_all"))
            assert found["Missing from Plex"] == 0
            assert waiting_twice(world) == []

        assert_all_is_right(world, scenes)
        assert set(writes(world).values()) == {1}


class TestTwoAtOnce:
    @pytest.mark.parametrize("mode", ["reconcile_all", "reconcile_recent", "reconcile_7days"])
    def test_the_second_says_that_one_is_running_and_does_nothing(
        self, world: World, scenes: list[int], mode: str
    ) -> None:
        hold_off(world)
        with ThreadPoolExecutor(1) as thread, held_at_page(world, 2) as (came, may_go):
            first = thread.submit(world.task, "reconcile_all")
            assert came.wait(20)

            second = world.task(mode)

            assert answer_of(second) == {"output": "a reconciliation is running already"}
            assert ("warning", BUSY) in second.logs
            assert walks(world) == 2
            may_go.set()
            assert gaps(first.result())["Gaps found"] == MANY
        assert waiting_twice(world) == []
        assert state(world).run_count == 1
        assert_all_is_right(world, scenes)

    def test_the_background_leaves_a_run_of_the_user_alone(
        self, world: World, scenes: list[int]
    ) -> None:
        world.stash.settings |= {"reconcile_interval": "hourly", "reconcile_scope": "all"}
        with ThreadPoolExecutor(1) as thread, held_at_page(world, 2) as (came, may_go):
            first = thread.submit(world.task, "reconcile_all")
            assert came.wait(20)

            world.hook(scenes[39])
            world.until(lambda: titles_shown(world, scenes[39:]) == ["T39"])
            world.until(lambda: not world.due())

            assert walks(world) == 2
            may_go.set()
            first.result()
        assert_all_is_right(world, scenes)
        assert state(world).run_count == 1


class TestKilled:
    @pytest.mark.parametrize("page", [1, 2, 5, 9])
    def test_one_that_is_killed_at_a_page_is_made_up_for_by_the_next(
        self, world: World, scenes: list[int], page: int
    ) -> None:
        task: list[int] = []
        at_page(world, page, lambda: os.kill(task[0], signal.SIGKILL))
        hold_off(world)
        assert world.task("reconcile_all", on_start=task.append).error == "signal: killed"
        world.stash.before_answer = None
        assert state(world).run_count == 0
        queued = len(rows(world, "ack_queue_bulk"))
        assert queued == (page - 1) * 5

        result = world.task("reconcile_all")

        assert gaps(result)["Enqueued"] + queued == MANY
        assert waiting_twice(world) == []
        assert state(world).run_count == 1
        assert_all_is_right(world, scenes)
        assert set(writes(world).values()) == {1}

    @pytest.mark.parametrize("seed", range(3))
    def test_several_that_are_killed_at_random_moments_harm_nothing(
        self, world: World, scenes: list[int], seed: int
    ) -> None:
        chance = random.Random(seed)
        world.stash.latency = 0.02
        for _ in range(4):
            hold_off(world)
            kill_after(world, chance.uniform(0.2, 1.2))
            assert waiting_twice(world) == []
            assert set(rows(world, "parked", "id")) == set()
            if chance.random() < 0.5:
                time_passes(world)
                world.hook(chance.choice(scenes))

        result = world.task("reconcile_all")

        assert gaps(result)["Missing from Plex"] == 0
        assert_all_is_right(world, scenes)
        assert set(writes(world).values()) == {1}
        assert state(world).run_count >= 1


def kill_after(world: World, seconds: float) -> None:
    """Let a run be killed so many seconds after it was started, if it lives as long."""
    timers: list[threading.Timer] = []

    def start(pid: int) -> None:
        timers.append(threading.Timer(seconds, kill, [pid]))
        timers[0].start()

    def kill(pid: int) -> None:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it was quicker

    world.task("reconcile_all", on_start=start)
    timers[0].cancel()


class TestPlexGoesAway:
    @pytest.mark.parametrize("how", ["stop", "hang", "503"])
    def test_in_the_middle_nothing_is_missing_and_the_next_run_goes_on(
        self, world: World, scenes: list[int], how: str
    ) -> None:
        world.stash.settings["read_timeout"] = 1
        trouble: dict[str, Callable[[], object]] = {
            "stop": world.plex.stop,
            "hang": lambda: world.plex.weather("hang"),
            "503": lambda: world.plex.weather(503),
        }
        hold_off(world)
        at_page(world, 4, trouble[how])

        result = world.task("reconcile_all")

        assert sum(line.startswith("Reconciliation failed: ") for _, line in result.logs) == 1
        assert gaps(result)["Missing from Plex"] == 0
        assert gaps(result)["Enqueued"] == 15
        assert state(world).run_count == 0

        world.stash.before_answer = None
        world.plex.start()
        world.plex.weather("fine")
        again = world.task("reconcile_all")

        assert gaps(again)["Missing from Plex"] == 0
        assert waiting_twice(world) == []
        assert state(world).run_count == 1
        assert_all_is_right(world, scenes)
        assert set(writes(world).values()) == {1}

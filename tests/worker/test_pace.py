"""After an outage Plex is written to slowly at first, and as fast as it bears later."""

from itertools import count, pairwise

import pytest

from tests.servers.plex import Request
from tests.worker.conftest import Run
from tests.worker.stage import EventfulClock, Stage
from tests.worker.test_outages import end, titles
from worker import foreground
from worker.circuit_breaker import CircuitState

RAMP = 300.0  # seconds


class Recovered:
    """A stage on which Plex is just back from an outage.

    Attributes:
        writes: when Plex got them, in seconds.
    """

    def __init__(self, stage: Stage, clock: EventfulClock) -> None:
        self.stage, self.clock = stage, clock
        self.writes: list[float] = []
        self._began = 0.0
        self._numbers = count()
        stage.world.plex.on_request = self._note
        stage.enqueue(stage.world.add("held up", title="Held Up"))
        stage.world.plex.weather(503)
        stage.drain()
        assert stage.breaker is CircuitState.OPEN
        end(stage.world.plex)
        clock.move(60)

    def _note(self, request: Request) -> None:
        if request.method == "PUT":
            self.writes.append(self.clock.elapsed)

    def edit(self, count: int) -> list[int]:
        """Let so many edits wait that nobody has seen yet."""
        numbers = [next(self._numbers) for _ in range(count)]
        scenes = [self.stage.world.add(f"s{n}", title=f"Scene {n}") for n in numbers]
        self.clock.move(10)
        self.stage.enqueue(*scenes)
        self.writes.clear()
        self.clock.slept.clear()
        return scenes

    def begin_ramp(self, seconds: float = 0.0) -> None:
        """Let Plex prove that it is back, and so much of the ramp pass."""
        self.stage.drain()
        assert self.stage.breaker is CircuitState.CLOSED
        self._began = self.clock.elapsed
        self.clock.move(seconds)

    def rate(self) -> float:
        """Writes per second as they should be now, if all goes well."""
        return 5 + 15 * (self.clock.elapsed - self._began) / RAMP

    def in_first_second(self) -> int:
        return sum(when - self.writes[0] < 1 for when in self.writes)


@pytest.fixture
def recovered(stage: Stage, clock: EventfulClock) -> Recovered:
    return Recovered(stage, clock)


def test_recv_04_in_its_first_second_plex_is_written_to_about_five_times(
    recovered: Recovered,
) -> None:
    scenes = recovered.edit(30)

    recovered.stage.drain()

    assert recovered.in_first_second() in (5, 6)
    assert titles(recovered.stage.world, scenes) == [f"Scene {n}" for n in range(30)]


@pytest.mark.parametrize(("seconds", "writes"), [(100, 10), (200, 15), (280, 19)])
def test_recv_04_later_it_is_written_to_more_often(
    recovered: Recovered, seconds: float, writes: int
) -> None:
    recovered.begin_ramp(seconds)
    recovered.edit(40)

    recovered.stage.drain()

    assert abs(recovered.in_first_second() - writes) <= 1


def test_when_the_ramp_is_over_nothing_waits(recovered: Recovered) -> None:
    recovered.begin_ramp(RAMP)
    recovered.edit(40)

    recovered.stage.drain()

    assert len(recovered.writes) == 40
    assert recovered.clock.slept == []


def test_recv_04_another_process_goes_on_where_the_ramp_stands(recovered: Recovered) -> None:
    recovered.begin_ramp(100)
    recovered.edit(40)

    recovered.stage.reopen()
    recovered.stage.drain()

    assert abs(recovered.in_first_second() - 10) <= 1


def test_process_queue_obeys_it_too(run: Run, recovered: Recovered) -> None:
    scenes = recovered.edit(30)

    summary = run(foreground.process_queue)

    assert summary.startswith("Batch processing complete: 31 succeeded")
    assert recovered.in_first_second() in (5, 6)
    assert len(titles(recovered.stage.world, scenes)) == 30


def test_sync_all_obeys_it_too(run: Run, recovered: Recovered) -> None:
    recovered.edit(30)

    run(foreground.sync_all)

    assert recovered.in_first_second() in (5, 6)


def test_recv_04_a_slow_plex_rests_after_each_write_for_as_long_as_it_took_and_less_and_less(
    recovered: Recovered,
) -> None:
    recovered.begin_ramp()
    recovered.edit(100)
    recovered.stage.world.plex.before_answer = lambda _: recovered.clock.move(2)

    recovered.stage.drain()

    gaps = [later - earlier for earlier, later in pairwise(recovered.writes)]
    assert gaps[0] == pytest.approx(4, abs=0.1)
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[-1] == pytest.approx(2, abs=0.1)


def test_while_many_items_fail_plex_is_written_to_half_as_often(recovered: Recovered) -> None:
    recovered.begin_ramp()
    scenes = recovered.edit(60)
    for scene in scenes[::2]:
        recovered.stage.world.plex.chokes_on(recovered.stage.world.key(scene))

    recovered.stage.drain()

    gap = recovered.writes[-1] - recovered.writes[-2]
    assert gap == pytest.approx(2 / recovered.rate(), rel=0.1)


def test_a_scene_that_needs_no_write_needs_not_wait_either(recovered: Recovered) -> None:
    scenes = recovered.edit(30)
    recovered.begin_ramp()
    recovered.clock.slept.clear()

    recovered.stage.enqueue(*scenes)
    report = recovered.stage.drain()

    assert report.processed == 30
    assert recovered.clock.slept == []


def test_retries_that_became_due_meanwhile_are_released_one_after_the_other(
    stage: Stage, clock: EventfulClock
) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(20)]
    stage.world.plex.weather(429, only="PUT", retry_after=60)
    stage.sync(*scenes)
    recovered = Recovered(stage, clock)

    recovered.begin_ramp()

    due = sorted(stage.waiting().values())
    assert len(due) > 10
    assert [b - a for a, b in pairwise(due)] == pytest.approx([0.2] * (len(due) - 1), abs=0.01)
    stage.drain_until_idle(step=1)
    assert titles(stage.world, scenes) == [f"Scene {n}" for n in range(20)]


def test_without_an_outage_nothing_ever_waits(stage: Stage, clock: EventfulClock) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(60)]

    stage.sync(*scenes)

    assert stage.plex_saw("PUT") == 60
    assert clock.slept == []


def test_failures_that_are_no_outage_set_no_pace(stage: Stage, clock: EventfulClock) -> None:
    scenes = [stage.world.add(f"s{n}", title=f"Scene {n}") for n in range(60)]
    stage.world.plex.next_answers([503] * 4)

    stage.sync(*scenes)

    assert stage.plex_saw("PUT") == 60
    assert clock.slept == [1.0] * 4

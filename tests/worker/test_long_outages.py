"""Ten minutes without Plex while edits arrive: afterwards Plex shows them, and nobody helps."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from stash.connection import Connection
from tests.invocation.witness import rows
from tests.servers.plex import Request
from tests.worker.conftest import Live
from tests.worker.stage import Stage, hook, last_word
from tests.worker.timeline import WEATHERS, LongOutage, Timeline
from tests.world import World
from validation.config import Stash2PlexConfig
from worker.background import Background
from worker.circuit_breaker import CircuitBreaker
from worker.connector import Connector
from worker.plex_watch import BREAKER

SLOW = ("hangs", "drips")  # weathers in which each request takes as long as it may

FIRST = ("refuses", "answers 503", "answers 429", "hangs up", "is in maintenance",
         "serves no library")  # fmt: skip

OTHERS = [
    pytest.param(how, marks=pytest.mark.proof) for how in WEATHERS if how not in (*SLOW, *FIRST)
]


@pytest.fixture
def clock() -> Timeline:
    return Timeline()


class Impatient(Connector):
    """Waits for Plex for a moment only, until the user asks for more patience."""

    def read_settings(self) -> Stash2PlexConfig:
        config = super().read_settings()
        if config.read_timeout > 1:
            return config
        return config.model_copy(update={"connect_timeout": 0.05, "read_timeout": 0.05})


@pytest.fixture
def impatient(world: World, stage: Stage, clock: Timeline) -> Iterator[Connector]:
    world.data_dir.mkdir(parents=True)
    world.stash.settings.update(connect_timeout=0.5, read_timeout=1)
    connection = Connection.from_server(world.stash.connection(world.folder))
    connector = Impatient(world.data_dir, connection, clock)
    yield connector
    connector.close()


def assert_it_was_one_outage(outage: LongOutage, clock: Timeline) -> None:
    """Nobody was charged for it, it is recorded once, and it was over soon after Plex was back."""
    assert outage.waiting == len(outage.scenes)
    assert outage.charged == []
    (record,) = outage.records
    assert record.jobs_affected == len(outage.scenes)
    assert record.duration is not None
    assert 590 < record.duration < 670
    # A probe comes at least each minute, the second one 5 s later; then 5 and more a second.
    assert max(outage.asked("PUT")) < LongOutage.END + 66 + len(outage.scenes) / 5


def is_closed(world: World, clock: Timeline) -> bool:
    breaker = CircuitBreaker.as_onlooker(world.data_dir / BREAKER, clock)
    return breaker is not None and breaker.is_closed


@pytest.mark.parametrize("how", [*FIRST, *OTHERS])
def test_recv_01_after_ten_minutes_without_plex_every_edit_gets_there_and_nobody_has_done_anything(
    world: World, live: Live, clock: Timeline, how: str
) -> None:
    outage = LongOutage(world, clock, how)

    assert live() is False

    outage.assert_all_is_in_plex()
    assert_it_was_one_outage(outage, clock)
    assert is_closed(world, clock)
    assert last_word(world)["why"] == ""


@pytest.mark.parametrize("how", SLOW)
def test_a_plex_that_leaves_every_request_without_an_answer_is_no_worse(
    world: World, impatient: Connector, clock: Timeline, how: str
) -> None:
    outage = LongOutage(world, clock, how)
    clock.at(LongOutage.END, lambda: world.stash.settings.update(read_timeout=30))

    assert Background(world.data_dir, impatient, clock).run() is False

    outage.assert_all_is_in_plex()
    assert_it_was_one_outage(outage, clock)


@pytest.mark.parametrize(
    "how", ["refuses", *(pytest.param(how, marks=pytest.mark.proof) for how in WEATHERS)]
)
def test_two_hundred_edits_wait_as_well_as_twenty(
    world: World, live: Live, clock: Timeline, how: str
) -> None:
    world.stash.settings.update(connect_timeout=0.5, read_timeout=1)
    outage = LongOutage(world, clock, how, edits=200)

    assert live() is False

    outage.assert_all_is_in_plex()
    assert_it_was_one_outage(outage, clock)


def test_hlth_03_while_plex_is_away_it_is_asked_once_in_5_to_60_seconds_whatever_arrives(
    world: World, live: Live, clock: Timeline
) -> None:
    outage = LongOutage(world, clock, "answers 503", edits=100)

    live()

    opened = outage.records[0].started_at - 1_800_000_000
    gaps = [b - a for a, b in pairwise(outage.asked()) if opened < a < b < LongOutage.END]
    assert len(gaps) > 5
    assert min(gaps) > 4.99
    assert 30 < max(gaps) < 60.01


def test_an_outage_that_outlasts_the_background_is_over_with_the_next_one(
    world: World, live: Live, clock: Timeline
) -> None:
    outage = LongOutage(world, clock, "refuses", end_at=7200.0)
    assert live() is True
    assert clock.elapsed < 2000
    clock.sleep(6000)

    assert live() is False

    outage.assert_all_is_in_plex()
    (record,) = outage.records
    assert record.jobs_affected == len(outage.scenes)


def test_stat_01_an_outage_that_several_processes_meet_is_one_outage(
    world: World, live: Live, clock: Timeline
) -> None:
    outage = LongOutage(world, clock, "answers 503")

    for minute in (2, 5, 8):
        live(is_outdated=lambda end=minute * 60: clock.elapsed > end)
    assert live() is False

    outage.assert_all_is_in_plex()
    assert_it_was_one_outage(outage, clock)


@pytest.mark.parametrize("restarted", [False, True], ids=["in one life", "restarted"])
@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_jumps_a_day_in_the_middle_does_not_keep_anything_from_plex(
    world: World, live: Live, clock: Timeline, days: int, restarted: bool
) -> None:
    outage = LongOutage(world, clock, "answers 503")

    def jump() -> None:
        clock.time += days * 86_400

    clock.at(300, jump)
    if restarted:
        live(is_outdated=lambda: clock.elapsed > 301)
    assert live() is False

    outage.assert_all_is_in_plex()
    assert outage.charged == []
    assert max(outage.asked("PUT")) < LongOutage.END + 66 + len(outage.scenes) / 5
    assert is_closed(world, clock)
    assert all(record.ended_at is not None for record in outage.records)


def test_a_plex_that_serves_no_library_is_not_back_for_the_next_process_either(
    world: World, live: Live, clock: Timeline
) -> None:
    outage = LongOutage(world, clock, "serves no library", end_at=7200.0)
    live()
    clock.sleep(3000)
    live()
    clock.sleep(2000)

    live()

    outage.assert_all_is_in_plex()
    assert len(outage.records) == 1


def test_plex_that_goes_away_again_when_it_is_written_to_costs_nobody_anything_either(
    world: World, live: Live, clock: Timeline
) -> None:
    outage = LongOutage(world, clock, "refuses")

    def once_more(_: Request) -> None:
        if len(outage.asked("PUT")) == 10:
            world.plex.stop()
            clock.at(clock.elapsed + 100, world.plex.start)

    world.plex.before_answer = once_more
    assert live() is False

    outage.assert_all_is_in_plex()
    first, second = outage.records
    assert first.jobs_affected == 20
    assert second.jobs_affected == 12  # the tenth write, one of the day before, was not answered


def test_a_scene_that_plex_has_refused_keeps_its_attempts_through_the_outage(
    world: World, live: Live, clock: Timeline
) -> None:
    world.stash.settings["max_retries"] = 50
    outage = LongOutage(world, clock, "answers 503")
    scene = world.add("choke", title="Choke")
    world.plex.chokes_on(world.key(scene))
    hook(world, scene)
    before: list[int] = []
    clock.at(LongOutage.BEGIN, lambda: before.extend(rows(world, "retry", "attempts")))
    clock.at(LongOutage.END, lambda: world.plex.chokes_on(world.key(scene), None))

    live()

    assert before
    assert outage.charged == before
    outage.assert_all_is_in_plex()
    assert world.shown(scene)["title"] == "Choke"

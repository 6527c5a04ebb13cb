"""Health Check: each link of the chain to Plex, and the remedy for the one that is broken."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from domain.errors import BadSettings
from tests.servers.plex import LoopbackPlex, Sky
from tests.worker.away import go_away
from tests.worker.stage import Stage, hook
from tests.world import FrozenClock, World
from worker.circuit_breaker import CircuitBreaker
from worker.connector import Connector
from worker.health_report import WELL, check_health
from worker.outage_history import OutageHistory

Check = Callable[[], str]


@pytest.fixture
def check(connector: Connector) -> Check:
    """Press the button, with the settings of the moment."""
    return lambda: check_health(connector.read_settings(), connector.queue_manager)


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """What the report has said."""
    return lambda: [r.getMessage() for r in caplog.records if r.name == "worker.health_report"]


Told = Callable[[], list[str]]


def test_hlth_01_a_plex_that_is_well_is_said_to_be(check: Check, told: Told, world: World) -> None:
    assert check() == WELL == "Plex is well"

    title, reachable, *others = told()
    assert title == "=== Health Check ==="
    assert reachable.startswith("Plex: reachable (")
    assert reachable.endswith(" ms)")
    assert others == [
        "Token: accepted",
        "Library: Scenes",
        "Circuit breaker: CLOSED",
        "Queue: 0 pending, 0 waiting for retry",
    ]


def test_hlth_01_it_asks_without_a_token_first_and_then_with_one(
    check: Check, world: World
) -> None:
    check()

    asked = [(r.method, r.path, "x-plex-token" in r.headers) for r in world.plex.requests]
    assert asked == [
        ("GET", "/identity", False),
        ("GET", "/", True),
        ("GET", "/library/sections", True),
    ]


def test_a_library_that_is_being_scanned_is_said_to_be(
    check: Check, told: Told, world: World
) -> None:
    other = world.plex.add_section("Films")
    world.plex.slow_scan = True
    world.plex.library.ask_scan(other, "")

    assert check() == WELL
    assert [line for line in told() if line.startswith("Library")] == [
        "Library: Scenes", "Library: Films (being scanned)",
    ]  # fmt: skip


def only_settings(world: World, **settings: object) -> None:
    world.stash.settings = {**world.stash.settings, **settings}


def library(name: str) -> Callable[[World], object]:
    return lambda world: only_settings(world, plex_library=name)


def plex(act: Callable[[LoopbackPlex], object]) -> Callable[[World], object]:
    return lambda world: act(world.plex)


# what happens -> what is said of it, and a word of the remedy
TROUBLES: dict[str, tuple[Callable[[World], object], str, str]] = {
    "off": (plex(lambda p: p.stop()), "Plex: not reachable", "start Plex"),
    "hangs up": (plex(lambda p: p.weather("reset")), "Plex: not reachable", "start Plex"),
    "starting": (
        plex(lambda p: p.weather(503, path_prefix="/library")),
        "Plex: answers, but serves nothing yet", "wait a few minutes",
    ),
    "starting, not even its root": (
        plex(lambda p: p.next_answers([None, 503])),
        "Plex: answers, but serves nothing yet", "wait a few minutes",
    ),
    "token changed": (
        plex(lambda p: setattr(p, "token", "changed")),
        "Token: not accepted", "check plex_token",
    ),
    "token without rights": (
        plex(lambda p: p.weather(403, path_prefix="/library")),
        "Token: not accepted", "use the owner's token",
    ),
    "something else": (plex(lambda p: p.weather("html")), "Plex: not reachable", "plex_url"),
    "redirected after it told its name": (
        plex(lambda p: p.next_answers([None, 302])),
        "Plex: something else answers", "check plex_url",
    ),
    "wrong library": (
        library("Scnes"), "Libraries: not found",
        "Plex has no library Scnes (it has: Scenes): check plex_library",
    ),
    "no library for videos": (
        plex(lambda p: setattr(p.library.sections[1], "kind", "artist")),
        "Libraries: not found", "check plex_library",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("happens", "what", "remedy"), TROUBLES.values(), ids=TROUBLES)
def test_hlth_01_each_trouble_is_named_with_its_remedy(
    happens: Callable[[World], object], what: str, remedy: str,
    check: Check, world: World, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    only_settings(world, connect_timeout=0.5, read_timeout=1)
    happens(world)

    said = check()

    assert said.startswith(f"Plex is not well: {what}: ")
    assert remedy in said
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warnings == [said.removeprefix("Plex is not well: ")]


@pytest.mark.parametrize(
    ("sky", "remedy"),
    [("maintenance", "wait"), (503, "wait"), (404, "check plex_url"), (302, "check plex_url")],
)
def test_hlth_01_what_answers_is_not_called_unreachable(
    sky: Sky, remedy: str, check: Check, world: World
) -> None:
    world.plex.weather(sky)

    said = check()

    assert "not reachable" not in said
    assert remedy in said


def test_a_wrong_name_beside_a_right_one_is_a_warning_and_plex_is_well(
    check: Check, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    only_settings(world, plex_library="Scenes, Films")

    assert check() == WELL
    assert "Plex has no library Films (it has: Scenes)" in caplog.text


def test_an_address_that_is_none_is_a_matter_of_the_settings(check: Check, world: World) -> None:
    only_settings(world, plex_url="plex")

    with pytest.raises(BadSettings, match="plex_url"):
        check()


class TestBreakerAndQueue:
    """What stands between the jobs and Plex."""

    def opened(self, world: World, clock: FrozenClock) -> CircuitBreaker:
        """A breaker that opened ten minutes ago and has asked since."""
        breaker = CircuitBreaker(
            1,
            state_file=world.data_dir / "circuit_breaker.json",
            outage_history=OutageHistory(world.data_dir),
            clock=clock,
        )
        breaker.record_failure()
        clock.move(570)
        breaker.record_failure()
        clock.move(30)
        return breaker

    def test_visb_01_an_open_breaker_is_told_with_the_time_since_when_plex_is_away(
        self, check: Check, told: Told, world: World, clock: FrozenClock
    ) -> None:
        self.opened(world, clock)

        check()

        assert "Circuit breaker: OPEN (opened 10m 0s ago)" in told()

    def test_a_breaker_whose_time_is_over_is_told_as_half_open(
        self, check: Check, told: Told, world: World, clock: FrozenClock
    ) -> None:
        self.opened(world, clock)
        clock.move(90)

        check()

        assert "Circuit breaker: HALF_OPEN (opened 11m 30s ago)" in told()

    def test_a_breaker_that_closed_says_nothing_of_earlier_times(
        self, check: Check, told: Told, world: World, clock: FrozenClock
    ) -> None:
        self.opened(world, clock).reset()

        check()

        assert "Circuit breaker: CLOSED" in told()

    def test_a_breakers_file_that_makes_no_sense_is_unknown(
        self, check: Check, told: Told, world: World
    ) -> None:
        world.data_dir.mkdir()
        (world.data_dir / "circuit_breaker.json").write_text("half")

        assert check() == WELL
        assert "Circuit breaker: UNKNOWN" in told()

    def test_jobs_that_wait_for_an_open_breaker_are_a_warning(
        self, check: Check, told: Told, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage.enqueue(*(stage.world.add(f"s{n}") for n in range(2)))
        go_away(stage)
        stage.world.plex.weather("fine")
        caplog.clear()

        check()

        assert "Queue: 2 pending, 0 waiting for retry" in told()
        warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
        assert warnings == ["2 jobs wait until Plex answers again; nothing is lost"]

    @pytest.mark.parametrize("jobs", [0, 2])
    def test_jobs_that_wait_for_their_turn_are_none(
        self, jobs: int, check: Check, stage: Stage, caplog: pytest.LogCaptureFixture
    ) -> None:
        for n in range(jobs):
            hook(stage.world, stage.world.add(f"s{n}"))

        check()

        assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but those that SQLite keeps while somebody has the database open."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {
        str(file): file.read_bytes() for file in files if not file.name.endswith(("-wal", "-shm"))
    }


@pytest.mark.parametrize("weather", ["fine", 503, 401, "html"])
def test_hlth_02_a_check_changes_nothing_whatever_it_finds(
    weather: Sky, check: Check, stage: Stage
) -> None:
    stage.enqueue(*(stage.world.add(f"s{n}") for n in range(2)))
    go_away(stage)
    stage.world.plex.weather(weather)
    stage.clock.move(300)
    before = contents(stage.world.data_dir)
    rows = list(stage.queue.db.rows("SELECT * FROM ack_queue_default"))

    check()

    assert contents(stage.world.data_dir) == before
    assert list(stage.queue.db.rows("SELECT * FROM ack_queue_default")) == rows
    assert stage.plex_saw("GET") == len(stage.world.plex.requests) > 0


def test_what_it_says_can_be_read_in_any_log(
    check: Check, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    check()
    world.plex.stop()
    check()

    assert caplog.text.isascii()

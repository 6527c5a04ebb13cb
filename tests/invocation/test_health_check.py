"""Health Check names the first broken link to Plex and what to do about it, and changes nothing."""

from collections.abc import Callable

import pytest

from tests.invocation.circumstances import record, somebody_holds
from tests.invocation.outages import plex_went_away, section
from tests.invocation.witness import answer_of, error_of, rows
from tests.servers.plex.weather import Sky
from tests.servers.stash import PluginResult
from tests.world import World

Happening = Callable[[World], object]

UNREACHABLE = (
    "Plex: not reachable: start Plex, and see that plex_url is its address as this machine "
    "reaches it"
)
BUSY = "Plex: answers, but serves nothing yet: wait a few minutes"
REFUSED = "Token: not accepted: Plex refused the token when connecting: check plex_token"
NO_LIBRARY = "Libraries: not found: Plex has no library Scnes (it has: Scenes): check plex_library"


def meets(sky: Sky, path_prefix: str = "") -> Happening:
    return lambda world: world.plex.weather(sky, path_prefix=path_prefix)


def has_another_token(world: World) -> None:
    world.plex.token = "changed"


TROUBLES: dict[str, tuple[Happening, str]] = {
    "is off": (lambda world: world.plex.stop(), UNREACHABLE),
    "hangs up": (meets("reset"), UNREACHABLE),
    "is something else": (meets("html"), UNREACHABLE),
    "serves no library": (meets("maintenance", "/library"), BUSY),
    "is busy": (meets("hang", "/library"), BUSY),
    "has another token": (has_another_token, REFUSED),
    "has no such library": (
        lambda world: world.stash.settings.update(plex_library="Scnes"), NO_LIBRARY
    ),
}  # fmt: skip

SLOW: dict[str, Happening] = {"hangs": meets("hang"), "drips": meets("drip")}


def check(world: World) -> PluginResult:
    """Press the button while a process drains, so that none is started."""
    with somebody_holds(world.data_dir / "drain.lock"):
        return world.task("health_check")


def assert_it_says(result: PluginResult, trouble: str) -> None:
    """As a warning in the log, and in the answer."""
    (warning,) = [text for level, text in result.logs if level == "warning"]
    assert warning.startswith(trouble)
    assert answer_of(result) == {"output": f"Plex is not well: {warning}"}
    assert section(result, "Health Check")[-3:-1] == [
        "Circuit breaker: CLOSED",
        "Queue: 0 pending, 0 waiting for retry",
    ]


@pytest.mark.parametrize("how", TROUBLES)
def test_hlth_01_a_plex_that_is_not_well_is_reported_with_its_remedy(
    world: World, how: str
) -> None:
    world.stash.settings["read_timeout"] = 1
    happen, said = TROUBLES[how]
    happen(world)

    assert_it_says(check(world), said)


@pytest.mark.proof
@pytest.mark.parametrize("how", SLOW)
def test_a_plex_that_leaves_every_request_without_an_answer_is_not_reachable(
    world: World, how: str
) -> None:
    SLOW[how](world)

    assert_it_says(check(world), UNREACHABLE)


@pytest.mark.parametrize("sky", ["maintenance", 503, 429])
def test_a_plex_that_is_starting_is_not_reported_as_off(world: World, sky: Sky) -> None:
    world.plex.weather(sky)

    assert_it_says(check(world), BUSY)


def test_hlth_01_of_a_plex_that_is_well_it_reports_every_link(world: World) -> None:
    world.plex.add_section("Films", locations=("/films",))
    world.plex.add_section("Shows", kind="show")
    world.plex.slow_scan = True
    services = world.services()
    services.plex.scan(services.plex.sections()[1].key, "/films")

    result = check(world)

    assert answer_of(result) == {"output": "Plex is well"}
    reached, *lines = section(result, "Health Check")
    assert reached.startswith("Plex: reachable (")
    assert lines == [
        "Token: accepted",
        "Library: Scenes",
        "Library: Films (being scanned)",
        "Circuit breaker: CLOSED",
        "Queue: 0 pending, 0 waiting for retry",
        "Plex is well",
    ]
    assert not [text for level, text in result.logs if level == "warning"]


@pytest.mark.parametrize("how", ["is well", "is off"])
def test_it_tells_of_the_breaker_and_of_what_waits_and_changes_nothing(
    world: World, how: str
) -> None:
    record(world, *(world.add(name) for name in "abc"))
    plex_went_away(world, ago=65)
    if how == "is off":
        world.plex.stop()
    before = {file: file.read_bytes() for file in world.data_dir.glob("*.json")}

    result = check(world)

    breaker, queue, warning, _ = section(result, "Health Check")[-4:]
    assert breaker.startswith("Circuit breaker: HALF_OPEN (opened 1m ")
    assert queue == "Queue: 3 pending, 0 waiting for retry"
    assert warning == "3 jobs wait until Plex answers again; nothing is lost"
    assert {file: file.read_bytes() for file in before} == before
    assert len(rows(world)) == 3


def test_a_breaker_whose_file_makes_no_sense_is_reported_as_unknown(world: World) -> None:
    world.data_dir.mkdir(mode=0o700)
    (world.data_dir / "circuit_breaker.json").write_text("{}{")

    assert "Circuit breaker: UNKNOWN" in section(check(world), "Health Check")


@pytest.mark.parametrize(
    ("setting", "remedy"),
    [
        ({"plex_token": ""}, "plex_token is missing: enter your Plex token"),
        ({"plex_url": "localhost:32400"}, "plex_url must begin"),
    ],
)
def test_settings_that_are_not_filled_in_are_the_first_broken_link(
    world: World, setting: dict[str, str], remedy: str
) -> None:
    world.stash.settings.update(setting)

    assert remedy in error_of(check(world))
    assert world.plex.requests == []

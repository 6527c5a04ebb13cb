"""Each link to Plex, and what is said of the one that is broken."""

import pytest

from tests.doctor.checkup import check
from tests.servers.plex.journal import Request
from tests.servers.plex.weather import Sky
from tests.world import PLEX_TOKEN, World

LOGIN = "user:PASSWORD-5b1e@"


def test_user_and_password_of_an_address_are_never_shown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.plex.stop()
    address = world.plex.url.replace("://", f"://{LOGIN}")

    found = check(world, plex_url=address)

    assert found.wrong[0].startswith(f"Plex: not reachable at {world.plex.url} (")
    assert "PASSWORD-5b1e" not in f"{found} {caplog.text}"


def test_nor_are_they_if_plex_is_well(world: World, caplog: pytest.LogCaptureFixture) -> None:
    found = check(world, plex_url=world.plex.url.replace("://", f"://{LOGIN}"))

    assert any(
        line.startswith(f"Plex: answers at {world.plex.url} after ") for line in found.findings
    )
    assert "PASSWORD-5b1e" not in f"{found} {caplog.text}"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_an_address_of_this_machine_is_explained_to_those_who_use_containers(
    world: World, host: str
) -> None:
    port = world.plex.url.rpartition(":")[2]
    world.plex.stop()

    found = check(world, plex_url=f"http://{host}:{port}")

    assert "localhost is the machine or container that Stash runs in" in found.remedy("Plex: not")


def test_an_address_elsewhere_is_not(world: World) -> None:
    found = check(world, plex_url="http://plex.invalid:32400")

    assert found.remedy("Plex: not reachable at http://plex.invalid:32400 (") == (
        "start Plex, and check host and port of Plex address (Plex's port is 32400)"
    )


def test_https_to_a_plex_that_speaks_http_is_explained(world: World) -> None:
    found = check(world, plex_url=world.plex.url.replace("http:", "https:"))

    assert "try http:// instead of https://" in found.remedy("Plex: not reachable at https://")


ON_THE_WAY: dict[Sky, tuple[str, str]] = {
    "reset": ("Plex: not reachable at", "start Plex"),
    "html": ("Plex: not reachable at", "start Plex"),
    404: ("Plex: not reachable at", "start Plex"),
    302: ("Plex: not reachable at", "start Plex"),
    503: ("Plex: answers, but serves nothing yet", "wait a few minutes"),
    401: ("Plex: what answers at", "enter the address of Plex itself"),
    403: ("Plex: what answers at", "enter the address of Plex itself"),
}


@pytest.mark.parametrize("sky", ON_THE_WAY)
def test_what_answers_in_the_place_of_plex_is_the_broken_link(world: World, sky: Sky) -> None:
    world.plex.weather(sky, path_prefix="/identity")
    what, remedy = ON_THE_WAY[sky]

    found = check(world)

    (wrong,) = found.wrong
    assert wrong.startswith(what)
    assert found.remedy(what).startswith(remedy)


IN_THE_MIDDLE: dict[str, str] = {
    "/library/sections": "Plex: answers, but serves nothing yet",
    "/library/sections/1/all": "Check Setup could not look at everything",
    "/library/metadata": "Check Setup could not look at everything",
}


@pytest.mark.parametrize("path", IN_THE_MIDDLE)
def test_a_plex_that_falls_in_the_middle_ends_the_way_with_one_line(
    world: World, path: str
) -> None:
    world.add("a", title="A")

    def falls(request: Request) -> None:
        if request.path.startswith(path):
            world.plex.weather("reset")

    world.plex.on_request = falls
    found = check(world)

    (wrong,) = found.wrong
    assert wrong.startswith(IN_THE_MIDDLE[path])


@pytest.mark.parametrize("path", ["/library/sections/1/all", "/library/metadata"])
def test_a_token_that_is_refused_in_the_middle_ends_the_way_with_one_line(
    world: World, path: str
) -> None:
    world.add("a", title="A")

    def ends(request: Request) -> None:
        if request.path.startswith(path):
            world.plex.token = "another"

    world.plex.on_request = ends
    found = check(world)

    assert found.wrong == ["Check Setup could not look at everything"]
    assert "check plex_token" in found.remedy(found.wrong[0])
    assert PLEX_TOKEN not in str(found)


def test_a_plex_that_stumbles_over_whose_token_it_is_is_looked_at_further(world: World) -> None:
    world.add("a", title="A")

    def stumbles(request: Request) -> None:
        world.plex.weather(500 if request.path == "/library" else "fine")

    world.plex.on_request = stumbles
    found = check(world)

    assert found.wrong == []
    assert any(
        line.startswith("Token: accepted; whether it may write cannot be told now")
        for line in found.findings
    )
    assert any(line.startswith("Example: scene 1") for line in found.findings)


def test_a_plex_without_any_library_is_not_well(world: World) -> None:
    world.plex.library.sections.clear()

    found = check(world)

    assert found.remedy("Libraries: Plex has none that holds videos") == (
        "make a library of type Movies or Other Videos in Plex"
    )


def test_of_two_libraries_of_one_title_the_one_with_videos_is_meant(world: World) -> None:
    world.plex.add_section("Scenes", locations=("/music",), kind="artist")
    world.add("a")

    found = check(world, plex_library="scenes")

    assert found.wrong == []
    assert "Library Scenes: 1 items in /data" in found.findings


def test_two_libraries_of_one_title_are_both_looked_at(world: World) -> None:
    world.plex.add_section("Scenes", locations=("/more",))
    world.add("a")

    found = check(world, plex_library="Scenes")

    assert "Library Scenes: 1 items in /data" in found.findings
    assert found.wrong == ["Library Scenes: 0 items in /more"]


def test_a_library_that_is_being_scanned_may_be_empty(world: World) -> None:
    world.plex.slow_scan = True
    world.services().plex.scan(world.services().plex.sections()[0].key, "/data")

    found = check(world)

    assert found.remedy("Library Scenes: 0 items in /data; it is being scanned") == ""


def test_a_library_that_cannot_be_listed_is_said_and_the_others_are_compared(
    world: World,
) -> None:
    broken = world.plex.add_section("Broken", locations=("/broken",))
    world.plex.weather(500, path_prefix=f"/library/sections/{broken}/all")
    world.add("a", title="A")

    found = check(world)

    assert found.remedy("Library Broken: 0 items in /broken, but Plex does not show it").startswith(
        "press Check Setup again"
    )
    assert "Paths: 1 of 1 files are known to Plex under the same path" in found.findings


def test_a_title_with_control_characters_stays_on_its_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.plex.add_section("Films\x85\x01e\x02 \x1b[31m", locations=("/films",))
    world.plex.sends_illegal_characters = False

    check(world, plex_library="Films\n\x01e\x02")

    for record in caplog.records:
        if record.name.startswith("doctor"):
            assert record.getMessage().isprintable()

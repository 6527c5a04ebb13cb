"""Every kind of wrong answer that the loopback Plex can give."""

import socket
import time
from collections.abc import Iterator
from typing import Literal
from xml.etree import ElementTree

import pytest
import requests
from plexapi.exceptions import BadRequest
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex, Mood
from tests.servers.plex.client import BareClient

BROKEN = (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes",))
        yield server
    assert server.violations == []


@pytest.fixture
def bare(plex: LoopbackPlex) -> Iterator[BareClient]:
    with BareClient(plex) as client:
        yield client


@pytest.fixture
def api(plex: LoopbackPlex) -> Iterator[PlexServer]:
    with requests.Session() as session:
        yield PlexServer(plex.url, "secret", session=session)


@pytest.fixture
def edit(plex: LoopbackPlex, bare: BareClient) -> str:
    """An edit that gives the only item the title "New"."""
    key = plex.add_item("/plex/scenes/a.mp4")
    bare.read(f"/library/metadata/{key}")
    return f"/library/sections/1/all?type=1&id={key}&title.value=New"


def title(plex: LoopbackPlex) -> str:
    return plex.items()[0].title


@pytest.mark.parametrize("status", [401, 403, 429, 498, 500, 502, 503])
def test_every_request_gets_the_status_and_nothing_is_carried_out(
    plex: LoopbackPlex, bare: BareClient, edit: str, status: int
) -> None:
    plex.weather(status)

    assert bare.status("GET", "/identity") == status
    assert bare.status("PUT", edit) == status
    assert title(plex) == "a"

    plex.weather("fine")

    assert bare.status("PUT", edit) == 200
    assert title(plex) == "New"


def test_plexapi_does_not_know_what_498_is(plex: LoopbackPlex, api: PlexServer) -> None:
    plex.weather(498)

    with pytest.raises(TypeError):
        api.query("/")


def test_maintenance_is_503_with_the_words_of_a_migration(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    plex.weather("maintenance")

    response = bare.ask("GET", "/library/sections")

    root = ElementTree.fromstring(response.content)
    assert (response.status_code, root.tag, root.attrib["title"]) == (
        503,
        "Response",
        "Maintenance",
    )
    assert "database migrations" in root.attrib["status"]


def test_plexapi_calls_503_a_bad_request(plex: LoopbackPlex, api: PlexServer) -> None:
    plex.weather(503)

    with pytest.raises(BadRequest, match="503"):
        api.query("/")


def test_a_status_may_say_how_long_to_wait(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.weather(429, retry_after=7)

    assert bare.ask("GET", "/identity").headers["Retry-After"] == "7"


@pytest.mark.parametrize("sky", ["garbage", "html", "truncate"])
def test_what_is_no_xml_is_a_parse_error_to_plexapi(
    plex: LoopbackPlex, api: PlexServer, sky: Mood
) -> None:
    plex.weather(sky)

    with pytest.raises(ElementTree.ParseError):
        api.query("/library/sections")


def test_a_redirect_leads_to_a_page_that_is_not_plex(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.weather(302)

    response = bare.ask("GET", "/library/sections")

    assert response.status_code == 200
    assert response.url == plex.url + "/login"


def test_a_hanging_server_lets_the_client_run_into_its_timeout(
    plex: LoopbackPlex, bare: BareClient, edit: str
) -> None:
    plex.weather("hang")

    with pytest.raises(requests.exceptions.ReadTimeout):
        bare.ask("PUT", edit, timeout=0.2)

    assert title(plex) == "a"
    assert plex.requests[-1].status is None


def test_a_lost_answer_leaves_an_edit_that_was_carried_out(
    plex: LoopbackPlex, bare: BareClient, edit: str
) -> None:
    plex.weather("lost")

    with pytest.raises(requests.exceptions.ReadTimeout):
        bare.ask("PUT", edit, timeout=0.2)

    assert title(plex) == "New"


@pytest.mark.parametrize("sky", ["reset", "cut"])
def test_a_connection_that_breaks_in_mid_body_is_an_error_to_requests(
    plex: LoopbackPlex, bare: BareClient, sky: Mood
) -> None:
    plex.weather(sky)

    with pytest.raises(BROKEN):
        bare.ask("GET", "/library/sections")


@pytest.mark.parametrize("sky", ["reset", "cut", "truncate"])
def test_an_edit_whose_answer_breaks_off_was_carried_out(
    plex: LoopbackPlex, bare: BareClient, edit: str, sky: Mood
) -> None:
    plex.weather(sky)

    with pytest.raises(BROKEN):
        bare.ask("PUT", edit)

    assert title(plex) == "New"


def test_a_truncated_answer_has_a_length_that_agrees(plex: LoopbackPlex, bare: BareClient) -> None:
    whole = bare.ask("GET", "/library/sections").content
    plex.weather("truncate")

    assert bare.ask("GET", "/library/sections").content == whole[: len(whole) // 2]


@pytest.mark.parametrize("part", ["header", "body"])
def test_a_dripping_answer_never_runs_into_a_read_timeout_and_takes_its_time(
    plex: LoopbackPlex, bare: BareClient, part: Literal["header", "body"]
) -> None:
    plex.drip_interval = 0.001
    plex.weather("drip", part=part)
    began = time.monotonic()

    response = bare.ask("GET", "/identity", timeout=0.5)

    dripped = len(response.content) + (200 if part == "header" else 0)
    assert "machineIdentifier" in response.text
    assert time.monotonic() - began >= dripped * 0.001 / 2


def test_a_drip_is_one_byte_a_second_and_ends_when_the_server_stops(plex: LoopbackPlex) -> None:
    plex.weather("drip")
    host, port = plex.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /identity HTTP/1.1\r\n\r\n")
        began = time.monotonic()
        first = connection.recv(10)
        waited = time.monotonic() - began

        plex.stop()

        assert connection.recv(10) == b""
    assert first == b"H"
    assert 0.9 < waited < 3


def test_weather_may_be_limited_to_a_method_and_to_a_path(
    plex: LoopbackPlex, bare: BareClient, edit: str
) -> None:
    plex.weather(503, only="PUT")
    plex.weather(500, path_prefix="/library/metadata")

    assert bare.status("PUT", edit) == 503
    assert bare.status("GET", "/library/sections") == 200
    assert bare.status("GET", f"/library/metadata/{plex.items()[0].key}") == 500

    plex.weather("fine", only="PUT")

    assert bare.status("PUT", edit) == 200


def test_a_script_says_what_each_of_the_next_requests_meets(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    plex.next_answers([503, None, "reset"])

    assert bare.status("GET", "/identity") == 503
    assert bare.status("GET", "/identity") == 200
    with pytest.raises(BROKEN):
        bare.status("GET", "/identity")
    assert bare.status("GET", "/identity") == 200


def test_weather_that_does_not_exist_is_refused(plex: LoopbackPlex) -> None:
    with pytest.raises(ValueError, match="hale"):
        plex.weather("hale")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="hale"):
        plex.next_answers([None, "hale"])  # type: ignore[list-item]


def test_every_request_takes_the_latency(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.latency = 0.05
    began = time.monotonic()

    bare.ask("GET", "/identity")
    bare.ask("GET", "/identity")

    assert 0.1 <= time.monotonic() - began < 1

"""Outages, threads and connections of the loopback Plex."""

import http.client
import threading
from collections.abc import Iterator

import pytest
import requests

from tests.servers.plex import LoopbackPlex, Request
from tests.servers.plex.client import BareClient


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
def edit(plex: LoopbackPlex, bare: BareClient) -> str:
    """An edit that gives the only item the title "New"."""
    key = plex.add_item("/plex/scenes/a.mp4")
    bare.read(f"/library/metadata/{key}")
    return f"/library/sections/1/all?type=1&id={key}&title.value=New"


def title(plex: LoopbackPlex) -> str:
    return plex.items()[0].title


def test_a_stopped_server_refuses_connections_and_comes_back_on_the_same_port(
    plex: LoopbackPlex, bare: BareClient, edit: str
) -> None:
    address = plex.url

    plex.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        bare.ask("PUT", edit)
    assert title(plex) == "a"

    plex.start()
    assert plex.url == address
    assert bare.status("PUT", edit) == 200
    assert title(plex) == "New"


def test_many_outages_one_after_the_other(plex: LoopbackPlex, bare: BareClient) -> None:
    for _ in range(20):
        plex.stop()
        with pytest.raises(requests.exceptions.ConnectionError):
            bare.ask("GET", "/identity")
        plex.start()
        assert bare.status("GET", "/identity") == 200


def test_stopping_frees_clients_that_hang(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.weather("hang")
    arrived = threading.Event()
    plex.on_request = lambda request: arrived.set()
    ended = []

    def wait() -> None:
        try:
            bare.ask("GET", "/identity")
        except requests.exceptions.ConnectionError:
            ended.append("cut off")

    client = threading.Thread(target=wait)
    client.start()
    arrived.wait(5)
    plex.stop()
    client.join(5)

    assert ended == ["cut off"]


def test_a_server_may_die_between_a_change_and_its_answer(
    plex: LoopbackPlex, bare: BareClient, edit: str
) -> None:
    plex.before_answer = lambda request: plex.stop()

    with pytest.raises(requests.exceptions.ConnectionError):
        bare.ask("PUT", edit)

    assert title(plex) == "New"


def test_no_thread_outlives_the_server() -> None:
    before = threading.active_count()
    with LoopbackPlex() as plex, BareClient(plex) as bare:
        bare.ask("GET", "/identity")
        assert threading.active_count() == before + 2

    assert threading.active_count() == before


def test_one_connection_serves_many_requests(plex: LoopbackPlex, bare: BareClient) -> None:
    host = plex.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    connection.connect()
    socket_at_first = connection.sock

    for _ in range(3):
        connection.request("GET", "/identity")
        connection.getresponse().read()

    assert connection.sock is socket_at_first
    connection.close()


def test_fifty_clients_at_once_are_all_served(plex: LoopbackPlex) -> None:
    statuses: list[int] = []

    def ask() -> None:
        with BareClient(plex) as client:
            statuses.append(client.status("GET", "/library/sections"))

    clients = [threading.Thread(target=ask) for _ in range(50)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(10)

    assert statuses == [200] * 50


def test_a_test_may_look_on_as_a_request_arrives(plex: LoopbackPlex, bare: BareClient) -> None:
    seen: list[str] = []

    def look(request: Request) -> None:
        seen.append(request.path)

    plex.on_request = look
    bare.ask("GET", "/identity")

    assert seen == ["/identity"]


def test_a_fault_of_the_loopback_itself_is_reported() -> None:
    def fail(request: Request) -> None:
        raise RuntimeError("oops")

    with LoopbackPlex() as plex, BareClient(plex) as bare:
        plex.on_request = fail
        with pytest.raises(requests.exceptions.ConnectionError):
            bare.ask("GET", "/identity")

    assert "oops" in plex.violations[0]

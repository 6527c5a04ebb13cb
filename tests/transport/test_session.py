"""What a bounded session does with servers that do not answer as they should."""

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.transport.raw_server import OK, RawServer, answers, says_then_drips, says_then_hangs
from transport.session import bounded_session

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n"


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with bounded_session(connect=1, read=1, total=0.4, verify=False) as session:
        yield session


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", HEAD, CHUNKED],
    ids=["status", "header", "continue", "body", "chunk"],
)
def test_a_server_that_drips_is_left_at_the_deadline(
    session: requests.Session, head: bytes, tls: bool
) -> None:
    with RawServer(says_then_drips(head), tls=tls) as server:
        began = time.monotonic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.get(server.url)

        assert 0.3 < time.monotonic() - began < 3


@pytest.mark.parametrize("head", [b"", HEAD], ids=["header", "body"])
def test_a_server_that_hangs_is_left_after_the_read_timeout(head: bytes) -> None:
    with (
        bounded_session(connect=1, read=0.2, total=9) as session,
        RawServer(says_then_hangs(head)) as server,
    ):
        began = time.monotonic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.get(server.url)

        assert time.monotonic() - began < 3


def test_a_server_that_takes_no_upload_is_left_at_the_deadline(session: requests.Session) -> None:
    with RawServer(says_then_hangs()) as server:
        began = time.monotonic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.post(server.url, data=b"x" * 30_000_000)

        assert time.monotonic() - began < 3


def test_an_upload_may_take_longer_than_the_connect_timeout() -> None:
    def reads_slowly(connection: socket.socket, over: threading.Event) -> None:
        over.wait(0.4)
        received = 0
        while received < 20_000_000 and (piece := connection.recv(1_000_000)):
            received += len(piece)
        connection.sendall(OK)

    with (
        bounded_session(connect=0.2, read=5) as session,
        RawServer(reads_slowly) as server,
    ):
        assert session.post(server.url, data=b"x" * 20_065_536).text == "ok"


def test_a_body_that_is_streamed_has_the_same_deadline(session: requests.Session) -> None:
    with RawServer(says_then_drips(HEAD)) as server:
        began = time.monotonic()
        with (
            session.get(server.url, stream=True) as answer,
            pytest.raises(requests.exceptions.ConnectionError),
        ):
            b"".join(answer.iter_content(10))

        assert time.monotonic() - began < 3


def test_the_next_request_after_a_deadline_is_answered(session: requests.Session) -> None:
    with RawServer(says_then_hangs()) as slow, pytest.raises(requests.exceptions.ReadTimeout):
        session.get(slow.url)

    with RawServer(answers()) as server:
        assert session.get(server.url).text == "ok"


def test_without_a_total_the_deadline_is_the_sum_of_the_timeouts() -> None:
    with (
        bounded_session(connect=0.2, read=0.3) as session,
        RawServer(says_then_drips(HEAD)) as server,
    ):
        began = time.monotonic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.get(server.url)

        assert 0.45 < time.monotonic() - began < 3


@pytest.mark.parametrize("timeout", [0.15, (0.15, 0.15)], ids=["number", "pair"])
def test_a_timeout_given_with_the_request_replaces_the_default(
    timeout: float | tuple[float, float],
) -> None:
    with bounded_session() as session, RawServer(says_then_drips(HEAD)) as server:
        began = time.monotonic()
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.get(server.url, timeout=timeout)

        assert time.monotonic() - began < 3


def test_a_refused_connection_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    with bounded_session() as session, pytest.raises(requests.exceptions.ConnectionError) as told:
        session.get(f"http://127.0.0.1:{port}/")

    assert not isinstance(told.value, requests.exceptions.Timeout)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog refuses")
def test_a_server_that_never_accepts_is_left_after_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:  # fills the backlog
            one.setblocking(False)
            one.connect_ex(address)
        began = time.monotonic()
        with (
            bounded_session(connect=0.2) as session,
            pytest.raises(requests.exceptions.ConnectTimeout),
        ):
            session.get(f"http://127.0.0.1:{address[1]}/")
        for one in waiting:
            one.close()

    assert time.monotonic() - began < 3


def test_a_body_that_ends_early_is_a_broken_connection_and_no_timeout() -> None:
    def hangs_up(connection: socket.socket, _over: threading.Event) -> None:
        connection.sendall(HEAD + b"half")
        connection.shutdown(socket.SHUT_RDWR)

    with (
        bounded_session() as session,
        RawServer(hangs_up) as server,
        pytest.raises(requests.exceptions.RequestException) as told,
    ):
        session.get(server.url)

    assert not isinstance(told.value, requests.exceptions.Timeout)


def test_nothing_is_tried_twice() -> None:
    def hangs_up(connection: socket.socket, _over: threading.Event) -> None:
        connection.shutdown(socket.SHUT_RDWR)

    with bounded_session() as session, RawServer(hangs_up) as server:
        with pytest.raises(requests.exceptions.ConnectionError):
            session.get(server.url)

        assert len(server.requests) == 1


def test_20_requests_use_one_connection(session: requests.Session) -> None:
    with RawServer(answers()) as server:
        for _ in range(20):
            session.get(server.url)

        assert server.connections == 1


def test_two_threads_have_their_own_deadlines(session: requests.Session) -> None:
    ended: list[float] = []

    def fetch(url: str, timeout: float) -> None:
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.get(url, timeout=timeout)
        ended.append(time.monotonic() - began)

    with RawServer(says_then_hangs()) as server:
        began = time.monotonic()
        slow = threading.Thread(target=fetch, args=(server.url, 1))
        slow.start()
        fetch(server.url, 0.1)
        slow.join()

    assert ended[0] < 0.4 <= ended[1]


def test_a_redirect_is_returned_and_not_followed(session: requests.Session) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answers(moved)) as server:
        answer = session.get(server.url)

        assert (answer.status_code, len(server.requests)) == (302, 1)


def test_a_proxy_of_the_environment_is_not_used(
    session: requests.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with RawServer(answers()) as server:
        assert session.get(server.url).text == "ok"


def test_a_certificate_that_nobody_vouches_for_is_refused_unless_told_otherwise() -> None:
    with (
        RawServer(answers(), tls=True) as server,
        bounded_session() as session,
        pytest.raises(requests.exceptions.SSLError),
    ):
        session.get(server.url)


def test_closing_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    with RawServer(answers()) as server, bounded_session() as session:
        session.get(server.url)

    assert threading.active_count() == before

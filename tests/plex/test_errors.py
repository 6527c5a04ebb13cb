"""What each kind of trouble becomes, and that no message tells what should stay untold."""

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from domain.errors import (
    BadSettings,
    PermanentError,
    PlexRefused,
    PlexServerDown,
    PlexTemporaryError,
    Stash2PlexError,
)
from domain.plex_item import RatingKey
from plex.client import PlexClient
from tests.plex.conftest import SCENES
from tests.servers.plex import LoopbackPlex

Connect = Callable[..., PlexClient]

MOODS = ["reset", "cut", "truncate", "garbage", "html", "maintenance"]
STATUSES = [408, 429, 500, 502, 503, 504, 520, 599]
SECRET = "private title"


@pytest.fixture
def key(plex: LoopbackPlex, client: PlexClient) -> RatingKey:
    """An item that was read, so that it may be written."""
    found = RatingKey(plex.add_item("/plex/a.mp4"))
    client.items([found])
    plex.clear_requests()
    return found


def edit(client: PlexClient, key: RatingKey) -> None:
    client.edit(SCENES, (key,), [("title.value", SECRET), ("title.locked", "1")])


@pytest.mark.parametrize("trouble", [*STATUSES, *MOODS])
def test_trouble_with_one_request_is_the_items_if_plex_answers_the_next(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey, trouble: int | str
) -> None:
    plex.next_answers([trouble])  # type: ignore[list-item]

    with pytest.raises(PlexTemporaryError):
        client.items([key])

    assert len(plex.requests) == 2


@pytest.mark.parametrize("trouble", [*STATUSES, *MOODS])
def test_trouble_with_every_request_is_the_servers(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey, trouble: int | str
) -> None:
    plex.weather(trouble)  # type: ignore[arg-type]

    with pytest.raises(PlexServerDown):
        client.items([key])

    assert len(plex.requests) == 2


@pytest.mark.parametrize("mood", ["hang", "drip"])
def test_a_plex_that_never_finishes_is_given_up_in_time(
    plex: LoopbackPlex, connect: Connect, mood: str
) -> None:
    client = connect(connect_timeout=0.2, read_timeout=0.2)
    client.server()
    plex.drip_interval = 0.1
    plex.weather(mood)  # type: ignore[arg-type]

    with pytest.raises(PlexServerDown, match="in time"):
        client.sections()


def test_a_plex_that_is_not_there_costs_one_request(plex: LoopbackPlex, connect: Connect) -> None:
    plex.stop()

    with pytest.raises(PlexServerDown):
        connect().sections()

    plex.start()


def test_a_plex_that_comes_back_is_used_again(plex: LoopbackPlex, client: PlexClient) -> None:
    client.sections()
    plex.stop()
    with pytest.raises(PlexServerDown):
        client.sections()

    plex.start()

    assert client.sections()


def test_a_refusal_of_the_second_request_wins(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plex.next_answers([500, 401])

    with pytest.raises(PlexRefused):
        edit(client, key)


@pytest.mark.parametrize("status", [401, 498])
def test_a_refused_token_is_for_the_user_to_mend(
    plex: LoopbackPlex, client: PlexClient, status: int
) -> None:
    plex.weather(status)

    with pytest.raises(PlexRefused, match="check plex_token"):
        client.sections()


def test_a_token_that_is_not_the_owners_is_for_the_user_to_mend(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    plex.weather(403)

    with pytest.raises(PlexRefused, match="use the owner's token"):
        client.sections()


@pytest.mark.parametrize("status", [400, 409, 414, 422])
def test_what_plex_will_never_accept_is_buried(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey, status: int
) -> None:
    plex.next_answers([status])

    with pytest.raises(PermanentError):
        edit(client, key)

    assert len(plex.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed_but_told(
    plex: LoopbackPlex, client: PlexClient, status: int
) -> None:
    plex.weather(status)

    with pytest.raises(BadSettings, match="check plex_url"):
        client.sections()

    assert plex.count("GET") == 1
    assert plex.count("GET", "/login") == 0


def test_an_address_where_no_plex_is_is_for_the_user_to_mend(
    plex: LoopbackPlex, connect: Connect
) -> None:
    with pytest.raises(BadSettings, match="not Plex: check plex_url"):
        connect(url=f"{plex.url}/nothing/here").sections()


@pytest.mark.parametrize("url", ["plex", "ftp://plex", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_for_the_user_to_mend(connect: Connect, url: str) -> None:
    with pytest.raises(BadSettings, match="plex_url is no address"):
        connect(url=url).sections()


@pytest.mark.parametrize(("header", "seconds"), [(17, 17.0), (None, None)])
def test_the_wait_that_plex_asks_for_is_passed_on(
    plex: LoopbackPlex,
    client: PlexClient,
    key: RatingKey,
    header: int | None,
    seconds: float | None,
) -> None:
    plex.weather(429, "PUT", retry_after=header)

    with pytest.raises(PlexTemporaryError) as caught:
        edit(client, key)

    assert caught.value.retry_after == seconds


def test_one_item_that_plex_chokes_on_is_no_outage(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey
) -> None:
    plex.chokes_on(key, 500)

    with pytest.raises(PlexTemporaryError, match="Plex answered 500 when editing"):
        edit(client, key)


@pytest.mark.parametrize("trouble", [400, 401, 403, 404, 414, 498, 500, 503, 302, "html", "reset"])
def test_no_message_tells_address_token_or_values(
    plex: LoopbackPlex, client: PlexClient, key: RatingKey, trouble: int | str
) -> None:
    plex.weather(trouble)  # type: ignore[arg-type]

    with pytest.raises(Stash2PlexError) as caught:
        edit(client, key)

    told = repr(caught.value)
    assert caught.value.__cause__ is None
    assert not any(secret in told for secret in (plex.url, plex.token, "private", "127.0.0.1"))


LIBRARIES = (
    '<MediaContainer machineIdentifier="m"><Directory key="1" title="Ümlaut"/></MediaContainer>'
)
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml"><body>Sign in</body></html>'


class Stub(BaseHTTPRequestHandler):
    """Gives one answer to everything, and does not say in which encoding."""

    reads, writes = LIBRARIES, XHTML

    def do_GET(self) -> None:
        self.answer(self.reads)

    def do_PUT(self) -> None:
        self.answer(self.writes)

    def answer(self, text: str) -> None:
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Tests have their own output."""


class SignIn(Stub):
    """Something in front of Plex that wants a password first, in well-formed XML."""

    reads = XHTML


@pytest.fixture(params=[Stub])
def stub(request: pytest.FixtureRequest) -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), request.param) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_text_without_a_charset_is_read_as_utf_8(stub: HTTPServer, connect: Connect) -> None:
    (section,) = connect(url=f"http://127.0.0.1:{stub.server_port}").sections()

    assert section.title == "Ümlaut"


@pytest.mark.parametrize("stub", [SignIn], indirect=True)
def test_a_page_that_wants_a_password_is_not_taken_for_plex(
    stub: HTTPServer, connect: Connect
) -> None:
    with pytest.raises(PlexServerDown, match="what answers at plex_url is not Plex"):
        connect(url=f"http://127.0.0.1:{stub.server_port}").server()


def test_a_page_that_wants_a_password_is_not_taken_for_an_edit_that_worked(
    stub: HTTPServer, connect: Connect
) -> None:
    with pytest.raises(PlexTemporaryError, match="what answered was not Plex, when editing"):
        edit(connect(url=f"http://127.0.0.1:{stub.server_port}"), RatingKey(1))


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate")
def test_a_certificate_that_does_not_fit_is_for_the_user_to_mend(
    stub: HTTPServer, connect: Connect, tmp_path: Path
) -> None:
    files = tmp_path / "key.pem", tmp_path / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=plex.direct"]
    subprocess.run([*make, "-keyout", files[0], "-out", files[1]], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    stub.socket = context.wrap_socket(stub.socket, server_side=True)

    with pytest.raises(BadSettings, match="certificate does not belong to plex_url"):
        connect(url=f"https://127.0.0.1:{stub.server_port}").sections()

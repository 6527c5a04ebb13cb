"""Where Stash is, from what it tells a plugin."""

from typing import Any

import pytest

from domain.errors import StashUnavailable
from stash.connection import Connection

TOLD: dict[str, Any] = {
    "Scheme": "http",
    "Host": "127.0.0.1",
    "Port": 9999,
    "SessionCookie": {"Name": "session", "Value": "s3cret|x="},
    "Dir": "/root/.stash",
}


@pytest.mark.parametrize(
    ("bound_to", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:9999"),
        ("", "http://127.0.0.1:9999"),
        (None, "http://127.0.0.1:9999"),
        ("::", "http://[::1]:9999"),
        ("[::]", "http://[::1]:9999"),
        ("::1", "http://[::1]:9999"),
        ("fd00::5", "http://[fd00::5]:9999"),
        ("192.168.1.5", "http://192.168.1.5:9999"),
        ("stash.lan", "http://stash.lan:9999"),
    ],
)
def test_stash_is_reached_where_it_listens(bound_to: str | None, url: str) -> None:
    assert Connection.from_server(TOLD | {"Host": bound_to}).base_url == url


@pytest.mark.parametrize("cookie", [None, {}, {"Value": None}])
def test_stash_may_give_no_cookie(cookie: object) -> None:
    assert Connection.from_server(TOLD | {"SessionCookie": cookie}).cookie == ""


def test_the_cookie_is_kept_and_never_printed() -> None:
    connection = Connection.from_server(TOLD)

    assert connection.cookie == "s3cret|x="
    assert "s3cret" not in f"{connection} {connection!r}"
    assert "key" not in repr(Connection("http", "stash", 1, api_key="key")).replace("api_key", "")


@pytest.mark.parametrize(
    ("host", "verified"),
    [
        ("0.0.0.0", False),
        ("::", False),
        ("127.0.0.2", False),
        ("localhost", False),
        ("192.168.1.5", True),
        ("stash.lan", True),
    ],
)
def test_a_certificate_must_be_valid_unless_it_is_this_machines(host: str, verified: bool) -> None:
    connection = Connection.from_server(TOLD | {"Scheme": "https", "Host": host})

    assert connection.base_url.startswith("https://")
    assert connection.verify is verified


@pytest.mark.parametrize("port", [None, "", "http", {}])
def test_without_a_port_nothing_can_be_asked(port: object) -> None:
    with pytest.raises(StashUnavailable):
        Connection.from_server(TOLD | {"Port": port})

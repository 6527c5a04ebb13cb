"""Where Stash is, from what it tells a plugin or from the address in a browser."""

from typing import Any

import pytest

from domain.errors import BadSettings, StashUnavailable
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


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://localhost:9999", "http://localhost:9999"),
        ("http://localhost:9999/", "http://localhost:9999"),
        ("  http://localhost:9999\n", "http://localhost:9999"),
        ("http://stash.lan", "http://stash.lan:80"),
        ("https://stash.lan", "https://stash.lan:443"),
        ("HTTPS://Stash.LAN:8443", "https://stash.lan:8443"),
        ("http://[::1]:9999", "http://[::1]:9999"),
        ("http://[fd00::5]", "http://[fd00::5]:80"),
        ("https://home.example/stash", "https://home.example:443/stash"),
        ("https://home.example/a/stash/", "https://home.example:443/a/stash"),
        ("http://stash.lan:9999?x=1#y", "http://stash.lan:9999"),
    ],
)
def test_stash_is_reached_at_the_address_in_a_browser(address: str, url: str) -> None:
    assert Connection.from_url(address, "").base_url == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "stash.lan",
        "stash.lan:9999",
        "localhost:9999",
        "192.168.1.5:9999",
        "//stash.lan:9999",
        "ftp://stash.lan",
        "file:///etc/passwd",
        "http://",
        "http://:9999",
        "http://stash.lan:port",
        "http://stash.lan:99999",
        "http://stash.lan:-1",
        "http://[::1",
    ],
)
def test_what_is_no_address_is_told_with_an_example(address: str) -> None:
    with pytest.raises(BadSettings, match=r"STASH_URL is no address.*http://192\.168\.1\.5:9999"):
        Connection.from_url(address, "")


def test_the_api_key_is_kept_and_never_printed() -> None:
    connection = Connection.from_url("http://stash.lan:9999", "s3cret")

    assert (connection.api_key, connection.cookie) == ("s3cret", "")
    assert "s3cret" not in f"{connection} {connection!r}"


def test_a_password_in_the_address_is_not_passed_on_nor_printed() -> None:
    connection = Connection.from_url("http://user:s3cret@stash.lan:9999", "")

    assert connection.base_url == "http://stash.lan:9999"
    assert "s3cret" not in repr(connection)


@pytest.mark.parametrize(
    ("address", "verified"),
    [
        ("https://localhost:9999", False),
        ("https://127.0.0.1:9999", False),
        ("https://[::1]:9999", False),
        ("https://192.168.1.5:9999", True),
        ("https://stash.lan", True),
    ],
)
def test_a_certificate_at_such_an_address_must_be_valid_unless_it_is_this_machines(
    address: str, verified: bool
) -> None:
    assert Connection.from_url(address, "").verify is verified

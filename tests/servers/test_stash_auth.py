"""Who is let in: key before cookie, sessions that age, and what strangers are told."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import ask, client_of, get

VERSION = "{version {version}}"


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        server.add_scene("One", cover=b"\xff\xd8\xff one")
        yield server
        assert server.crashes == []


def cookie(value: str) -> str:
    return f"session={value}"


@pytest.mark.parametrize("auth", ["none", "password", "key"])
def test_a_wrong_key_is_401_in_every_mode_even_with_a_good_cookie(
    stash: LoopbackStash, auth: str
) -> None:
    stash.auth = auth  # type: ignore[assignment]

    by_header = ask(stash, VERSION, ApiKey="wrong", Cookie=cookie(stash.new_cookie()))
    by_parameter = get(stash, "/scene/1/screenshot?apikey=wrong", Cookie=cookie(stash.new_cookie()))

    assert (by_header.status_code, by_parameter.status_code) == (401, 401)
    assert by_header.headers["WWW-Authenticate"] == "FormBased"


def test_the_right_key_is_wrong_where_none_is_configured(stash: LoopbackStash) -> None:
    stash.auth = "password"

    assert ask(stash, VERSION, ApiKey=stash.api_key).status_code == 401


@pytest.mark.parametrize("how", ["header", "parameter", "cookie"])
def test_with_a_key_each_of_three_ways_leads_in(stash: LoopbackStash, how: str) -> None:
    stash.auth = "key"
    path = "/scene/1/screenshot"
    headers: dict[str, Any] = {}
    if how == "header":
        headers = {"ApiKey": stash.api_key}
    elif how == "parameter":
        path += f"?apikey={stash.api_key}"
    else:
        headers = {"Cookie": cookie(stash.new_cookie())}

    assert get(stash, path, **headers).content == b"\xff\xd8\xff one"


def test_a_stranger_at_graphql_gets_401_with_an_empty_body(stash: LoopbackStash) -> None:
    stash.auth = "password"

    answer = ask(stash, VERSION)

    assert (answer.status_code, answer.content) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == "FormBased"


def test_a_stranger_at_a_picture_is_sent_to_a_login_page_that_is_200(stash: LoopbackStash) -> None:
    stash.auth = "password"

    turned_away = get(stash, "/scene/1/screenshot?t=5", follow=False)
    followed = get(stash, "/scene/1/screenshot?t=5")

    assert turned_away.status_code == 302
    place = urlsplit(turned_away.headers["Location"])
    assert (place.path, parse_qs(place.query)) == (
        "/login",
        {"returnURL": ["/scene/1/screenshot?t=5"]},
    )
    assert (followed.status_code, followed.headers["Content-Type"]) == (200, "text/html")


def test_a_stranger_at_a_path_with_an_extension_gets_401(stash: LoopbackStash) -> None:
    stash.auth = "password"

    assert get(stash, "/scene/abc_thumbs.vtt").status_code == 401
    assert get(stash, "/healthz").status_code == 200


def test_without_a_password_everything_is_open_whatever_the_cookie(stash: LoopbackStash) -> None:
    answer = ask(stash, VERSION, Cookie=cookie("nonsense"))

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("auth", ["none", "password", "key"])
def test_a_request_with_a_good_cookie_gets_a_fresh_one(stash: LoopbackStash, auth: str) -> None:
    stash.auth = auth  # type: ignore[assignment]
    clock = [datetime(2024, 6, 1, tzinfo=UTC)]
    stash.now = lambda: clock[0]
    first = stash.new_cookie()
    clock[0] += timedelta(seconds=3000)

    answer = ask(stash, VERSION, Cookie=cookie(first))

    assert answer.status_code == 200
    assert answer.cookies["session"] != first
    assert "Max-Age=3600" in answer.headers["Set-Cookie"]


def test_a_request_with_the_key_gets_no_cookie(stash: LoopbackStash) -> None:
    stash.auth = "key"

    answer = ask(stash, VERSION, ApiKey=stash.api_key, Cookie=cookie(stash.new_cookie()))

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(("domain", "lives"), [("127.0.0.1", True), ("", False)])
def test_a_cookie_dies_after_its_lifetime_unless_the_jar_replaces_it_by_the_fresh_one(
    stash: LoopbackStash, domain: str, lives: bool
) -> None:
    # A jar that got the first cookie without a domain (stashapi's does) keeps both, sends both,
    # and Go reads the first.
    stash.auth = "password"
    stash.session_lifetime = 100
    clock = [datetime.now(UTC)]
    stash.now = lambda: clock[0]
    statuses = []
    with requests.Session() as session:
        session.cookies.set("session", stash.new_cookie(), domain=domain, path="/")
        for _ in range(4):
            clock[0] += timedelta(seconds=60)
            answer = session.post(f"{stash.url}/graphql", json={"query": VERSION}, timeout=10)
            statuses.append(answer.status_code)

    assert statuses == ([200] * 4 if lives else [200, 401, 401, 401])


def test_an_expired_cookie_at_a_picture_leads_to_the_login_page(stash: LoopbackStash) -> None:
    stash.auth = "password"
    old = stash.new_cookie()
    stash.expire_sessions()

    assert get(stash, "/scene/1/screenshot", follow=False, Cookie=cookie(old)).status_code == 302
    assert ask(stash, VERSION, Cookie=cookie(old)).status_code == 401
    assert ask(stash, VERSION, Cookie=cookie(stash.new_cookie())).status_code == 200


def test_a_lifetime_of_zero_is_for_ever(stash: LoopbackStash) -> None:
    stash.auth = "password"
    stash.session_lifetime = 0
    value = stash.new_cookie()
    stash.now = lambda: datetime.now(UTC) + timedelta(days=400)

    assert ask(stash, VERSION, Cookie=cookie(value)).status_code == 200


def test_the_cookie_of_the_plugins_input_opens_the_door(stash: LoopbackStash) -> None:
    stash.auth = "password"

    client = client_of(stash)
    title = client.find_scene(1)["title"]
    client.s.close()

    assert title == "One"


@pytest.mark.parametrize(
    ("version", "right", "wrong"), [("v0.30.1", 200, 401), ("v0.28.1", 302, 200)]
)
def test_the_login_form_gives_a_session(version: str, right: int, wrong: int) -> None:
    with LoopbackStash(version=version) as stash:
        stash.auth = "password"
        url = f"{stash.url}/login"
        form = {"username": stash.door.username, "password": stash.door.password}
        good = requests.post(url, data=form, timeout=10, allow_redirects=False)
        bad = requests.post(url, data={**form, "password": "x"}, timeout=10, allow_redirects=False)
        status = ask(stash, VERSION, Cookie=cookie(good.cookies["session"])).status_code

    assert (good.status_code, bad.status_code, status) == (right, wrong, 200)
    assert "session" not in bad.cookies

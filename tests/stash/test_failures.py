"""Every way in which Stash may fail comes out in our words, and without a secret."""

import socket
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

import pytest

from domain.errors import StashRefused, StashUnavailable, TransientError
from domain.job import SceneId
from stash.client import StashClient
from stash.connection import Connection
from tests.servers.stash import LoopbackStash
from tests.servers.stash.weather import Weather

Call = Callable[[StashClient], object]

ASK: dict[str, Call] = {
    "start": lambda client: client.start(),
    "scenes": lambda client: client.scenes([SceneId(1)]),
    "scene_ids": lambda client: client.scene_ids(),
    "recent": lambda client: client.recent_scene_ids(since=0),
    "titles": lambda client: client.scene_titles([SceneId(1)]),
    "cover": lambda client: client.cover(SceneId(1), '"x"'),
}
BAD: list[Weather] = [
    "hang", "drip", "reset", "truncate", "gibberish", "locked", 500, 502, 503, 504, 429,
]  # fmt: skip


@pytest.fixture(autouse=True)
def _scene(stash: LoopbackStash) -> None:
    stash.add_scene(cover=b"\xff\xd8\xff" + b"x" * 5000)


@pytest.mark.parametrize(("name", "weather"), list(product(ASK, BAD)))
def test_a_stash_that_fails_is_unavailable(
    stash: LoopbackStash, hasty_client: StashClient, name: str, weather: Weather
) -> None:
    stash.weather(weather)

    with pytest.raises(StashUnavailable) as told:
        ASK[name](hasty_client)

    assert not isinstance(told.value, StashRefused)
    assert all(secret not in str(told.value) for secret in ("session=", "graphql", "?"))


@pytest.mark.parametrize("name", sorted(set(ASK) - {"cover"}))
@pytest.mark.parametrize("weather", ["garbage", "html"])
def test_what_is_no_graphql_is_a_failure(
    stash: LoopbackStash, client: StashClient, name: str, weather: Weather
) -> None:
    stash.weather(weather)

    with pytest.raises(StashUnavailable, match="Stash failed while"):
        ASK[name](client)


@pytest.mark.parametrize("name", ["start", "scene_ids", "recent"])
def test_a_resolver_that_panics_is_a_failure(
    stash: LoopbackStash, client: StashClient, name: str
) -> None:
    stash.weather("panic")

    with pytest.raises(StashUnavailable, match="Internal system error"):
        ASK[name](client)


def test_scenes_that_stash_cannot_read_while_it_reads_nothing_are_its_failure(
    stash: LoopbackStash, client: StashClient
) -> None:
    stash.weather("panic")

    with pytest.raises(StashUnavailable):
        client.scenes([SceneId(1)])


def test_a_scene_that_stash_cannot_read_while_it_reads_others_is_to_blame(
    stash: LoopbackStash, client: StashClient
) -> None:
    stash.next_answers(["panic"])

    found = client.scenes([SceneId(1), SceneId(99)])

    assert isinstance(found[SceneId(1)], TransientError)
    assert [request.operation for request in stash.requests] == ["findScene", "findScenes"]


@pytest.mark.parametrize("name", sorted(ASK))
@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_is_told_as_one(
    stash: LoopbackStash, client: StashClient, name: str, status: int
) -> None:
    stash.weather(status)

    with pytest.raises(StashRefused, match=r"^Stash refused the session: "):
        ASK[name](client)


@pytest.mark.parametrize("name", sorted(ASK))
def test_a_session_that_expired_is_refused(
    stash: LoopbackStash, client: StashClient, name: str
) -> None:
    stash.auth = "password"
    ASK[name](client)
    stash.expire_sessions()

    with pytest.raises(StashRefused, match=r"^Stash refused the session: "):
        ASK[name](client)


def test_a_session_that_is_used_does_not_expire(stash: LoopbackStash, client: StashClient) -> None:
    stash.auth = "password"
    began = stash.now()
    for minutes in range(0, 180, 50):
        stash.now = standing_at(began + timedelta(minutes=minutes))
        client.start()
        client.cover(SceneId(1))

    assert {request.status for request in stash.requests} == {200}
    assert all(str(request.headers["Cookie"]).count("session=") == 1 for request in stash.requests)


def standing_at(moment: datetime) -> Callable[[], datetime]:
    return lambda: moment


def test_an_api_key_is_enough(stash: LoopbackStash) -> None:
    stash.auth = "key"
    client = StashClient(Connection("http", stash.host, stash.port, api_key=stash.api_key))

    assert client.start().version
    client.close()


def test_a_stash_without_a_password_needs_no_cookie(stash: LoopbackStash) -> None:
    client = StashClient(Connection.from_server(stash.connection(cookie=False)))

    assert client.start().version
    client.close()


def test_a_stash_that_is_away_is_unavailable_and_found_again(
    stash: LoopbackStash, client: StashClient
) -> None:
    client.start()
    stash.stop()
    with pytest.raises(StashUnavailable):
        client.start()

    stash.start()

    assert client.start().version


def test_a_port_where_nobody_listens_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    client = StashClient(Connection("http", "127.0.0.1", port, cookie="s3cret"))

    with pytest.raises(StashUnavailable, match=r"^no answer from Stash while .*ConnectionError"):
        client.start()
    client.close()

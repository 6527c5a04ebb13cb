"""Bad weather: each kind as a client meets it, for all requests, one kind, or one by one."""

import threading
import time
from collections.abc import Iterator

import pytest
import requests

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import ask, data, get

VERSION = "{version {version}}"


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        server.add_scene("One", cover=b"\xff\xd8\xff" + bytes(500))
        yield server
        assert server.crashes == []


def impatient(stash: LoopbackStash) -> requests.Response:
    body = {"query": VERSION}
    return requests.post(f"{stash.url}/graphql", json=body, timeout=0.3)


@pytest.mark.parametrize("status", [401, 500, 502, 503])
def test_a_status_is_answered_to_everything(stash: LoopbackStash, status: int) -> None:
    stash.weather(status)

    assert ask(stash, VERSION).status_code == status
    assert get(stash, "/scene/1/screenshot").status_code == status
    assert [request.status for request in stash.requests] == [status, status]


def test_a_hanging_server_answers_nothing_but_has_seen_the_request(stash: LoopbackStash) -> None:
    stash.weather("hang")

    with pytest.raises(requests.ReadTimeout):
        impatient(stash)

    assert [(each.operation, each.status) for each in stash.requests] == [("version", 0)]


def test_what_hangs_is_let_go_when_the_weather_turns(stash: LoopbackStash) -> None:
    stash.weather("hang")
    timer = threading.Timer(0.2, stash.weather, ["fine"])
    timer.start()
    started = time.monotonic()

    with pytest.raises(requests.ConnectionError):
        ask(stash, VERSION)

    timer.join()
    assert time.monotonic() - started < 5
    assert ask(stash, VERSION).status_code == 200


def test_a_stop_does_not_wait_for_what_hangs(stash: LoopbackStash) -> None:
    stash.weather("hang")
    with pytest.raises(requests.ReadTimeout):
        impatient(stash)
    started = time.monotonic()

    stash.stop()

    assert time.monotonic() - started < 2


def test_a_dripping_answer_defeats_a_read_timeout(stash: LoopbackStash) -> None:
    stash.weather("drip")
    stash.drip_interval = 0.02
    started = time.monotonic()

    answer = impatient(stash)

    assert answer.json()["data"]["version"] == {"version": "v0.30.1"}
    assert time.monotonic() - started > 0.5


def test_a_reset_tears_the_connection_down(stash: LoopbackStash) -> None:
    stash.weather("reset")

    with pytest.raises(requests.ConnectionError) as caught:
        ask(stash, VERSION)

    assert "reset" in str(caught.value).lower()


def test_a_truncated_answer_ends_before_its_length(stash: LoopbackStash) -> None:
    stash.weather("truncate")

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(stash, VERSION)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        get(stash, "/scene/1/screenshot")


def test_garbage_is_200_with_a_body_that_is_no_json(stash: LoopbackStash) -> None:
    stash.weather("garbage")

    answer = ask(stash, VERSION)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    with pytest.raises(requests.JSONDecodeError):
        answer.json()
    assert get(stash, "/scene/1/screenshot").headers["Content-Type"] == "image/jpeg"


def test_gibberish_is_not_even_http(stash: LoopbackStash) -> None:
    stash.weather("gibberish")

    with pytest.raises(requests.ConnectionError):
        ask(stash, VERSION)


def test_html_is_a_page_where_json_or_a_picture_should_be(stash: LoopbackStash) -> None:
    stash.weather("html")

    for answer in (ask(stash, VERSION), get(stash, "/scene/1/screenshot")):
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html")


@pytest.mark.parametrize(
    ("weather", "words", "picture"),
    [("locked", "database is locked", 404), ("panic", "Internal system error", 500)],
)
def test_a_locked_database_and_a_crash_are_200_with_errors(
    stash: LoopbackStash, weather: str, words: str, picture: int
) -> None:
    stash.weather(weather)  # type: ignore[arg-type]

    answer = ask(stash, '{findScenes(ids: ["1"]) {count}}')

    assert (answer.status_code, answer.json()["data"]) == (200, None)
    assert words in answer.json()["errors"][0]["message"]
    assert answer.json()["errors"][0]["path"] == ["findScenes"]
    assert get(stash, "/scene/1/screenshot").status_code == picture


def test_the_weather_can_be_bad_for_one_kind_only(stash: LoopbackStash) -> None:
    stash.weather(503, only="image")

    assert ask(stash, VERSION).status_code == 200
    assert get(stash, "/scene/1/screenshot").status_code == 503

    stash.weather("fine")
    assert get(stash, "/scene/1/screenshot").status_code == 200


def test_ordered_answers_are_used_one_by_one_before_the_weather(stash: LoopbackStash) -> None:
    stash.next_answers([503, "fine", 502])

    assert [ask(stash, VERSION).status_code for _ in range(4)] == [503, 200, 502, 200]


def test_ordered_answers_can_wait_for_one_kind(stash: LoopbackStash) -> None:
    stash.next_answers([503], only="image")

    assert ask(stash, VERSION).status_code == 200
    assert get(stash, "/scene/1/screenshot").status_code == 503
    assert get(stash, "/scene/1/screenshot").status_code == 200


def test_a_weather_that_is_none_is_refused(stash: LoopbackStash) -> None:
    with pytest.raises(ValueError, match="no such weather"):
        stash.weather("mild")  # type: ignore[arg-type]


def test_a_mutation_can_succeed_and_its_answer_still_be_lost(stash: LoopbackStash) -> None:
    stash.next_answers(["truncate"])

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        data(stash, 'mutation {sceneUpdate(input: {id: 1, title: "New"}) {id}}')

    assert stash.scene(1).title == "New"

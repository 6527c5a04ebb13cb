"""Whether Plex is there."""

from collections.abc import Callable

import pytest

from plex.client import PlexClient
from plex.health import check_plex_health
from tests.servers.plex import LoopbackPlex


def test_a_plex_that_answers_is_healthy_and_its_latency_told(client: PlexClient) -> None:
    healthy, latency = check_plex_health(client)

    assert healthy
    assert 0 < latency < 1000


def test_it_costs_one_request_and_no_token(plex: LoopbackPlex, client: PlexClient) -> None:
    check_plex_health(client)

    (request,) = plex.requests
    assert request.path == "/identity"
    assert "x-plex-token" not in request.headers


def test_a_wrong_token_is_no_question_of_health(connect: Callable[..., PlexClient]) -> None:
    assert check_plex_health(connect(token="wrong"))[0]


@pytest.mark.parametrize("weather", [500, 503, 302, 404, "maintenance", "html", "garbage", "reset"])
def test_a_plex_in_trouble_is_not_healthy(
    plex: LoopbackPlex, client: PlexClient, weather: int | str
) -> None:
    plex.weather(weather)  # type: ignore[arg-type]

    assert check_plex_health(client) == (False, 0.0)


def test_a_plex_that_hangs_is_given_up_after_the_timeout(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    plex.weather("hang")

    assert check_plex_health(client, timeout=0.1) == (False, 0.0)


def test_a_plex_that_is_off_is_not_healthy(plex: LoopbackPlex, client: PlexClient) -> None:
    plex.stop()

    assert check_plex_health(client) == (False, 0.0)

    plex.start()

"""Scenes that Stash stumbles over, and a Stash that fails, met on a walk along all scenes."""

import pytest

from domain.errors import PermanentError, StashRefused, StashUnavailable, TransientError
from domain.job import SceneId
from stash.client import StashClient
from tests.servers.stash import LoopbackStash
from tests.servers.stash.weather import Weather
from tests.stash.stumbling import stumble
from tests.stash.walking import ids, is_scene, pages, titles

WHATEVER_FAILS = pytest.mark.parametrize(
    "field",
    [
        "studio",
        "files",
    ],
)


class TestScenesThatFail:
    def test_a_scene_that_makes_no_sense_fails_no_other(
        self, seven: LoopbackStash, client: StashClient
    ) -> None:
        seven.scene(2).files[0].size = "unknown"  # type: ignore[assignment]

        found, _ = client.walk()

        assert list(found) == [1, 2, 4, 5, 6, 7]
        assert isinstance(found[SceneId(2)], PermanentError)
        assert titles(found) == {1: "T1", 4: "T4", 5: "T5", 6: "T6", 7: "T7"}
        assert len(seven.requests) == 1

    @WHATEVER_FAILS
    def test_a_scene_that_stash_stumbles_over_costs_no_other_scene(
        self, seven: LoopbackStash, client: StashClient, monkeypatch: pytest.MonkeyPatch, field: str
    ) -> None:
        stumble(monkeypatch, seven, [4], field)

        found, after = client.walk(limit=4)

        assert list(found) == [1, 2, 4, 5]
        assert after == 5
        assert isinstance(found[SceneId(4)], TransientError)
        assert "scene 4: Stash cannot read it: sql: Scan error" in str(found[SceneId(4)])
        assert titles(found) == {1: "T1", 2: "T2", 5: "T5"}

    @WHATEVER_FAILS
    def test_the_pages_beside_it_are_read_whole(
        self, seven: LoopbackStash, client: StashClient, monkeypatch: pytest.MonkeyPatch, field: str
    ) -> None:
        stumble(monkeypatch, seven, [5], field)

        found = pages(client, limit=3)

        assert ids(found) == [[1, 2, 4], [5, 6, 7], []]
        # A page; the next one, its ids, its scenes; the last one.
        assert [r.operation for r in seven.requests] == [
            "findScenes", "findScenes", "findScenes", "findScene", "findScenes"
        ]  # fmt: skip

    @WHATEVER_FAILS
    def test_a_page_of_250_is_read_again_in_three_pieces(
        self, stash: LoopbackStash, client: StashClient, monkeypatch: pytest.MonkeyPatch, field: str
    ) -> None:
        for number in range(1, 251):
            stash.add_scene(title=f"T{number}")
        stumble(monkeypatch, stash, [111, 250], field)

        found, after = client.walk(limit=250)

        assert (list(found), after) == (list(range(1, 251)), 250)
        assert [key for key, one in found.items() if not is_scene(one)] == [111, 250]
        assert [r.operation for r in stash.requests].count("findScene") == 3

    def test_a_page_of_which_nothing_can_be_read_is_no_failure_of_stash(
        self, seven: LoopbackStash, client: StashClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stumble(monkeypatch, seven, range(8), "studio")

        found, after = client.walk(limit=3)

        assert (list(found), after) == ([1, 2, 4], 4)
        assert all(isinstance(one, TransientError) for one in found.values())

    def test_a_scene_that_goes_meanwhile_is_absent(
        self, seven: LoopbackStash, client: StashClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stumble(monkeypatch, seven, [1], "studio")

        def go(_: object) -> None:
            if len(seven.requests) == 2 and 2 in seven.library.scenes:
                seven.destroy(2)

        seven.before_answer = go

        found, after = client.walk(limit=3)

        assert list(found) == [1, 4]
        assert titles(found) == {4: "T4"}
        assert after == 4

    @pytest.mark.parametrize("weather", ["panic", "locked", 500, 503, "truncate", "reset"])
    def test_a_stash_that_fails_at_everything_is_unavailable(
        self, seven: LoopbackStash, client: StashClient, weather: Weather
    ) -> None:
        seven.weather(weather)

        with pytest.raises(StashUnavailable):
            client.walk()
        with pytest.raises(StashUnavailable):
            client.count_scenes()

    @pytest.mark.parametrize("status", [401, 403])
    def test_a_stash_that_refuses_the_session_says_so(
        self, seven: LoopbackStash, client: StashClient, status: int
    ) -> None:
        seven.weather(status)

        with pytest.raises(StashRefused):
            client.walk()
        with pytest.raises(StashRefused):
            client.count_scenes()

    def test_a_stash_that_hangs_is_unavailable(
        self, seven: LoopbackStash, hasty_client: StashClient
    ) -> None:
        seven.weather("hang")

        with pytest.raises(StashUnavailable):
            hasty_client.walk()

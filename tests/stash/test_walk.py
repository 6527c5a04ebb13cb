"""A walk along all scenes, or those that changed lately: whole scenes, a page per request."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import TransientError
from domain.job import SceneId
from domain.scene import Scene, SceneFile
from stash.client import StashClient
from stash.connection import Connection
from tests.servers.stash import LoopbackStash
from tests.stash.stumbling import stumble
from tests.stash.walking import ids, is_scene, pages

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)
VERSIONS = ["v0.26.2", "v0.27.2", "v0.28.1", "v0.29.3", "v0.30.1", ""]


class TestPages:
    def test_scenes_come_by_id_a_page_per_request(
        self, seven: LoopbackStash, client: StashClient
    ) -> None:
        assert ids(pages(client, limit=4)) == [[1, 2, 4, 5], [6, 7]]
        assert len(seven.requests) == 2

    def test_a_last_page_that_is_full_is_followed_by_an_empty_one(
        self, seven: LoopbackStash, client: StashClient
    ) -> None:
        assert ids(pages(client, limit=3)) == [[1, 2, 4], [5, 6, 7], []]

    def test_a_library_without_scenes_is_one_empty_page(self, client: StashClient) -> None:
        assert pages(client, limit=3) == [{}]

    def test_after_the_last_scene_nothing_comes(
        self, seven: LoopbackStash, client: StashClient
    ) -> None:
        assert client.walk(after=7, limit=3) == ({}, None)

    def test_scenes_that_come_and_go_meanwhile_hide_no_other(
        self, seven: LoopbackStash, client: StashClient
    ) -> None:
        first, after = client.walk(limit=3)
        seven.destroy(1)
        seven.destroy(4)
        seven.add_scene(title="T8")

        second, end = client.walk(after=after or 0, limit=9)

        assert [*first, *second] == [1, 2, 4, 5, 6, 7, 8]
        assert end is None

    def test_a_thousand_scenes_come_with_one_request(
        self, stash: LoopbackStash, client: StashClient
    ) -> None:
        for _ in range(1001):
            stash.add_scene()

        found, after = client.walk()

        assert (len(found), after) == (1000, 1000)
        assert len(stash.requests) == 1

    @pytest.mark.parametrize("version", VERSIONS)
    def test_every_version_sends_all_that_is_synced(self, version: str) -> None:
        with LoopbackStash(version=version) as stash, Connected(stash) as client:
            stash.add_scene(
                title="A title",
                details="one\r\ntwo",
                date="2024-06-01",
                rating100=80,
                studio="Studio",
                performers=["Ann", "Bob"],
                tags=["Tag"],
                groups=["Group"],
                files=[{"path": "/data/a.mp4", "size": 2**40}],
                updated_at="2024-06-01T12:00:00+02:00",
            )

            found, after = client.walk()

        assert after is None
        assert found == {
            1: Scene(
                id=SceneId(1),
                updated_at="2024-06-01T12:00:00+02:00",
                title="A title",
                details="one\ntwo",
                date="2024-06-01",
                rating100=80,
                studio="Studio",
                performers=("Ann", "Bob"),
                tags=("Tag",),
                groups=("Group",),
                files=(SceneFile("/data/a.mp4", 2**40),),
            )
        }

    def test_before_v0_27_the_name_for_groups_is_learnt_once(self) -> None:
        with LoopbackStash(version="v0.26.2") as stash, Connected(stash) as client:
            for number in range(5):
                stash.add_scene(groups=[f"G{number}"])

            found = pages(client, limit=2)

            assert [request.status for request in stash.requests] == [422, 200, 200, 200]
            groups = [one.groups for page in found for one in page.values() if is_scene(one)]
            assert groups == [("G0",), ("G1",), ("G2",), ("G3",), ("G4",)]


class TestSince:
    """Stash compares times as text, and so sends more than is wanted."""

    @pytest.mark.parametrize("zone", ["Z", "+02:00", "-11:00", "+14:00"])
    def test_scenes_are_told_by_instants_in_whatever_zone(
        self, stash: LoopbackStash, client: StashClient, zone: str
    ) -> None:
        stash.timezone = zone
        for seconds in (-86_400, -1, 0, 1, 86_400):  # scenes 1 to 5
            moment = NOON + timedelta(seconds=seconds)
            stash.add_scene(updated_at=stash.library.stamp(moment))

        found, after = client.walk(since=NOON.timestamp())

        assert (list(found), after) == ([3, 4, 5], None)

    def test_pages_may_be_empty_although_there_are_more(
        self, stash: LoopbackStash, client: StashClient
    ) -> None:
        for hours in (-5, -4, 1, 2, 3):
            stash.add_scene(updated_at=stash.library.stamp(NOON + timedelta(hours=hours)))

        assert ids(pages(client, limit=2, since=NOON.timestamp())) == [[], [3, 4], [5]]

    def test_old_scenes_are_not_even_sent(self, stash: LoopbackStash, client: StashClient) -> None:
        for days in (400, 30, 4, 0):
            stash.add_scene(updated_at=stash.library.stamp(NOON - timedelta(days=days)))

        assert ids(pages(client, limit=1, since=NOON.timestamp())) == [[4], []]

    def test_a_time_that_is_none_counts_as_recent(
        self, stash: LoopbackStash, client: StashClient
    ) -> None:
        stash.add_scene(updated_at="2024-06-01T12:00:00")

        assert ids(pages(client, limit=5, since=NOON.timestamp() - 3600)) == [[1]]

    def test_a_recent_scene_that_cannot_be_read_is_told(
        self, stash: LoopbackStash, client: StashClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(2):
            stash.add_scene(updated_at=stash.library.stamp(NOON))
        stumble(monkeypatch, stash, [2], "studio")

        found, _ = client.walk(since=NOON.timestamp())

        assert list(found) == [1, 2]
        assert isinstance(found[SceneId(2)], TransientError)


class TestCounting:
    def test_all_scenes_are_counted_with_one_request(
        self, seven: LoopbackStash, client: StashClient
    ) -> None:
        assert client.count_scenes() == 6
        assert len(seven.requests) == 1

    def test_nothing_is_counted_as_nothing(self, client: StashClient) -> None:
        assert client.count_scenes() == 0
        assert client.count_scenes(since=0.0) == 0

    def test_recent_scenes_are_counted_about(
        self, stash: LoopbackStash, client: StashClient
    ) -> None:
        """Up to two days more are, for the sake of Stash's zones."""
        for days in (400, 30, 4, 0, 0):
            stash.add_scene(updated_at=stash.library.stamp(NOON - timedelta(days=days)))

        assert client.count_scenes(since=NOON.timestamp()) == 2

    @pytest.mark.parametrize("version", ["v0.26.2", "v0.27.2"])
    def test_every_version_counts(self, version: str) -> None:
        with LoopbackStash(version=version) as stash, Connected(stash) as client:
            stash.add_scene(groups=["G"])

            assert client.count_scenes() == 1


class Connected(StashClient):
    """A client that closes itself."""

    def __init__(self, stash: LoopbackStash) -> None:
        super().__init__(Connection.from_server(stash.connection()))

    def __enter__(self) -> StashClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

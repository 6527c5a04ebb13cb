"""What is read from Stash, told through a Stash on loopback."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import PermanentError, UserError
from domain.job import SceneId
from domain.scene import Scene, SceneFile
from stash.client import StashClient
from stash.connection import Connection
from tests.servers.stash import LoopbackStash

VERSIONS = ["v0.26.2", "v0.27.2", "v0.28.1", "v0.29.3", "v0.30.1", "v0.30.0-36-gcf3489efd", ""]


def ids(*numbers: int) -> tuple[SceneId, ...]:
    return tuple(map(SceneId, numbers))


def connected(stash: LoopbackStash) -> StashClient:
    return StashClient(Connection.from_server(stash.connection()))


def add_full_scene(stash: LoopbackStash) -> Scene:
    scene_id = stash.add_scene(
        title="A title",
        details="one\r\ntwo",
        date="2024-06-01",
        rating100=80,
        studio="Studio",
        performers=["Ann", "Bob"],
        tags=["b", "a"],
        groups=["G"],
        files=[{"path": "/data/a.mp4", "size": 12}, {"path": "/data/b.mp4", "size": 2**40}],
        updated_at="2024-06-01T12:00:00+02:00",
    )
    return Scene(
        id=SceneId(scene_id),
        updated_at="2024-06-01T12:00:00+02:00",
        title="A title",
        details="one\ntwo",
        date="2024-06-01",
        rating100=80,
        studio="Studio",
        performers=("Ann", "Bob"),
        tags=tuple(tag.name for tag in stash.scene(scene_id).tags),
        groups=("G",),
        files=(SceneFile("/data/a.mp4", 12), SceneFile("/data/b.mp4", 2**40)),
    )


def test_a_client_asks_nothing_until_it_has_to(stash: LoopbackStash, client: StashClient) -> None:
    assert stash.requests == []


def test_a_run_starts_with_one_request(stash: LoopbackStash, client: StashClient) -> None:
    stash.settings = {"plex_url": "http://plex", "max_tags": 3, "skip_tags": True}

    info = client.start()

    assert info.version == "v0.30.1"
    assert info.settings == {"plex_url": "http://plex", "max_tags": 3, "skip_tags": True}
    assert abs(info.now - datetime.now(UTC).timestamp()) < 5
    assert len(stash.requests) == 1


def test_a_plugin_that_was_never_configured_has_no_settings(client: StashClient) -> None:
    assert client.start().settings == {}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_field_arrives_from_every_version(version: str) -> None:
    with LoopbackStash(version=version) as stash:
        scene = add_full_scene(stash)
        client = connected(stash)

        assert client.start().version == version
        assert client.scenes([scene.id]) == {scene.id: scene}
        client.close()


def test_100_scenes_cost_one_request(stash: LoopbackStash, client: StashClient) -> None:
    added = ids(*(stash.add_scene(title=f"scene {number}") for number in range(100)))

    found = client.scenes(added)

    assert [one.title for one in found.values() if isinstance(one, Scene)] == [
        f"scene {number}" for number in range(100)
    ]
    assert len(stash.requests) == 1


def test_no_scenes_cost_no_request(stash: LoopbackStash, client: StashClient) -> None:
    assert client.scenes([]) == {}
    assert client.scene_titles([]) == {}
    assert stash.requests == []


def test_scenes_that_are_gone_are_absent(stash: LoopbackStash, client: StashClient) -> None:
    stays, goes = stash.add_scene(), stash.add_scene()
    stash.destroy(goes)

    assert list(client.scenes(ids(stays, goes, 999))) == [stays]


def test_before_v0_27_the_name_for_groups_is_learnt_once() -> None:
    with LoopbackStash(version="v0.26.2") as stash:
        scene = add_full_scene(stash)
        client = connected(stash)
        for _ in range(3):
            assert client.scenes([scene.id]) == {scene.id: scene}
        client.close()

        assert [request.status for request in stash.requests] == [422, 200, 200, 200]


def test_a_scene_whose_document_makes_no_sense_does_not_fail_the_others(
    stash: LoopbackStash, client: StashClient
) -> None:
    good, bad = ids(stash.add_scene(title="good"), stash.add_scene())
    stash.scene(bad).files[0].size = "unknown"  # type: ignore[assignment]

    found = client.scenes([bad, good])

    assert isinstance(found[bad], PermanentError)
    assert isinstance(found[good], Scene)


def test_a_page_of_ids_begins_after_the_last_one(stash: LoopbackStash, client: StashClient) -> None:
    for _ in range(7):
        stash.add_scene()
    stash.destroy(3)

    assert client.scene_ids(limit=3) == ids(1, 2, 4)
    assert client.scene_ids(after=4, limit=3) == ids(5, 6, 7)
    assert client.scene_ids(after=7, limit=3) == ()


def test_paging_is_not_disturbed_by_scenes_that_vanish(
    stash: LoopbackStash, client: StashClient
) -> None:
    for _ in range(6):
        stash.add_scene()
    first = client.scene_ids(limit=3)
    stash.destroy(1)

    assert first + client.scene_ids(after=first[-1], limit=3) == ids(1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("zone", ["Z", "+02:00", "-11:00", "+14:00"])
def test_recent_scenes_are_told_by_instants_in_whatever_zone(
    stash: LoopbackStash, client: StashClient, zone: str
) -> None:
    stash.timezone = zone
    since = datetime(2024, 6, 1, 12, tzinfo=UTC)
    ages = {seconds: since - timedelta(seconds=seconds) for seconds in (86400, 1, 0, -1, -86400)}
    scene_of = {
        seconds: stash.add_scene(updated_at=stash.library.stamp(moment))
        for seconds, moment in ages.items()
    }

    found, more = client.recent_scene_ids(since=since.timestamp())

    assert found == ids(scene_of[0], scene_of[-1], scene_of[-86400])
    assert more is None


def test_recent_scenes_come_in_pages_that_may_be_empty(
    stash: LoopbackStash, client: StashClient
) -> None:
    since = datetime(2024, 6, 1, 12, tzinfo=UTC)
    for hours in (-5, -4, 1, 2, 3):
        stash.add_scene(updated_at=stash.library.stamp(since + timedelta(hours=hours)))

    pages: list[Any] = [((), 0)]
    while pages[-1][1] is not None:
        pages.append(client.recent_scene_ids(since=since.timestamp(), after=pages[-1][1], limit=2))

    assert pages[1:] == [((), 2), (ids(3, 4), 4), (ids(5), None)]


def test_titles_fall_back_to_the_file_name(stash: LoopbackStash, client: StashClient) -> None:
    titled, untitled, bare = (
        stash.add_scene(title="A title"),
        stash.add_scene(files=[{"path": r"C:\videos\film.mp4"}]),
        stash.add_scene(files=[]),
    )

    assert client.scene_titles(ids(titled, untitled, bare, 99)) == {
        titled: "A title",
        untitled: "film.mp4",
        bare: "",
    }


def test_the_titles_of_250_scenes_cost_three_requests(
    stash: LoopbackStash, client: StashClient
) -> None:
    added = ids(*(stash.add_scene(title="t") for _ in range(250)))

    assert len(client.scene_titles(added)) == 250
    assert len(stash.requests) == 3


def test_a_stash_that_is_too_old_is_told_to_the_user(
    stash: LoopbackStash, client: StashClient
) -> None:
    with pytest.raises(UserError, match=r"Stash does not understand our query: .* v0\.26 or later"):
        client._wire.ask("testing", "{ findScene(id: 1) { no_such_field } }", {})

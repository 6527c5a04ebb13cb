"""The loopback Stash as a whole: starting, stopping, recording, and the real client against it."""

import gc
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.servers.stash import LoopbackStash, Request
from tests.servers.stash.asking import ask, client_of, data, get


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        yield server
        assert server.crashes == []


def test_it_listens_on_loopback_and_says_where(stash: LoopbackStash) -> None:
    assert stash.url == f"http://127.0.0.1:{stash.port}"
    assert get(stash, "/healthz").text == "."


def test_after_a_stop_nothing_listens_and_a_start_opens_the_same_port(stash: LoopbackStash) -> None:
    port = stash.port
    scene_id = stash.add_scene("Still here")

    stash.stop()
    with pytest.raises(requests.ConnectionError):
        get(stash, "/healthz")

    stash.start()
    assert stash.port == port
    found = data(stash, "query($id: ID) {findScene(id: $id) {title}}", id=scene_id)
    assert found == {"findScene": {"title": "Still here"}}


def test_a_stop_ends_kept_connections_and_leaves_no_thread(stash: LoopbackStash) -> None:
    with requests.Session() as session:
        session.get(f"{stash.url}/healthz", timeout=10)

        stash.stop()

        alive = [thread.name for thread in threading.enumerate() if "Stash" in thread.name]
        assert alive == []


def test_starting_and_stopping_twice_does_no_harm(stash: LoopbackStash) -> None:
    assert stash.start() is stash
    stash.stop()
    stash.stop()


def test_a_connection_is_kept_over_many_requests(stash: LoopbackStash) -> None:
    with requests.Session() as session:
        for _ in range(3):
            session.get(f"{stash.url}/healthz", timeout=10)
        pools = session.get_adapter(stash.url).poolmanager.pools  # type: ignore[attr-defined]
        opened = [pools[key].num_connections for key in pools.keys()]  # noqa: SIM118 -- no mapping

    assert opened == [1]


def test_every_request_is_recorded_with_what_it_asked(stash: LoopbackStash) -> None:
    before = time.time()
    ask(stash, "query($id: ID!) {findScene(id: $id) {id}}", {"id": 7}, ApiKey="")
    get(stash, "/scene/7/screenshot?t=12", If_None_Match='"x"')

    question, picture = stash.requests

    assert (question.method, question.path, question.operation, question.status) == (
        "POST", "/graphql", "findScene", 200,
    )  # fmt: skip
    assert question.variables == {"id": 7}
    assert before <= question.at <= time.time()
    assert (picture.path, picture.query, picture.status) == (
        "/scene/7/screenshot",
        {"t": "12"},
        404,
    )
    assert picture.headers["if-none-match"] == '"x"'


def test_requests_are_counted_by_kind_and_can_be_forgotten(stash: LoopbackStash) -> None:
    data(stash, "{version {version}}")
    get(stash, "/scene/1/screenshot")
    get(stash, "/healthz")

    assert (stash.count("graphql"), stash.count("image"), stash.count("other")) == (1, 1, 1)

    stash.clear_requests()
    assert stash.requests == []


def test_latency_passes_before_each_answer(stash: LoopbackStash) -> None:
    stash.latency = 0.2
    started = time.monotonic()

    get(stash, "/healthz")

    assert 0.2 <= time.monotonic() - started < 2


def test_a_test_can_step_in_between_the_work_and_the_answer(stash: LoopbackStash) -> None:
    seen: list[tuple[str, int, str]] = []
    scene_id = stash.add_scene("Before")

    def rename(request: Request) -> None:
        seen.append((request.operation, request.status, threading.current_thread().name))
        stash.before_answer = None
        stash.edit(scene_id, title="After")

    stash.before_answer = rename
    answered = data(stash, "{findScenes {scenes {title}}}")

    assert answered == {"findScenes": {"scenes": [{"title": "Before"}]}}
    assert seen == [("findScenes", 200, "loopback Stash connection")]
    assert stash.scene(scene_id).title == "After"


def test_a_folder_for_the_configuration_is_made_and_vanishes_with_the_server() -> None:
    server = LoopbackStash()
    folder = Path(server.data_dir)
    existed = folder.is_dir()
    del server
    gc.collect()

    assert existed
    assert not folder.exists()


@pytest.mark.parametrize("version", ["v0.26.0", "v0.27.2", "v0.28.1", "v0.29.3", "v0.30.1"])
def test_the_real_client_introspects_each_release_and_loads_all_fields(version: str) -> None:
    with LoopbackStash(version=version) as stash:
        scene_id = stash.add_scene(
            "Sunrise", studio="North", performers=["Ann"], tags=["a", "b"], groups=["G"],
            date="2024-05-06", rating100=80, urls=["https://example.org/1"], cover=b"\xff\xd8\xffx",
        )  # fmt: skip
        client = client_of(stash)
        scene = client.find_scene(scene_id)
        client.s.close()

    assert stash.crashes == []
    assert scene["title"] == "Sunrise"
    assert scene["files"][0]["path"] == f"/data/scene-{scene_id}.mp4"
    assert [tag["name"] for tag in scene["tags"]] == ["a", "b"]
    assert ("groups" in scene) == (version >= "v0.27")


def test_the_real_client_finds_settings_scenes_and_the_key(stash: LoopbackStash) -> None:
    stash.settings = {"plex_url": "http://plex"}
    for number in range(30):
        stash.add_scene(f"Scene {number}")
    client = client_of(stash)

    assert client.find_plugin_config("Stash2Plex") == {"plex_url": "http://plex"}
    assert client.get_configuration()["general"]["apiKey"] == ""
    assert len(client.find_scenes(filter={"per_page": -1}, fragment="id")) == 30
    assert client.find_scene(4711) is None
    assert client.update_scene({"id": 3, "title": "New"}) == "3"
    assert client.destroy_scene(4)
    client.s.close()

    assert stash.scene(3).title == "New"
    assert 4 not in stash.library.scenes

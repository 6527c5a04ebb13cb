"""The documents that Stash writes to a plugin: hooks, tasks, the connection."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import data
from tests.servers.stash.editing import UPDATE_KEYS


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.moment = datetime(2024, 6, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def tick(self) -> None:
        self.moment += timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stash(clock: Clock) -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        server.now = clock
        yield server
        assert server.crashes == []


def context_of(document: dict[str, Any]) -> dict[str, Any]:
    context: dict[str, Any] = document["args"]["hookContext"]
    return context


def test_the_hook_of_an_edit_has_every_key_and_names_those_that_were_sent(
    stash: LoopbackStash,
) -> None:
    scene_id = stash.add_scene("Old")

    context = context_of(stash.edit(scene_id, title="New", tags=["a"], rating100=None))

    assert list(context) == ["id", "type", "input", "inputFields"]
    assert (context["id"], context["type"]) == (scene_id, "Scene.Update.Post")
    assert list(context["input"]) == list(UPDATE_KEYS)
    sent = {key: value for key, value in context["input"].items() if value is not None}
    assert sent == {"id": str(scene_id), "title": "New", "tag_ids": ["1"]}
    assert context["inputFields"] == ["id", "title", "tag_ids", "rating100"]


def test_before_v027_the_input_has_no_groups_and_sends_movies() -> None:
    stash = LoopbackStash(version="v0.26.2")
    scene_id = stash.add_scene("Old")

    context = context_of(stash.edit(scene_id, groups=[("Saga", 2)]))

    assert "groups" not in context["input"]
    assert context["input"]["movies"] == [{"movie_id": "1", "scene_index": 2}]


def test_a_cover_travels_as_a_data_url_of_several_megabytes(stash: LoopbackStash) -> None:
    scene_id = stash.add_scene("Old")
    cover = b"\xff\xd8\xff" + bytes(4_000_000)

    sent = context_of(stash.edit(scene_id, cover=cover))["input"]["cover_image"]

    head, _, body = sent.partition(",")
    assert head == "data:image/jpeg;base64"
    assert base64.b64decode(body) == cover
    assert stash.scene(scene_id).cover == cover


def test_a_scan_adds_a_scene_and_its_hook_has_no_input(stash: LoopbackStash) -> None:
    scene_id = stash.scan_adds("/data/new.mp4", size=5)

    context = context_of(stash.hook_input("Scene.Create.Post", scene_id))

    assert context == {"id": scene_id, "type": "Scene.Create.Post", "input": None}
    assert stash.scene(scene_id).files[0].size == 5


def test_a_scan_that_joins_a_file_bumps_and_one_that_finds_it_moved_does_not(
    stash: LoopbackStash, clock: Clock
) -> None:
    scene_id = stash.add_scene()
    clock.tick()
    stash.scan_joins(scene_id, "/data/second.mp4")
    joined_at = stash.scene(scene_id).updated_at
    clock.tick()
    stash.scan_finds_moved(scene_id, "/data/moved.mp4")

    assert joined_at == stash.scene(scene_id).updated_at == "2024-06-01T00:01:00Z"
    assert [file.path for file in stash.scene(scene_id).files] == [
        "/data/moved.mp4",
        "/data/second.mp4",
    ]
    assert context_of(stash.hook_input("scan", scene_id)) == {
        "id": scene_id,
        "type": "Scene.Update.Post",
        "input": None,
    }


def test_a_deleted_scene_is_gone_and_its_hook_is_flat(stash: LoopbackStash) -> None:
    scene_id = stash.add_scene(files=[{"path": "/data/a.mp4", "oshash": "abc", "md5": "def"}])

    context = context_of(stash.destroy(scene_id, delete_file=False, delete_generated=True))

    assert context == {
        "id": scene_id,
        "type": "Scene.Destroy.Post",
        "input": {
            "id": str(scene_id), "delete_file": False, "delete_generated": True,
            "checksum": "def", "oshash": "abc", "path": "/data/a.mp4",
        },
    }  # fmt: skip
    assert data(stash, "{findScene(id: 1) {id}}") == {"findScene": None}


def test_clean_sends_no_id_in_its_input(stash: LoopbackStash) -> None:
    scene_id = stash.add_scene()

    sent = context_of(stash.hook_input("clean", scene_id))["input"]

    assert (sent["id"], sent["delete_file"], sent["path"]) == ("", None, "/data/scene-1.mp4")


def test_scenes_update_sends_the_whole_array_for_each_scene(stash: LoopbackStash) -> None:
    first, second = stash.add_scene(), stash.add_scene()

    documents = stash.edit_many({first: {"title": "A"}, second: {"rating100": 5}})

    one, two = (context_of(document) for document in documents)
    assert (one["id"], two["id"]) == (first, second)
    assert one["input"] == two["input"]
    assert [len(each) for each in one["input"]] == [len(UPDATE_KEYS)] * 2
    assert (one["inputFields"], two["inputFields"]) == (["id", "title"], ["id", "rating100"])


def test_a_bulk_update_sends_ids_and_modes(stash: LoopbackStash) -> None:
    ids = [stash.add_scene(tags=["a"]), stash.add_scene()]
    tag_id = str(stash.library.tags.named("b").id)

    documents = stash.edit_bulk(ids, tag_ids={"ids": [tag_id], "mode": "ADD"}, organized=True)

    context = context_of(documents[1])
    assert context["input"] == {
        "ids": ["1", "2"],
        "tag_ids": {"ids": [tag_id], "mode": "ADD"},
        "organized": True,
    }
    assert context["inputFields"] == ["ids", "tag_ids", "organized"]
    assert [[tag.name for tag in stash.scene(each).tags] for each in ids] == [["a", "b"], ["b"]]


def test_identify_sends_a_bare_cover_and_names_what_is_not_null(stash: LoopbackStash) -> None:
    sent = {"id": "1", "title": "Found", "cover_image": "AAAA", "details": None}

    context = context_of(stash.hook_input("identify", stash.add_scene(), sent))

    assert context["inputFields"] == ["id", "title", "cover_image"]
    assert len(context["input"]) == len(UPDATE_KEYS)


def test_other_triggers_pass_what_they_are_given(stash: LoopbackStash) -> None:
    document = stash.hook_input("Performer.Update.Post", 3, {"id": "3"}, ["id", "name"])

    assert context_of(document) == {
        "id": 3,
        "type": "Performer.Update.Post",
        "input": {"id": "3"},
        "inputFields": ["id", "name"],
    }


def test_the_connection_is_what_stash_prints(stash: LoopbackStash, tmp_path: Path) -> None:
    connection = stash.connection(tmp_path)

    assert list(connection) == ["Scheme", "Host", "Port", "SessionCookie", "Dir", "PluginDir"]
    assert (connection["Scheme"], connection["Host"], connection["Port"]) == (
        "http",
        "127.0.0.1",
        stash.port,
    )
    assert connection["Dir"] == str(tmp_path)
    assert connection["SessionCookie"]["Name"] == "session"
    assert connection["SessionCookie"]["Expires"] == "0001-01-01T00:00:00Z"
    assert set(connection["SessionCookie"]) == {
        "Name", "Value", "Path", "Domain", "Expires", "RawExpires", "MaxAge", "Secure",
        "HttpOnly", "SameSite", "Raw", "Unparsed", "Quoted", "Partitioned",
    }  # fmt: skip


def test_the_connection_may_lack_the_cookie_and_name_another_host(stash: LoopbackStash) -> None:
    connection = stash.connection(cookie=False, host="0.0.0.0")

    assert (connection["SessionCookie"], connection["Host"]) == (None, "0.0.0.0")


def test_a_task_gets_its_mode_and_arguments(stash: LoopbackStash, tmp_path: Path) -> None:
    stash.data_dir = str(tmp_path)
    stash.plugin_dir = "plugins/Stash2Plex"

    document = stash.task_input("purge_dlq", days="30")

    assert list(document) == ["server_connection", "args"]
    assert document["args"] == {"days": "30", "mode": "purge_dlq"}
    assert document["server_connection"]["Dir"] == str(tmp_path)
    assert document["server_connection"]["PluginDir"] == "plugins/Stash2Plex"


def test_default_args_of_the_hook_stand_beside_its_context(stash: LoopbackStash) -> None:
    stash.hook_args = {"mode": "hook"}

    assert list(stash.hook_input("scan", stash.add_scene())["args"]) == ["hookContext", "mode"]

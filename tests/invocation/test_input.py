"""Whatever comes on stdin: one JSON document on stdout, one clear line in the log."""

import json
from typing import Any

import pytest

from tests.invocation.witness import answer_of, error_of, job, rows
from tests.world import World

CONNECTION = {"Scheme": "http", "Host": "127.0.0.1", "Port": 9, "SessionCookie": None}


def document(**changes: Any) -> bytes:
    """A task's document, changed."""
    return json.dumps({"server_connection": CONNECTION, "args": {}, **changes}).encode()


@pytest.mark.parametrize(
    "stdin",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b" \n", id="blanks"),
        pytest.param(b"not JSON at all", id="garbage"),
        pytest.param(b"\x00\xff\xfe\x80" * 100, id="bytes that are no text"),
        pytest.param(document()[:-9], id="a truncated document"),
        pytest.param(document() + b"{}", id="two documents"),
        pytest.param(b"[" * 1_000_000, id="a million brackets"),
        pytest.param(b"x" * 20_000_000, id="20 MB of garbage"),
        pytest.param(b'{"id": ' + b"9" * 5000 + b"}", id="a number of 5000 digits"),
        pytest.param(b"[1, 2]", id="a list"),
        pytest.param(b'"text"', id="a string"),
        pytest.param(b"42", id="a number"),
        pytest.param(b"null", id="null"),
    ],
)
def test_what_is_no_json_object_is_answered_with_an_error(world: World, stdin: bytes) -> None:
    result = world.run(stdin)

    assert error_of(result).startswith("stdin holds no JSON object")


@pytest.mark.parametrize(
    "stdin",
    [
        pytest.param(b"{}", id="neither"),
        pytest.param(b'{"args": {"mode": "all"}}', id="no server_connection"),
        pytest.param(document(server_connection=None), id="server_connection null"),
        pytest.param(document(server_connection="here"), id="server_connection a string"),
        pytest.param(document(args="all"), id="args a string"),
        pytest.param(document(args=["all"]), id="args a list"),
    ],
)
def test_what_stash_would_never_send_is_answered_with_an_error(world: World, stdin: bytes) -> None:
    result = world.run(stdin)

    assert error_of(result).startswith("stdin lacks server_connection or args")


@pytest.mark.parametrize("folder", [None, "", 7, ["/root/.stash"]])
def test_a_hook_that_is_not_told_where_to_record_says_so(world: World, folder: object) -> None:
    stdin = world.stash.hook_input("Scene.Create.Post", world.add("a"))
    stdin["server_connection"]["Dir"] = folder

    result = world.run(stdin)

    assert "Dir is missing" in error_of(result)


@pytest.mark.parametrize("args", [{"mode": "purge_everything"}, {"mode": None}, {}, None])
def test_an_unknown_mode_is_an_error_and_enqueues_nothing(world: World, args: object) -> None:
    world.add("a", title="A")
    stdin = {**world.stash.task_input("all"), "args": args}

    result = world.run(stdin)

    assert error_of(result).startswith("there is no task ")
    assert rows(world) == []


@pytest.mark.parametrize(
    "kind", ["Gallery.Update.Post", "Scene.Merge.Post", "scene.update.post", "", "\U0001f600", "\0"]
)
def test_a_hook_of_an_unknown_type_is_ignored_without_an_error(world: World, kind: str) -> None:
    stdin = world.stash.hook_input("Scene.Update.Post", world.add("a"))
    stdin["args"]["hookContext"]["type"] = kind

    result = world.run(stdin)

    assert answer_of(result)["output"].startswith("ignored: not an event")
    assert result.logs == []
    assert not world.data_dir.exists()


@pytest.mark.parametrize("kind", ["Scene.Create.Post", "Scene.Update.Post", "Scene.Destroy.Post"])
def test_an_id_that_comes_as_a_string_is_recorded_as_the_number(quiet: World, kind: str) -> None:
    stdin = quiet.stash.hook_input("Scene.Create.Post", 42)
    stdin["args"]["hookContext"].update(id="42", type=kind)

    result = quiet.run(stdin)

    assert answer_of(result) == {"output": "recorded; background held off"}
    assert rows(quiet) == [job(42)]


NO_IDS = [-1, "-1", 0, "0", "", "x", None, True, 1.5, [7], {"id": 7}, 2**63, str(2**63), 10**400]


@pytest.mark.parametrize("identity", NO_IDS, ids=lambda value: f"{value!r:.20}")
def test_an_id_that_no_scene_can_have_is_an_error_and_records_nothing(
    world: World, identity: object
) -> None:
    stdin = world.stash.hook_input("Scene.Update.Post", 1)
    stdin["args"]["hookContext"]["id"] = identity

    result = world.run(stdin)

    assert error_of(result) == "Scene.Update.Post names no scene: nothing to record"
    assert not world.data_dir.exists()


def test_an_absent_id_is_an_error_and_records_nothing(world: World) -> None:
    stdin = world.stash.hook_input("Scene.Destroy.Post", 0)
    assert "id" not in stdin["args"]["hookContext"]

    result = world.run(stdin)

    assert error_of(result) == "Scene.Destroy.Post names no scene: nothing to record"
    assert not world.data_dir.exists()


def test_a_cover_of_20_mb_costs_the_edit_nothing(quiet: World) -> None:
    scene = quiet.add("a")

    result = quiet.save(scene, title="New", cover=bytes(15_000_000))

    assert answer_of(result) == {"output": "recorded; background held off"}
    assert rows(quiet) == [job(scene)]


def test_a_title_that_is_not_utf_8_costs_the_edit_nothing(quiet: World) -> None:
    scene = quiet.add("a")
    stdin = json.dumps(quiet.stash.edit(scene, title="TITLE")).encode()

    result = quiet.run(stdin.replace(b"TITLE", b"\xff\xc3\x28\xed\xa0\x80"))

    assert answer_of(result) == {"output": "recorded; background held off"}
    assert rows(quiet) == [job(scene)]


def test_a_bug_is_answered_with_its_name_and_a_number_even_without_packages(world: World) -> None:
    """Nothing of ours is prepared for a folder whose name no system accepts."""
    stdin = world.stash.hook_input("Scene.Create.Post", 1)
    stdin["server_connection"]["Dir"] = "/tmp/\0"

    result = world.run(stdin)

    assert answer_of(result)["error"].startswith("bug in Stash2Plex (ValueError, incident ")
    assert all(line.startswith(b"\x01e\x02") for line in result.stderr.splitlines())

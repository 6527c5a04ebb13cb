"""What the server says of itself: plugin settings, configuration, status, jobs."""

from collections.abc import Iterator

import pytest

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import ask, data


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        yield server
        assert server.crashes == []


def test_settings_are_raw_json_and_absent_until_stored(stash: LoopbackStash) -> None:
    text = "query($ids: [ID!]) {configuration {plugins(include: $ids)}}"

    def plugins(*ids: str) -> object:
        return data(stash, text, ids=list(ids))["configuration"]["plugins"]

    assert plugins("Stash2Plex") == {}

    stash.settings = {"enabled": True, "plex_url": "http://plex", "max_retries": "5"}
    stash.plugin_settings["Other"] = {"a": 1}

    assert plugins("Stash2Plex") == {"Stash2Plex": stash.settings}
    assert plugins("Stash2Plex", "Nobody") == {"Stash2Plex": stash.settings}
    assert plugins() == {"Stash2Plex": stash.settings, "Other": {"a": 1}}


def test_configure_plugin_replaces_the_whole_map(stash: LoopbackStash) -> None:
    stash.settings = {"a": 1, "b": 2}

    text = 'mutation($input: Map!) {configurePlugin(plugin_id: "Stash2Plex", input: $input)}'
    answer = data(stash, text, input={"b": 3})

    assert answer == {"configurePlugin": {"b": 3}}
    assert stash.settings == {"b": 3}


def test_the_configuration_shows_the_key_only_when_there_is_one(stash: LoopbackStash) -> None:
    text = "{configuration {general {apiKey databasePath maxSessionAge}}}"

    without = data(stash, text)["configuration"]["general"]
    stash.auth = "key"
    answer = ask(stash, text, ApiKey=stash.api_key).json()["data"]["configuration"]["general"]

    assert without["apiKey"] == ""
    assert without["databasePath"] == f"{stash.data_dir}/stash-go.sqlite"
    assert answer["apiKey"] == stash.api_key


def test_the_job_queue_is_null_when_idle_and_shows_what_is_not_over(stash: LoopbackStash) -> None:
    text = "{jobQueue {id description status progress}}"
    assert data(stash, text) == {"jobQueue": None}

    scan = stash.jobs.add("Scanning...", status="RUNNING")
    task = data(
        stash,
        'mutation($args: Map) {runPluginTask(plugin_id: "Stash2Plex", task_name: "Sync All",'
        " args_map: $args)}",
        args={"mode": "all"},
    )["runPluginTask"]

    assert [job["description"] for job in data(stash, text)["jobQueue"]] == [
        "Scanning...", "Running plugin task: Sync All",
    ]  # fmt: skip
    assert stash.jobs.by_id[int(task)].args == {"mode": "all"}

    stash.jobs.set_status(scan.id, "FINISHED")
    data(stash, "mutation($id: ID!) {stopJob(job_id: $id)}", id=task)

    assert data(stash, text) == {"jobQueue": None}
    assert data(stash, "{findJob(input: {id: 1}) {status}}") == {"findJob": {"status": "FINISHED"}}


def test_status_and_numbers_are_told(stash: LoopbackStash) -> None:
    stash.add_scene(tags=["a", "b"], files=[{"path": "/data/a.mp4", "size": 7}])

    answer = data(
        stash, "{systemStatus {status configPath} stats {scene_count scenes_size tag_count}}"
    )

    assert answer == {
        "systemStatus": {"status": "OK", "configPath": f"{stash.data_dir}/config.yml"},
        "stats": {"scene_count": 1, "scenes_size": 7, "tag_count": 2},
    }


def test_arguments_of_a_task_in_the_old_form_arrive_as_a_map(stash: LoopbackStash) -> None:
    args = [{"key": "mode", "value": {"str": "all"}}, {"key": "days", "value": {"i": 30}}]

    data(
        stash,
        'mutation($args: [PluginArgInput!]) {runPluginTask(plugin_id: "Stash2Plex", args: $args)}',
        args=args,
    )

    assert stash.jobs.by_id[1].args == {"mode": "all", "days": 30}
    assert stash.jobs.by_id[1].description == "Running plugin task: Stash2Plex"

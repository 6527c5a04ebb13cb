"""Stash2Plex.yml against what Stash accepts and what we understand.

Stash parses it strictly: one unknown key, and the plugin does not load (pkg/plugin/config.go).
"""

from pathlib import Path
from typing import Any

import pytest
import yaml

import Stash2Plex
from stash import protocol
from validation.config import NEGATIONS, Stash2PlexConfig, load_config

MANIFEST = Path(__file__).parents[2] / "Stash2Plex.yml"
TOP = {
    "name", "description", "url", "version", "interface", "exec", "errLog", "tasks", "hooks",
    "settings", "ui",
}  # fmt: skip
TASK = {"name", "description", "defaultArgs", "execArgs"}
SETTING = {"displayName", "description", "type"}
TYPES: dict[str, type[object] | tuple[type[object], ...]] = {
    "STRING": (str, tuple),
    "NUMBER": (int, float),
    "BOOLEAN": bool,
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))
    return loaded


def test_it_has_only_keys_that_stash_knows(manifest: dict[str, Any]) -> None:
    assert set(manifest) <= TOP
    assert all(set(task) <= TASK for task in manifest["tasks"])
    assert all(set(hook) <= TASK | {"triggeredBy"} for hook in manifest["hooks"])
    assert all(set(setting) == SETTING for setting in manifest["settings"].values())


def test_no_key_is_given_twice(manifest: dict[str, Any]) -> None:
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()  # yaml takes the last one silently

    assert all(lines.count(f"  {key}:") == 1 for key in manifest["settings"])


def test_stash_starts_our_script_with_a_bare_python(manifest: dict[str, Any]) -> None:
    assert manifest["exec"] == ["python3", "-S", "{pluginDir}/Stash2Plex.py"]
    assert manifest["interface"] == "raw"


def test_name_description_and_version_are_single_lines_for_the_index_builder() -> None:
    lines = MANIFEST.read_text(encoding="utf-8").splitlines()

    for key in ("name", "description", "version"):
        assert [line for line in lines if line.startswith(f"{key}: ") and line[-1] not in ">|"]


def test_a_hook_runs_for_every_event_that_we_act_on(manifest: dict[str, Any]) -> None:
    (hook,) = manifest["hooks"]

    assert hook["triggeredBy"] == list(protocol.EVENTS)


def test_each_task_has_a_mode_of_its_own_as_text(manifest: dict[str, Any]) -> None:
    modes = [task["defaultArgs"]["mode"] for task in manifest["tasks"]]

    assert len(set(modes)) == len(modes)
    assert all(isinstance(mode, str) for mode in modes)


def test_every_button_has_a_handler_and_every_handler_a_button(manifest: dict[str, Any]) -> None:
    modes = {task["defaultArgs"]["mode"] for task in manifest["tasks"]}
    assert modes == {*Stash2Plex.MODES, *Stash2Plex.SCOPES}
    assert all(callable(getattr(Stash2Plex, name)) for name in Stash2Plex.MODES.values())


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("Health Check", "health_check"),
        ("Outage Summary Report", "outage_summary"),
        ("Recover Outage Jobs", "recover_outage_jobs"),
    ],
)
def test_visb_04_hlth_01_dlqm_01_the_tasks_for_outages_have_their_names_and_drain_nothing(
    manifest: dict[str, Any], name: str, mode: str
) -> None:
    (task,) = (task for task in manifest["tasks"] if task["name"] == name)

    assert task["defaultArgs"] == {"mode": mode}
    assert mode in Stash2Plex.management_modes


def test_settings_and_fields_are_the_same_set(manifest: dict[str, Any]) -> None:
    fields = [NEGATIONS.get(key, key) for key in manifest["settings"]]

    assert sorted(fields) == sorted(Stash2PlexConfig.model_fields)


def test_the_type_of_each_setting_is_its_fields(manifest: dict[str, Any]) -> None:
    for key, setting in manifest["settings"].items():
        field = Stash2PlexConfig.model_fields[NEGATIONS.get(key, key)]
        if not field.is_required():
            assert isinstance(field.default, TYPES[setting["type"]]), key
            assert isinstance(field.default, bool) == (setting["type"] == "BOOLEAN"), key


def test_each_optional_setting_says_its_default(manifest: dict[str, Any]) -> None:
    for key, setting in manifest["settings"].items():
        required = Stash2PlexConfig.model_fields[NEGATIONS.get(key, key)].is_required()
        assert ("Required. " if required else "Default: ") in setting["description"], key


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("plex_library", "Films"),
        ("path_map", "/a=/b"),
        ("max_tags", 7),
        ("max_retries", 7),
        ("connect_timeout", 7),
        ("read_timeout", 7),
        ("reconcile_interval", "daily"),
        ("reconcile_scope", "all"),
    ],
)
def test_a_value_that_is_set_is_taken(key: str, value: object) -> None:
    assert differs_from_the_defaults(key, value)


def test_every_switch_that_is_turned_on_is_taken(manifest: dict[str, Any]) -> None:
    switches = [key for key, one in manifest["settings"].items() if one["type"] == "BOOLEAN"]

    assert all(differs_from_the_defaults(key, True) for key in switches)


def differs_from_the_defaults(key: str, value: object) -> bool:
    required = {"plex_url": "http://plex", "plex_token": "abcdefghijk"}
    with_it, without = load_config(required | {key: value}), load_config(required)
    return with_it.config != without.config and not with_it.warnings

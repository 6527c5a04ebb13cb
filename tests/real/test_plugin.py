"""What an actual Stash makes of Stash2Plex.yml."""

import sys
import venv
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.real.conftest import Start
from tests.real.stash_server import until
from tests.real.world import RealWorld
from tests.world import ROOT

pytestmark = pytest.mark.real

PLUGINS = """{
  plugins {
    id name description version enabled
    tasks { name description }
    hooks { name description hooks }
    settings { name display_name description type }
  }
}"""


@pytest.fixture
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text(encoding="utf-8"))
    return loaded


def test_stash_lists_the_plugin_as_enabled(world: RealWorld, manifest: dict[str, Any]) -> None:
    (plugin,) = world.stash.ask(PLUGINS)["plugins"]

    assert plugin["enabled"]
    for key in ("name", "description", "version"):
        assert plugin[key] == manifest[key]


def test_stash_lists_every_task(world: RealWorld, manifest: dict[str, Any]) -> None:
    (plugin,) = world.stash.ask(PLUGINS)["plugins"]

    assert plugin["tasks"] == [
        {"name": task["name"], "description": task["description"]} for task in manifest["tasks"]
    ]


def test_stash_lists_the_hook_with_its_events(world: RealWorld, manifest: dict[str, Any]) -> None:
    (plugin,) = world.stash.ask(PLUGINS)["plugins"]

    assert [hook["hooks"] for hook in plugin["hooks"]] == [
        hook["triggeredBy"] for hook in manifest["hooks"]
    ]


def test_stash_lists_every_setting(world: RealWorld, manifest: dict[str, Any]) -> None:
    (plugin,) = world.stash.ask(PLUGINS)["plugins"]

    assert {setting.pop("name"): setting for setting in plugin["settings"]} == {
        name: {
            "display_name": setting["displayName"],
            "description": setting["description"],
            "type": setting["type"],
        }
        for name, setting in manifest["settings"].items()
    }


def test_stash_complains_of_nothing_while_it_loads_the_plugin(world: RealWorld) -> None:
    world.stash.ask("mutation { reloadPlugins }")

    log = world.stash.log_file.read_text(encoding="utf-8").splitlines()
    loud = [line for line in log if "level=error" in line or "level=warning" in line]
    assert [line for line in loud if "plugin" in line.lower()] == []


def test_a_setting_that_is_filled_in_is_obeyed(world: RealWorld) -> None:
    world.configure(skip_title=True, max_tags=1)
    tags = [world.create("tag", name=name) for name in ("one", "two")]

    scene = world.add("a", title="Title", details="d", tag_ids=tags)

    until(lambda: world.shown(scene)["summary"] == "d")
    assert world.shown(scene)["title"] == "a"
    assert len(world.shown(scene)["genres"]) == 1


def test_settings_that_were_never_touched_are_no_trouble(world: RealWorld) -> None:
    world.stash.configure()

    scene = world.add("a", title="Title", details="d")

    assert world.waiting() == [scene]
    until(lambda: "plex_url is missing" in world.background_log())


def test_stash_may_be_started_with_relative_paths(start: Start) -> None:
    world = start(is_relative=True)
    where = world.stash.ask("{ configuration { general { pluginsPath } } }")
    assert where["configuration"]["general"]["pluginsPath"] == "plugins"

    scene = world.add("a", title="Title", details="d")

    until(lambda: world.shown(scene)["title"] == "Title")
    assert (world.stash.folder / "stash2plex" / "queue" / "data.db").is_file()


def test_without_its_packages_an_edit_is_recorded_and_shows_once_they_are_there(
    start: Start, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    world = start(python_path=str(tmp_path / "bare" / "bin" / "python"))
    scene = world.add("a", title="Title", details="d")
    assert world.waiting() == [scene]
    world.until_nobody_drains()
    world.stash.run_task("Process Queue")
    assert "pip install" in world.stash.logs()[-1].text

    world.stash.change(pythonPath=sys.executable)
    world.stash.run_task("Process Queue")

    until(lambda: world.shown(scene)["title"] == "Title")

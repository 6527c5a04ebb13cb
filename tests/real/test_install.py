"""An actual Stash installs the plugin from the index that ``make release`` builds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.conftest import Start
from tests.real.source import PackageManager, PackageSource
from tests.real.stash_server import until
from tests.real.test_plugin import PLUGINS
from tests.real.test_tasks import ALL
from tests.real.world import RealWorld
from tests.release.checkout import COMMITTED, Checkout, Release

pytestmark = pytest.mark.real

LATER = COMMITTED + 60


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """What the source is built from: today's code, and a module that tomorrow's lacks."""
    checkout = Checkout(tmp_path / "checkout")
    (checkout.folder / "domain" / "old.py").write_text("OLD = True\n", encoding="utf-8")
    checkout.commit(at=COMMITTED)
    checkout.release()
    return checkout


@pytest.fixture
def source(checkout: Checkout) -> Iterator[PackageSource]:
    with PackageSource(checkout.dist) as source:
        source.dated(COMMITTED)
        yield source


@pytest.fixture
def world(start: Start) -> RealWorld:
    """A Stash without the plugin."""
    return start(has_plugin=False)


@pytest.fixture
def packages(world: RealWorld, source: PackageSource) -> PackageManager:
    """The package manager of a Stash that knows the source."""
    return PackageManager(world.stash, source.url)


@pytest.fixture
def installed(packages: PackageManager) -> PackageManager:
    """The same once the plugin is installed."""
    packages.install()
    return packages


def build_newer(checkout: Checkout, source: PackageSource) -> None:
    """Offer a build whose lines on synced scenes tell it apart, and whose files are others."""
    checkout.set_version("9.8.7")
    checkout.replace("worker/settle.py", "scene %d: synced %s", "scene %d: newly synced %s")
    (checkout.folder / "domain" / "old.py").unlink()
    (checkout.folder / "domain" / "new.py").write_text("NEW = True\n", encoding="utf-8")
    checkout.commit(at=LATER)
    checkout.release()
    source.dated(LATER)


def files(folder: Path) -> set[str]:
    """What lies in the plugin's folder, Python's caches aside."""
    found = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".pyc")
    return {file.relative_to(folder).as_posix() for file in found}


def complaints(world: RealWorld) -> list[str]:
    """What Stash said of packages and plugins that is no mere information."""
    log = world.stash.log_file.read_text(encoding="utf-8").splitlines()
    loud = [line for line in log if "level=error" in line or "level=warning" in line]
    return [line for line in loud if "plugin" in line.lower() or "package" in line.lower()]


def test_the_source_offers_the_plugin(packages: PackageManager, checkout: Checkout) -> None:
    built = Release(checkout.dist).offer

    (package,) = packages.available()

    assert package["package_id"] == "Stash2Plex"
    assert package["version"] == built["version"]
    assert package["metadata"] == built["metadata"]
    assert package["date"].startswith("2026-11-18T11:06:40")


def test_stash_installs_the_plugin_and_loads_it_without_a_complaint(
    world: RealWorld, packages: PackageManager, checkout: Checkout
) -> None:
    job = packages.install()

    assert (job.status, job.error) == ("FINISHED", None)
    (plugin,) = world.stash.ask(PLUGINS)["plugins"]
    assert (plugin["id"], plugin["enabled"]) == ("Stash2Plex", True)
    assert len(plugin["tasks"]) > 10
    assert files(packages.folder) == {*Release(checkout.dist).files, "manifest"}
    assert complaints(world) == []


def test_a_damaged_download_is_not_installed(
    world: RealWorld, packages: PackageManager, checkout: Checkout
) -> None:
    archive = checkout.dist / "Stash2Plex.zip"
    archive.write_bytes(archive.read_bytes()[:-1])

    packages.install()

    assert "does not match expected SHA256" in "\n".join(complaints(world))
    assert not world.stash.ask(PLUGINS)["plugins"]


def test_once_installed_the_first_hook_is_recorded_and_reaches_plex(
    world: RealWorld, installed: PackageManager
) -> None:
    world.plex.weather(503)

    scene = world.add("a", title="A", details="d")

    assert world.waiting() == [scene]
    world.plex.weather("fine")
    until(lambda: world.shown(scene)["title"] == "A")


def test_once_installed_the_first_task_syncs_what_was_there_before(
    world: RealWorld, packages: PackageManager
) -> None:
    scenes = [world.add(f"s{number}", title=f"T{number}", details="d") for number in range(3)]
    packages.install()

    job = world.stash.run_task(ALL)

    assert (job.status, job.error) == ("FINISHED", None)
    assert world.titles(scenes) == ["T0", "T1", "T2"]


def test_the_same_build_is_no_update(installed: PackageManager) -> None:
    (package,) = installed.installed()

    assert package["source_package"]["date"] == package["date"]


def test_a_newer_build_is_offered(
    installed: PackageManager, checkout: Checkout, source: PackageSource
) -> None:
    build_newer(checkout, source)

    (package,) = installed.installed()

    assert package["source_package"]["version"].startswith("9.8.7-")
    assert package["source_package"]["date"] > package["date"]


def test_an_update_replaces_the_files_and_keeps_settings_and_data(
    world: RealWorld, installed: PackageManager, checkout: Checkout, source: PackageSource
) -> None:
    scene = world.add("a", title="A", details="d")
    until(lambda: world.shown(scene)["title"] == "A")
    build_newer(checkout, source)

    job = installed.update()

    assert (job.status, job.error) == ("FINISHED", None)
    assert files(installed.folder) == {*Release(checkout.dist).files, "manifest"}
    (plugin,) = world.stash.ask(PLUGINS)["plugins"]
    assert plugin["version"] == "9.8.7"
    assert world.remembered() == [scene]
    settings = world.stash.ask("{ configuration { plugins } }")["configuration"]["plugins"]
    assert settings["Stash2Plex"]["plex_url"] == world.plex.url
    assert complaints(world) == []


def test_jobs_that_wait_during_an_update_are_done_by_the_new_code(
    world: RealWorld, installed: PackageManager, checkout: Checkout, source: PackageSource
) -> None:
    """Plex is away; the old code's background waits for it with nine jobs."""
    world.plex.weather(503)
    scenes = [world.add(f"s{number}", title=f"T{number}", details="d") for number in range(9)]
    build_newer(checkout, source)

    installed.update()

    assert world.titles(scenes) == [f"s{number}" for number in range(9)]
    world.plex.weather("fine")
    until(lambda: world.titles(scenes) == [f"T{number}" for number in range(9)])
    world.until_drained()
    told = [f"scene {scene}: newly synced" for scene in scenes]
    until(lambda: all(line in world.background_log() for line in told))


def test_a_background_that_only_waits_for_edits_is_replaced_by_an_update(
    world: RealWorld, installed: PackageManager, checkout: Checkout, source: PackageSource
) -> None:
    first = world.add("first", title="First", details="d")
    until(lambda: world.shown(first)["title"] == "First")
    build_newer(checkout, source)

    installed.update()
    second = world.add("second", title="Second", details="d")

    until(lambda: f"scene {second}: newly synced" in world.background_log())
    assert f"scene {first}: synced" in world.background_log()
    assert world.titles([second]) == ["Second"]


def test_an_uninstall_leaves_what_the_plugin_knows(
    world: RealWorld, installed: PackageManager
) -> None:
    scene = world.add("a", title="A", details="d")
    until(lambda: world.shown(scene)["title"] == "A")
    world.until_drained()

    installed.uninstall()

    assert files(installed.folder) == set()
    assert world.remembered() == [scene]

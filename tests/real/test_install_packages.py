"""The built plugin in an actual Stash whose Python has none of the packages."""

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.packages.conftest import make_python, pip_environment
from tests.packages.index import LoopbackIndex
from tests.packages.wheels import pinned, remade
from tests.real.conftest import Start
from tests.real.source import PackageManager, PackageSource
from tests.real.stash_server import until
from tests.real.test_tasks import ALL, lines
from tests.real.world import RealWorld
from tests.release.checkout import Checkout

pytestmark = pytest.mark.real


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """An index that has what the tests run with."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    for name in pinned():
        remade(name, wheels)
    with LoopbackIndex(wheels) as index:
        yield index


@pytest.fixture
def source(tmp_path: Path) -> Iterator[PackageSource]:
    """Offers a build whose pins that index has."""
    checkout = Checkout(tmp_path / "checkout")
    pins = [f"{name}=={metadata.version(name)}\n" for name in pinned()]
    (checkout.folder / "constraints.txt").write_text("".join(pins), encoding="utf-8")
    checkout.release()
    with PackageSource(checkout.dist) as source:
        yield source


@pytest.fixture
def world(start: Start, tmp_path: Path, index: LoopbackIndex, source: PackageSource) -> RealWorld:
    """A Stash with a bare Python, and with the plugin from its package manager."""
    bare = make_python(tmp_path / "bare")
    world = start(has_plugin=False, python_path=str(bare), env=pip_environment(index.url()))
    PackageManager(world.stash, source.url).install()
    return world


def test_the_first_hook_is_recorded_at_once_and_the_background_installs_what_it_needs(
    world: RealWorld, index: LoopbackIndex
) -> None:
    index.goes_on.clear()

    scene = world.add("a", title="A", details="d")

    assert world.waiting() == [scene]
    index.goes_on.set()
    until(lambda: world.shown(scene)["title"] == "A")
    assert "Installing Python packages" in world.background_log()


def test_the_first_task_installs_what_it_needs_and_syncs(
    world: RealWorld, index: LoopbackIndex
) -> None:
    world.stash.enable(False)
    scenes = [world.add(f"s{number}", title=f"T{number}", details="d") for number in range(3)]
    world.stash.enable(True)

    first = world.stash.run_task(ALL)

    assert (first.status, first.error) == ("FINISHED", None)
    assert world.titles(scenes) == ["T0", "T1", "T2"]
    assert "Installing Python packages (once, " in "\n".join(lines(world, "Info"))
    assert lines(world, "Error") == []
    assert len(index.given) == len(set(index.given)) > 4


def test_what_was_installed_once_outlives_the_plugins_files(
    world: RealWorld, index: LoopbackIndex, source: PackageSource
) -> None:
    scene = world.add("a", title="A", details="d")
    until(lambda: world.shown(scene)["title"] == "A")
    given = list(index.given)

    PackageManager(world.stash, source.url).install()
    world.stash.run_task(ALL)

    assert index.given == given
    assert (world.data_dir / "packages").is_dir()

"""A Python without packages, an index that has them, and the set that comes of both."""

import importlib.util
import os
import venv
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.invocation.circumstances import installed_copy
from tests.packages.index import LoopbackIndex
from tests.packages.wheels import made_up, pinned, remade
from tests.world import World
from worker.installer import Installer
from worker.packages import private_folder

MakePython = Callable[..., Path]


def pip_environment(url: str) -> dict[str, str]:
    """What a process needs to have its pip ask nobody but *url*."""
    of_this_machine = [name for name in os.environ if name.startswith("PIP_")]
    return {
        **dict.fromkeys(of_this_machine, ""),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_NO_COMPILE": "1",  # half of its time
        "PIP_INDEX_URL": url,
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": "",
    }


def make_python(folder: Path, *, has_pip: bool = True, packages: Path | None = None) -> Path:
    """A Python that has nothing but pip, and *packages*."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    if has_pip:
        spec = importlib.util.find_spec("pip")
        assert spec is not None
        assert spec.origin is not None
        (site / "pip").symlink_to(Path(spec.origin).parent)
    if packages is not None:
        (site / "packages.pth").write_text(f"{packages}\n")
    return folder / "bin" / "python"


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheels of all that the plugin needs."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in pinned():
        remade(name, folder)
    return folder


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has nothing but pip."""
    return make_python(tmp_path_factory.mktemp("bare"))


@pytest.fixture
def index(wheels: Path) -> Iterator[LoopbackIndex]:
    """An index that has all that the plugin needs."""
    with LoopbackIndex(wheels) as index:
        yield index


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """The plugin's script in a folder of its own, with pins that the index has."""
    script = installed_copy(tmp_path / "plugins" / "Stash2Plex")
    pins = [f"{name}=={metadata.version(name)}\n" for name in pinned()]
    script.with_name("constraints.txt").write_text("".join(pins))
    return script


@pytest.fixture(scope="session")
def installed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private set, as an installer leaves it; to be copied, not changed."""
    script = installed_copy(tmp_path_factory.mktemp("plugins") / "Stash2Plex")
    folder = private_folder(str(script), tmp_path_factory.mktemp("data"))
    with LoopbackIndex(wheels) as index, pytest.MonkeyPatch.context() as patch:
        for name, value in pip_environment(index.url()).items():
            patch.setenv(name, value)
        Installer(str(script), folder, lambda line: None).install("all", broken=None)
    return folder


@pytest.fixture
def bare_world(world: World, plugin: Path, bare: Path) -> World:
    """A world whose Stash uses the Python without packages."""
    world.script, world.python = plugin, str(bare)
    return world


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """The folder that an installer is to fill."""
    return tmp_path / "data" / "packages" / "set"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The script of a plugin that needs one small package, of which version 1.0 is pinned."""
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "requirements.txt").write_text("thing>=1,<2\n")
    (folder / "constraints.txt").write_text("thing==1.0\n")
    return folder / "Stash2Plex.py"


@pytest.fixture
def small_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackIndex]:
    """The index that pip asks in this process; it has that package."""
    wheels = tmp_path / "small wheels"
    wheels.mkdir()
    made_up("thing", "1.0", wheels)
    with LoopbackIndex(wheels) as index:
        for name, value in pip_environment(index.url()).items():
            monkeypatch.setenv(name, value)
        yield index

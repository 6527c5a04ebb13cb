"""The packages that a task and the background need; a hook needs none of them.

Those of Stash's Python are used if they will do. If not, a private set is installed into the
data folder, once, and goes before them: nothing outside of our folder is ever changed.
"""

import hashlib
import importlib
import os
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from domain.errors import NotInstalled
from worker.installer import Installer
from worker.requirements import MODULES, Requirement, read_requirements, shortcomings

FOLDER = "packages"

OWN = (  # packages of the plugin; pyproject.toml is not installed with it
    "doctor", "domain", "plex", "reconciliation", "stash", "sync_queue", "transport",
    "validation", "worker",
)  # fmt: skip

UNFIT = "unfit"  # a file in a private set: pip was content with it, and yet it will not do
REST = 86400.0  # seconds before such a set is downloaded again


def add_packages(script: str, data_dir: str | Path, tell: Callable[[str], None]) -> None:
    """Make the packages importable: Stash starts us without any, because a hook needs none.

    Args:
        script: the plugin's entrypoint, beside its requirements.txt.
        data_dir: under which packages are installed if those of this Python will not do.
        tell: is told what is waited for.

    Raises:
        NotInstalled: one is missing or unfit, and no other could be installed; or a file of
            our own is missing.
    """
    if sys.flags.no_site:
        import site  # noqa: PLC0415 -- importing it without -S has that effect already

        site.main()
    requirements = read_requirements(Path(script).with_name("requirements.txt"))
    wrong = _try(script, requirements)
    if not wrong:
        return
    folder = private_folder(script, data_dir)
    known = _inode(folder)
    if known is not None:
        _put_first(folder, script)
        unfit = _try(script, requirements)
        if not unfit:
            return
        if _is_marked(folder):
            raise _useless(folder, unfit)
    Installer(script, folder, tell).install(", ".join(wrong), broken=known)
    _put_first(folder, script)
    if unfit := _try(script, requirements):
        _mark(folder)
        raise _useless(folder, unfit)


def private_folder(script: str, data_dir: str | Path) -> Path:
    """Where the packages are that this Python may use, and no other.

    The data folder may be seen by several systems; the suffix of binary modules tells apart
    even those that have the same name, such as Linux with glibc and with musl.
    """
    wanted = Path(script).with_name("requirements.txt").read_bytes()
    suffix = str(sysconfig.get_config_var("EXT_SUFFIX")).encode()
    digest = hashlib.sha256(wanted + suffix).hexdigest()[:8]
    system = f"{sys.implementation.cache_tag}-{sysconfig.get_platform()}"
    return Path(data_dir).absolute() / FOLDER / f"{system}-{digest}"


def _try(script: str, requirements: Sequence[Requirement]) -> list[str]:
    """What is wrong with what would be imported now; importing it is the final proof."""
    wrong = shortcomings(requirements)
    if wrong:
        return wrong
    before = set(sys.modules)
    try:
        importlib.import_module("worker.services")  # which imports all of them
    except Exception as error:  # a broken package may raise anything
        if isinstance(error, ImportError) and (error.name or "").partition(".")[0] in OWN:
            raise NotInstalled(
                f"a file of the plugin is missing ({error.name}): it is being updated, or install "
                "it again; edits are recorded meanwhile"
            ) from error
        if _is_ours(error, script):
            raise
        _forget(set(sys.modules) - before)
        if isinstance(error, (ImportError, SyntaxError)):
            return [error.msg]
        return [f"a package is broken ({type(error).__name__})"]
    return []


def _is_ours(error: Exception, script: str) -> bool:
    """Whether a bug of our own was met, which no package would mend."""
    if isinstance(error, (ImportError, SyntaxError)):
        return False
    (*_, (frame, _)) = traceback.walk_tb(error.__traceback__)
    return Path(frame.f_code.co_filename).parent.parent == Path(script).parent


def _mark(folder: Path) -> None:
    try:
        (folder / UNFIT).touch()
    except OSError:
        pass  # it is downloaded again, if that can be written


def _is_marked(folder: Path) -> bool:
    try:
        return time.time() - (folder / UNFIT).stat().st_mtime < REST
    except OSError:
        return False


def _useless(folder: Path, unfit: Sequence[str]) -> NotInstalled:
    return NotInstalled(
        f"Stash2Plex lacks a Python package though it has installed all ({', '.join(unfit)}): "
        "if the data folder is mounted noexec, allow exec or set STASH2PLEX_DATA_DIR to another "
        f"folder; otherwise delete {folder}; edits are recorded meanwhile"
    )


def _put_first(folder: Path, script: str) -> None:
    """Let *folder* go before all other packages."""
    _complete(folder)
    if str(folder) in sys.path:
        sys.path.remove(str(folder))
    sys.path.insert(_place(script), str(folder))
    _forget({name for name in sys.modules if name.partition(".")[0] in MODULES.values()})
    importlib.invalidate_caches()


def _place(script: str) -> int:
    """Behind our own modules, unless something among them hides a package."""
    own = Path(script).parent
    hiding = any(
        (own / name).is_dir() or (own / f"{name}.py").exists() for name in MODULES.values()
    )
    folders = [Path(folder).absolute() for folder in sys.path]
    return 0 if hiding or own not in folders else folders.index(own) + 1


def _complete(folder: Path) -> None:
    """Make the package of stashapp-tools a regular one, and mark the folder as used today.

    It has no __init__.py, and Python prefers a package that has one wherever it is on the path.
    """
    initial = folder / MODULES["stashapp-tools"] / "__init__.py"
    try:
        if not initial.exists():
            initial.touch()
        os.utime(folder)
    except OSError:
        pass  # a read-only disk; whether it will do is seen at once


def _forget(modules: set[str]) -> None:
    """Have *modules* imported anew, except those of the standard library."""
    for name in modules:
        if name.partition(".")[0] not in sys.stdlib_module_names:
            sys.modules.pop(name, None)


def _inode(folder: Path) -> int | None:
    try:
        return folder.stat().st_ino
    except OSError:
        return None

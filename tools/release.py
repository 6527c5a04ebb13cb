"""Builds what Stash's package manager installs: dist/Stash2Plex.zip, and dist/index.yml naming it.

The same commit gives the same bytes wherever it is built with the same zlib. Paths, keys and the
format of dates are those that Stash reads (pkg/pkg/pkg.go).
"""

import hashlib
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml

from tools.slim import slim

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = "Stash2Plex"  # Stash takes a plugin's id from the name of its .yml

FILES = (
    "LICENSE",
    "Stash2Plex.py",
    "Stash2Plex.yml",
    "constraints.txt",
    "process_queue.py",
    "requirements.txt",
)
SUFFIXES = (".html", ".py")  # of what a package holds

TIME = (1980, 1, 1, 0, 0, 0)  # of each entry: the first that a zip can express


class NoRelease(Exception):
    """Why none can be built, as one sentence."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a release is built from.

    Attributes:
        version: that of Stash2Plex.yml and the commit; "-dirty" if the tree differs from that.
        date: of the commit or as SOURCE_DATE_EPOCH says; Stash offers what is later as an update.
    """

    version: str
    date: datetime


def main() -> int:
    """Build into dist/; return the exit code."""
    try:
        origin, archive = _origin(ROOT), pack(contents(ROOT))
    except NoRelease as error:
        print(error, file=sys.stderr)
        return 1
    target = ROOT / "dist"
    target.mkdir(exist_ok=True)
    (target / f"{PLUGIN}.zip").write_bytes(archive)
    (target / "index.yml").write_text(index(origin, archive), encoding="utf-8", newline="\n")
    print(f"{PLUGIN} {origin.version}: {len(archive):,} bytes, in dist/")
    return 0


def contents(root: Path) -> dict[str, bytes]:
    """What a release holds, by name; only what git tracks."""
    tracked = _git(root, "ls-files", "-z").split("\0")
    packages = _packages(root)
    names = [name for name in tracked if name in FILES or _is_in(name, packages)]
    return {name: _content(root / name) for name in sorted(names) if (root / name).is_file()}


def pack(files: Mapping[str, bytes]) -> bytes:
    """A zip of *files* that depends on nothing but them and zlib."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        # Stash writes them in this order, and who finds the entrypoint must find all it imports.
        for name in sorted(files, key=lambda name: (name.startswith(f"{PLUGIN}."), name)):
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3  # Unix, so that the mode counts
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    return packed.getvalue()


def index(origin: Origin, archive: bytes) -> str:
    """The source index that offers *archive*, which lies beside it."""
    manifest = _manifest(ROOT)
    package = {
        "id": PLUGIN,
        "name": manifest["name"],
        "metadata": {"description": manifest["description"]},
        "version": origin.version,
        "date": origin.date.strftime("%Y-%m-%d %H:%M:%S"),
        "path": f"{PLUGIN}.zip",
        "sha256": hashlib.sha256(archive).hexdigest(),
    }
    return yaml.safe_dump([package], sort_keys=False, allow_unicode=True, width=1000)


def _origin(root: Path) -> Origin:
    commit, committed = _git(root, "log", "-1", "--format=%H %ct").split()
    dirty = "-dirty" if _git(root, "status", "--porcelain") else ""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or committed
    # Seven digits of our own: git's abbreviations grow with the repository.
    version = f"{_manifest(root)['version']}-{commit[:7]}{dirty}"
    return Origin(version, datetime.fromtimestamp(int(seconds), UTC))


def _manifest(root: Path) -> dict[str, Any]:
    text = (root / f"{PLUGIN}.yml").read_text(encoding="utf-8")
    manifest: dict[str, Any] = yaml.safe_load(text)
    return manifest


def _packages(root: Path) -> frozenset[str]:
    """The packages of the plugin; pyproject.toml names them for import-linter."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return frozenset(project["tool"]["importlinter"]["root_packages"])


def _is_in(name: str, packages: frozenset[str]) -> bool:
    package, slash, _ = name.partition("/")
    return bool(slash) and package in packages and name.endswith(SUFFIXES)


def _content(file: Path) -> bytes:
    content = file.read_bytes().replace(b"\r\n", b"\n")  # as git for Windows checks text out
    return slim(content) if file.suffix == ".py" else content


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 -- our own words
            ["git", *arguments],  # noqa: S607 -- wherever it is installed
            cwd=root,
            capture_output=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise NoRelease("a release holds what git tracks, but git is not installed") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip()
        raise NoRelease(f"a release holds what git tracks, but git says: {said}") from error
    return done.stdout.decode("utf-8")


if __name__ == "__main__":
    sys.exit(main())

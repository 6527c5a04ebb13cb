"""A git checkout of this tree, to commit to and to build releases from."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests.world import ROOT

UNNEEDED = ("tests/", "docs/")  # by a build; but a few files, to see that they stay out
COMMITTED = 1_795_000_000  # Unix seconds; 2026-11-18 11:06:40


class Checkout:
    """Holds what this tree holds, committed once; the same commit wherever it lies.

    Attributes:
        folder: of the tree.
        dist: where it builds.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.dist = folder / "dist"
        for name in _names():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
        self._git("init", "-q")
        self.commit(at=COMMITTED)

    def commit(self, *, at: int) -> str:
        """Commit the tree as it is; return the commit's id."""
        self._git("add", "--all")
        when = f"{at} +0000"
        self._git("commit", "-q", "-m", "T", GIT_AUTHOR_DATE=when, GIT_COMMITTER_DATE=when)
        return self._git("rev-parse", "HEAD").strip()

    def replace(self, name: str, old: str, new: str) -> None:
        """Change one place of one file."""
        file = self.folder / name
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands in {name} {text.count(old)} times"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def set_version(self, version: str) -> None:
        """Change the version of the plugin."""
        manifest = self.folder / "Stash2Plex.yml"
        text = manifest.read_text(encoding="utf-8")
        text, count = re.subn(r"(?m)^version: .*$", f"version: {version}", text)
        assert count == 1
        manifest.write_text(text, encoding="utf-8")

    def build(
        self, env: Mapping[str, str] | None = None, *, umask: int = 0o022
    ) -> subprocess.CompletedProcess[str]:
        """What ``make release`` runs."""
        return subprocess.run(
            [sys.executable, "-m", "tools.release"],
            cwd=self.folder,
            env=_environment() | dict(env or {}),
            umask=umask,
            capture_output=True,
            text=True,
            check=False,
        )

    def release(self) -> "Release":
        """Build, and return what was built."""
        done = self.build()
        assert (done.returncode, done.stderr) == (0, ""), done
        return Release(self.dist)

    def _git(self, *arguments: str, **env: str) -> str:
        return subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=_environment() | env,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


class Release:
    """A built release, read once.

    Attributes:
        offer: the one entry of the index.
        archive: the bytes of the zip.
        files: what the zip holds, by name.
        entries: the same as the zip describes it.
    """

    def __init__(self, dist: Path) -> None:
        self.index = (dist / "index.yml").read_bytes()
        self.offer: dict[str, Any]
        (self.offer,) = yaml.safe_load(self.index)
        self.archive = (dist / self.offer["path"]).read_bytes()
        with zipfile.ZipFile(dist / self.offer["path"]) as packed:
            self.entries = packed.infolist()
            self.files = {name: packed.read(name) for name in packed.namelist()}

    def unpack(self, plugins: Path) -> Path:
        """Install it as Stash does; return the plugin's script."""
        folder = plugins / str(self.offer["id"])
        for name, content in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return folder / "Stash2Plex.py"


def _names() -> list[str]:
    """What git tracks, and what it will track once it is added."""
    wanted = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(["git", *wanted], cwd=ROOT, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    return [name for name in names if not name.startswith(UNNEEDED) or name.endswith("__init__.py")]


def _environment() -> dict[str, str]:
    """Ours, without what would lead git or Python elsewhere."""
    led_astray = ("GIT_", "PYTHON", "SOURCE_DATE_EPOCH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(led_astray)}
    who = {"NAME": "Tester", "EMAIL": "tester@example.invalid"}
    people = {f"GIT_{role}_{k}": v for role in ("AUTHOR", "COMMITTER") for k, v in who.items()}
    return kept | people | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

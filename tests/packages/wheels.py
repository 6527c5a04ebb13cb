"""Wheels: made again from what is installed for the tests, or made up."""

import base64
import hashlib
import re
import zipfile
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path

from tests.world import ROOT

_NOT_IN_A_WHEEL = {"INSTALLER", "REQUESTED", "direct_url.json"}


def pinned() -> list[str]:
    """The names in constraints.txt."""
    return [line.partition("==")[0] for line in (ROOT / "constraints.txt").read_text().split()]


def closure(names: Iterable[str]) -> set[str]:
    """These packages and all that they need here, by their normalised names."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name not in found:
            found.add(name)
            needs = metadata.distribution(name).requires or ()
            waiting += [re.split(r"[^\w.-]", need)[0] for need in needs if "extra ==" not in need]
    return found


def remade(name: str, folder: Path) -> Path:
    """The wheel from which a package was installed."""
    package = metadata.distribution(name)
    files = {
        str(file): Path(str(file.locate())).read_bytes()
        for file in package.files or ()
        if ".." not in file.parts
        and "__pycache__" not in file.parts
        and file.name not in _NOT_IN_A_WHEEL
    }
    (description,) = (text for path, text in files.items() if path.endswith(".dist-info/WHEEL"))
    tags = re.findall(r"^Tag: (\S+)", description.decode(), re.M)
    plain = package.metadata["Name"].replace("-", "_").lower()
    return _write(folder / f"{plain}-{package.version}-{_merged(tags)}.whl", files)


def made_up(
    name: str,
    version: str,
    folder: Path,
    *,
    tag: str = "py3-none-any",
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """A wheel with one module, or with these files."""
    info = f"{name}-{version}.dist-info"
    content = {
        **(files or {f"{name}.py": f"VERSION = {version!r}\n".encode()}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/RECORD": b"",
    }
    return _write(folder / f"{name}-{version}-{tag}.whl", content)


def _merged(tags: list[str]) -> str:
    """Several tags as the one of the file's name."""
    parts = zip(*(tag.split("-") for tag in tags), strict=True)
    return "-".join(".".join(dict.fromkeys(part)) for part in parts)


def _write(wheel: Path, files: Mapping[str, bytes]) -> Path:
    (record,) = (path for path in files if path.endswith(".dist-info/RECORD"))
    lines = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, content in files.items():
            if path != record:
                archive.writestr(path, content)
                digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
                lines.append(f"{path},sha256={digest.decode()},{len(content)}")
        archive.writestr(record, "\n".join([*lines, f"{record},,"]) + "\n")
    return wheel

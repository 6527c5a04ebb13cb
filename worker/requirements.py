"""What requirements.txt asks for, and what of it is missing here; nothing is imported to know."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "stashapp-tools": "stashapi",
        "plexapi": "plexapi",
        "pydantic": "pydantic",
        "persist-queue": "persistqueue",
        "requests": "requests",
    }
)
"""The module of each package we require."""

NAMESAKE = "stashapi"
"""The project that follows stashapp-tools: another package, whose module has the same name."""

_LINE = re.compile(r"([a-z][a-z-]*)>=([\d.]+),<([\d.]+)")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")

Release = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A package and the versions that will do: from *least* on, below *limit*."""

    package: str
    module: str
    least: Release
    limit: Release

    def shortcoming(self) -> str | None:
        """What is wrong with what Python would import now; None if nothing is."""
        found, home = _package(self.package), _home(self.module)
        if home is None:
            return f"no {self.package}"
        # Whichever of the two was installed last has overwritten the other.
        if self.module == NAMESAKE and (_package(NAMESAKE) or ())[:1] == (home,):
            return f"the package {NAMESAKE} is in the way of {self.package}"
        if found is None:
            return f"no {self.package} ({home / self.module} is something else)"
        folder, version = found
        if folder != home:
            return f"{home / self.module} hides {self.package}"
        if not self.least <= _release(version) < self.limit:
            return f"{self.package} {version} does not fit"
        return None


def read_requirements(file: Path) -> list[Requirement]:
    """What the plugin requires.

    Raises:
        ValueError: a line says something that is not understood here.
    """
    lines = file.read_text("utf-8").splitlines()
    return [_requirement(line) for line in lines if line]


def shortcomings(requirements: Sequence[Requirement]) -> list[str]:
    """What is missing, too old, too new or hidden by something else of that name."""
    found = (requirement.shortcoming() for requirement in requirements)
    return [shortcoming for shortcoming in found if shortcoming is not None]


def _requirement(line: str) -> Requirement:
    found = _LINE.fullmatch(line)
    if found is None or found[1] not in MODULES:
        raise ValueError(f"requirements.txt: {line!r}")
    return Requirement(found[1], MODULES[found[1]], _release(found[2]), _release(found[3]))


def _release(version: str) -> Release:
    """The numbers of a version, so that they compare; whatever follows them is left out."""
    found = _RELEASE.match(version)
    numbers = [int(number) for number in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)


def _package(name: str) -> tuple[Path, str] | None:
    """Where the package is that would be used now, and its version; None if there is none."""
    try:
        found = metadata.distribution(name)
        version: str | None = found.version
    except (metadata.PackageNotFoundError, KeyError):  # KeyError: its description is damaged
        return None
    return (Path(str(found.locate_file(""))).resolve(), version) if version else None


def _home(module: str) -> Path | None:
    """The folder from which a module would be imported; None if it would not be found."""
    try:
        spec = find_spec(module)
    except ValueError:  # it was imported already, in an unusual manner
        return None
    if spec is None:
        return None
    # A package without __init__.py, as that of stashapp-tools, may have parts in several places.
    places = [*(spec.submodule_search_locations or ())]
    if not places and spec.origin:
        places = [spec.origin]
    return Path(places[0]).parent.resolve() if places else None

"""Which files of Stash and Plex are probably one, by what their paths have in common at the end."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from plex.paths import FilePath, base_name

TWINS = 4
"""Copies in Plex that may speak for one file; more of a kind say nothing."""
NAME = 2
"""What a pair is worth that has only its unique name in common."""
FOLDER = 3
"""What one is worth that has the folder in common as well."""


class Server:
    """Plex's files."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.paths = list(dict.fromkeys(paths))
        self._caseless = any(is_windows(path) for path in self.paths)
        self._known = {"/".join(self.compared(path)) for path in self.paths}

    def compared(self, path: str | FilePath) -> tuple[str, ...]:
        """Return the components of a path as this server tells them apart."""
        parsed = FilePath.parse(path) if isinstance(path, str) else path
        return parsed.folded if self._caseless else parsed.parts

    def has(self, path: str) -> bool:
        return "/".join(self.compared(path)) in self._known


def partners(files: Sequence[str], server: Server) -> dict[str, tuple[list[str], int]]:
    """Return for each file those in Plex that end as it does, and what that is worth.

    Each must have no other that it has more in common with.
    """
    groups = defaultdict[str, tuple[list[str], list[str]]](lambda: ([], []))
    for side, paths in enumerate((files, server.paths)):
        for path in paths:
            groups[base_name(path)][side].append(path)
    return {
        file: (alike, worth)
        for ours, theirs in groups.values()
        if ours and theirs
        for file, alike, worth in _pairs(ours, theirs, server)
    }


def _pairs(
    ours: list[str], theirs: list[str], server: Server
) -> Iterator[tuple[str, list[str], int]]:
    """Follow the files of one base name from the end to the beginning as long as they agree."""
    if len(ours) == len(theirs) == 1:
        shared = agreement(server.compared(ours[0]), server.compared(theirs[0]))
        if shared:
            yield ours[0], theirs, NAME if shared == 1 else FOLDER
        return
    components = {path: server.compared(path) for path in (*ours, *theirs)}
    groups = [(ours, theirs, 0)]
    while groups:
        ours, theirs, shared = groups.pop()
        left = _by_component(ours, components, shared)
        right = _by_component(theirs, components, shared)
        further = (left.keys() & right.keys()) - {None}
        groups += [(left[key], right[key], shared + 1) for key in further]
        alone = [path for key in left.keys() - further for path in left[key]]
        twins = [path for key in right.keys() - further for path in right[key]]
        if len(alone) == 1 and 1 <= len(twins) <= TWINS and shared > 1:
            yield alone[0], twins, FOLDER


def _by_component(
    paths: list[str], components: Mapping[str, tuple[str, ...]], shared: int
) -> dict[str | None, list[str]]:
    """Sort paths by the last component but so many; None for those that have no more."""
    found = defaultdict[str | None, list[str]](list)
    for path in paths:
        parts = components[path]
        found[parts[-1 - shared] if shared < len(parts) else None].append(path)
    return found


def agreement(left: Sequence[str], right: Sequence[str]) -> int:
    """Return how many components at the end are alike."""
    pairs = zip(reversed(left), reversed(right), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def is_windows(path: str) -> bool:
    """Whether a path looks like one of Windows."""
    # Most paths begin so, and reading one takes its time.
    return not path.startswith("/") and FilePath.parse(path).windows

"""Which files of Stash and Plex are probably one, by what their paths have in common at the end.

Sizes only contradict: a file is not one of another size.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import takewhile

from plex.paths import FilePath, SizedPath, base_name

TWINS = 4
"""Copies in Plex that may speak for one file; more of a kind say nothing."""
NAME = 2
"""What a pair is worth that has only its unique name in common."""
FOLDER = 3
"""What one is worth that has the folder in common as well."""


class Server:
    """Plex's files."""

    def __init__(self, files: Iterable[SizedPath]) -> None:
        listed = list(files)
        self._caseless = any(is_windows(path) for path, _ in listed)
        # Of each path as it is written: most are asked for so, and reading one takes its time.
        self._keys = {path: "/".join(self.compared(path)) for path, _ in listed}
        self._sizes: dict[str, int | None] = {}
        for path, size in listed:
            key = self._keys[path]
            if self._sizes.setdefault(key, size) != size:
                self._sizes[key] = None  # one of several
        self.paths = list(self._keys)

    def compared(self, path: str | FilePath) -> tuple[str, ...]:
        """Return the components of a path as this server tells them apart."""
        parsed = FilePath.parse(path) if isinstance(path, str) else path
        return parsed.folded if self._caseless else parsed.parts

    def key(self, path: str) -> str:
        """Return what is equal for two spellings of a path."""
        return self._keys.get(path) or "/".join(self.compared(path))

    def has(self, path: str) -> bool:
        return self.key(path) in self._sizes

    def contradicts(self, path: str, size: int | None) -> bool:
        """Whether the file at a path is known to be of another size."""
        known = self._sizes[self.key(path)]
        return None not in (known, size) and known != size


def partners(files: Mapping[str, int | None], server: Server) -> dict[str, tuple[list[str], int]]:
    """Return for each file those in Plex that end as it does, and what that is worth.

    Each must have no other that it has more in common with. Where all are of another size, they
    are worth less than nothing: the file must not become one of them.
    """
    groups = defaultdict[str, tuple[list[str], list[str]]](lambda: ([], []))
    for side, paths in enumerate((files, server.paths)):
        for path in paths:
            groups[base_name(path)][side].append(path)
    both = ((ours, theirs) for ours, theirs in groups.values() if ours and theirs)
    found = {}
    for file, alike, worth in (pair for group in both for pair in _pairs(*group, server)):
        fit = [path for path in alike if not server.contradicts(path, files[file])]
        if len(fit or alike) <= TWINS:
            found[file] = (fit, worth) if fit else (alike, -worth)
    return found


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
        if len(alone) == 1 and twins and shared > 1:
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

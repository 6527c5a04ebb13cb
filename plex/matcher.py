"""Which of Plex's files are a scene's files: by path, never by name alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Protocol

from domain.plex_item import IndexedFile, PlexItem
from domain.scene import SceneFile
from plex.paths import FilePath, PathMap, base_name


class Candidates(Protocol):
    """Where to ask for Plex's files with a base name (plex/paths.py, base_name)."""

    def __call__(self, name: str, /, *, path: str = "") -> Sequence[IndexedFile]:
        """All of them, or those with exactly this path."""
        ...


@dataclass(frozen=True, slots=True)
class Matched:
    """Plex has the scene.

    Attributes:
        files: one per rating key; several if a file is in several libraries or items.
    """

    files: tuple[IndexedFile, ...]


@dataclass(frozen=True, slots=True)
class NotInPlex:
    """Plex has none of the scene's files."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Plex has several files that could be the scene's, and nothing tells them apart.

    Attributes:
        paths: those, as Plex sees them.
    """

    paths: tuple[str, ...]


def match(
    files: Sequence[SceneFile], candidates: Candidates, path_map: PathMap
) -> Matched | NotInPlex | Ambiguous:
    """Find a scene's files in Plex; one that is found excuses those that are not."""
    found: dict[int, IndexedFile] = {}
    doubtful: list[IndexedFile] = []
    for file in files:
        hits = _of_one(file, candidates, path_map)
        if _distinct(hits) > 1:
            doubtful += hits
            continue
        for hit in hits:
            found.setdefault(hit.rating_key, hit)
    if found:
        return Matched(tuple(found.values()))
    return (
        Ambiguous(tuple(dict.fromkeys(hit.path for hit in doubtful))) if doubtful else NotInPlex()
    )


def confirms(item: PlexItem, matched: IndexedFile) -> bool:
    """Whether the item, as it was just read, still holds the file it was matched by."""
    return matched.path in item.files


def _of_one(file: SceneFile, candidates: Candidates, path_map: PathMap) -> list[IndexedFile]:
    """Return what one file is in Plex; several different paths if that cannot be told."""
    name, mapped = base_name(file.path), path_map.apply(file.path)
    for path in (mapped, file.path):
        if path is None:
            continue
        # First as it is spelled, which is quick: "video.mp4" may be in thousands of folders.
        if hits := candidates(name, path=path):
            return list(hits)
        if hits := _same_path(file, FilePath.parse(path), candidates(name)):
            return hits
    return _most_in_common(file, FilePath.parse(mapped or file.path), candidates(name))


def _same_path(
    file: SceneFile, wanted: FilePath, candidates: Sequence[IndexedFile]
) -> list[IndexedFile]:
    """Return who has exactly this path, of whatever size: a replaced file keeps its place."""
    theirs = [(FilePath.parse(hit.path), hit) for hit in candidates]
    exact = [hit for path, hit in theirs if path.parts == wanted.parts]
    but_for_case = [
        hit
        for path, hit in theirs
        if path.folded == wanted.folded
        # Where case may mean something, "A.mp4" can be another file than "a.mp4".
        and (path.windows or wanted.windows or not _sizes_differ(file, hit))
    ]
    return exact or (but_for_case if _distinct(but_for_case) == 1 else [])


def _most_in_common(
    file: SceneFile, wanted: FilePath, candidates: Sequence[IndexedFile]
) -> list[IndexedFile]:
    """Return who shares the most components at the end, and if that leaves several, the size."""
    believable = [hit for hit in candidates if not _sizes_differ(file, hit)]
    shared = [_shared_end(wanted, FilePath.parse(hit.path)) for hit in believable]
    longest = max(shared, default=0)
    hits = [hit for hit, length in zip(believable, shared, strict=True) if length == longest]
    same_size = [hit for hit in hits if file.size is not None and hit.size == file.size]
    if longest == 1:  # "intro.mp4" is in many folders
        return same_size
    return same_size or hits


def _shared_end(one: FilePath, other: FilePath) -> int:
    pairs = zip(reversed(one.folded), reversed(other.folded), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _sizes_differ(file: SceneFile, hit: IndexedFile) -> bool:
    return file.size is not None and hit.size is not None and file.size != hit.size


def _distinct(hits: Iterable[IndexedFile]) -> int:
    return len({FilePath.parse(hit.path).identity for hit in hits})

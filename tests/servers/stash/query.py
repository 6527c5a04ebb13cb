"""Finding: Stash's rules for ids, filters, sorting and pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from .criteria import date_test, number_test, reference_test, text_test, timestamp_test
from .library import Library, Named, Shelf, as_id
from .model import Scene, StashError
from .sorting import natural, ordered, sort_key

Input = Mapping[str, Any]
Test = Callable[[Scene], bool]


class Found:
    """The answer to findScenes; sums are made only when they are asked for."""

    def __init__(self, scenes: list[Scene], everything: Callable[[], Iterable[Scene]], count: int):
        self.scenes = scenes
        self.count = count
        self._everything = everything

    @cached_property
    def duration(self) -> float:
        return sum(file.duration for scene in self._everything() for file in scene.files)

    @cached_property
    def filesize(self) -> float:
        return sum(file.size for scene in self._everything() for file in scene.files)


def find_scenes(
    library: Library, *, ids: Sequence[str | int], find: Input | None, where: Input | None
) -> Found:
    """Answer findScenes. With *ids* nothing else counts; an empty list is no list."""
    if ids:
        chosen = many(library.scenes, ids, "scene", library.version.names_duplicate_ids)
        return Found(chosen, lambda: chosen, len(chosen))
    find, where = find or {}, where or {}
    key = sort_key(find.get("sort") or "")
    candidates, rest = _narrowed(library, where)
    tests = _tests(library, rest) + _words_tests(find.get("q") or "")
    if not tests and key is None and find.get("direction") != "DESC":
        page = [library.scenes[number] for number in _page(candidates, find)]
        return Found(page, lambda: map(library.scenes.__getitem__, candidates), len(candidates))
    matching = [
        scene
        for scene in map(library.scenes.__getitem__, candidates)
        if all(test(scene) for test in tests)
    ]
    in_order = ordered(matching, find, key) if find.get("sort") else matching
    return Found(_page(in_order, find), lambda: matching, len(matching))


def many(
    things: Mapping[int, Any], ids: Sequence[str | int], kind: str, names_duplicates: bool
) -> list[Any]:
    """Return the things with these ids in this order, or fail as a whole."""
    seen: set[str | int] = set()
    for each in ids:
        if each in seen and names_duplicates:
            raise StashError(f"validating ids: duplicate id found: {each}")
        # FindMany fills one place per id: the second place of a duplicate stays empty.
        if each in seen or as_id(each) not in things:
            raise StashError(f"{kind} with id {each} not found")
        seen.add(each)
    return [things[as_id(each)] for each in ids]


def find_named(
    library: Library, shelf: Shelf[Any], *, ids: Sequence[str], find: Input | None,
    where: Input | None, kind: str,
) -> tuple[int, list[Any]]:  # fmt: skip
    """Answer findPerformers and its like: count and page."""
    if ids:
        chosen = many(shelf.by_id, ids, kind, library.version.names_duplicate_ids)
        return len(chosen), chosen
    find = find or {}
    sort = find.get("sort") or "name"
    if sort not in ("id", "name", "created_at", "updated_at"):
        raise StashError(f"invalid sort: {sort}")
    test = _named_test(library, where or {})
    matching = [thing for thing in shelf if test(thing)]
    matching.sort(
        key=lambda it: natural(it.name) if sort == "name" else getattr(it, sort),
        reverse=find.get("direction") == "DESC",
    )
    return len(matching), _page(matching, find)


def _narrowed(library: Library, where: Input) -> tuple[Sequence[int], Input]:
    """Use the index on id: whoever walks a library by id is answered in time of the page."""
    criterion = where.get("id")
    if criterion is None or criterion["modifier"] != "GREATER_THAN" or where.get("OR"):
        return library.ids, where
    start = bisect_right(library.ids, criterion["value"])
    return library.ids[start:], {key: value for key, value in where.items() if key != "id"}


def _page(things: Sequence[Any], find: Input) -> list[Any]:
    size = find.get("per_page")
    size = 25 if size is None else size
    if size < 0:
        return list(things)
    start = (max(find.get("page") or 1, 1) - 1) * size
    return list(islice(things, start, start + size))


def _words_tests(q: str) -> list[Test]:
    return [
        lambda scene, word=word: any(  # type: ignore[misc]
            word in text.lower() for text in (scene.title, scene.details, scene.path)
        )
        for word in q.lower().replace('"', "").split()
    ]


def _tests(library: Library, where: Input) -> list[Test]:
    tests = [
        _test(library, name, criterion)
        for name, criterion in where.items()
        if criterion is not None and name not in ("AND", "OR", "NOT")
    ]
    return _joined(library, tests, where)


def _joined(library: Library, own: list[Test], where: Input) -> list[Test]:
    for name in ("AND", "OR", "NOT"):
        if where.get(name) is None:
            continue
        other = _tests(library, where[name])

        def passes_own(scene: Scene) -> bool:
            return all(test(scene) for test in own)

        def passes_other(scene: Scene, other: list[Test] = other) -> bool:
            return all(test(scene) for test in other)

        if name == "OR":
            return [lambda scene: passes_own(scene) or passes_other(scene)]
        if name == "NOT":
            return [*own, lambda scene: not passes_other(scene)]
        return own + other
    return own


def _test(library: Library, name: str, criterion: Any) -> Test:
    if name in ("id", "rating100"):
        number = number_test(criterion)
        return lambda scene: number(getattr(scene, name))
    if name in ("title", "code", "details", "director"):
        text = text_test(criterion)
        return lambda scene: text(getattr(scene, name))
    if name in ("created_at", "updated_at"):
        stamp = timestamp_test(criterion, library.now())
        return lambda scene: stamp(getattr(scene, name))
    if name in ("studios", "tags", "performers", "groups", "movies"):
        reference = reference_test(criterion)
        return lambda scene: reference({thing.id for thing in _related(scene, name)})
    if name.endswith("_filter"):
        related = _named_test(library, criterion)
        kind = name.removesuffix("_filter")
        return lambda scene: any(related(thing) for thing in _related(scene, kind))
    return _special_test(library, name, criterion)


def _special_test(library: Library, name: str, criterion: Any) -> Test:
    if name == "organized":
        return lambda scene: scene.organized == criterion
    if name == "file_count":
        number = number_test(criterion)
        return lambda scene: number(len(scene.files))
    if name == "date":
        day = date_test(criterion, library.now())
        return lambda scene: day(scene.date)
    # Each file of a scene is a row of its own; one that fits is enough.
    text = text_test(criterion)
    return lambda scene: any(text(path) for path in [file.path for file in scene.files] or [""])


def _related(scene: Scene, kind: str) -> list[Any]:
    if kind == "studios":
        return [scene.studio] if scene.studio else []
    if kind in ("groups", "movies"):
        return [place.group for place in scene.groups]
    return scene.performers if kind == "performers" else scene.tags


def _named_test(library: Library, where: Input) -> Callable[[Named], bool]:
    tests: list[Callable[[Named], bool]] = []
    for name, criterion in where.items():
        if criterion is None:
            continue
        text: Callable[[str], bool] = (
            text_test(criterion) if name == "name" else timestamp_test(criterion, library.now())
        )
        tests.append(lambda thing, name=name, text=text: text(getattr(thing, name)))  # type: ignore[misc]
    return lambda thing: all(test(thing) for test in tests)

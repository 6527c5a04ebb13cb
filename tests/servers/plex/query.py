"""Which items a listing holds, in what order, and which page of it is sent."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.servers.plex.answers import Refusal
from tests.servers.plex.item import TAG_ELEMENTS, Item
from tests.servers.plex.journal import Request
from tests.servers.plex.library import Library

_KEY = re.compile(r"(?:[a-z]+\.)?([A-Za-z]+)([!<>=]*)")
_AGO = re.compile(r"-(\d+)(mon|[smhdwy])")
_SECONDS = {
    "s": 1,
    "m": 60,
    "h": 3600,
    "d": 86_400,
    "w": 604_800,
    "mon": 2_592_000,
    "y": 31_536_000,
}

_TEXTS: dict[str, Callable[[Item], str]] = {
    "title": lambda item: item.title,
    "titleSort": lambda item: item.title_sort,
    "summary": lambda item: item.summary,
    "studio": lambda item: item.studio,
}
_TEXT_TESTS: dict[str, Callable[[str, str], bool]] = {
    "": lambda have, want: want in have,
    "!": lambda have, want: want not in have,
    "=": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    "<": lambda have, want: have.startswith(want),
    ">": lambda have, want: have.endswith(want),
}
_NUMBERS: dict[str, Callable[[Item], int]] = {
    "updatedAt": lambda item: item.updated_at,
    "addedAt": lambda item: item.added_at,
    "id": lambda item: item.key,
    "year": lambda item: item.year or 0,
}
_NUMBER_TESTS: dict[str, Callable[[int, int], bool]] = {
    "": lambda have, want: have == want,
    "!": lambda have, want: have != want,
    ">>": lambda have, want: have > want,
    "<<": lambda have, want: have < want,
    ">": lambda have, want: have >= want,
    "<": lambda have, want: have <= want,
}
_MARKS: dict[str, Callable[[Item], bool]] = {
    "trash": lambda item: item.deleted_at is not None,
    "duplicate": lambda item: len({part.media for part in item.parts}) > 1,
}
_SORTS: dict[str, Callable[[Item], Any]] = {
    "addedAt": lambda item: item.added_at,
    "updatedAt": lambda item: item.updated_at,
    "id": lambda item: item.key,
    "titleSort": lambda item: item.title_sort.casefold(),
    "title": lambda item: item.title.casefold(),
    "originallyAvailableAt": lambda item: item.date or "",
}

#: Ordering a small library again costs less than to trust what a test may have assigned.
_CACHE_FROM = 5_000

Test = Callable[[Item], bool]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows that are sent, and where they stand in the whole."""

    rows: list[Item]
    offset: int
    total: int


class Queries:
    """Answers listings of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._cached: dict[object, list[Item]] = {}
        self._cached_version = -1

    def page(self, section: int, request: Request) -> Page:
        """Return what *request* gets of *section*.

        Raises:
            Refusal: 400 for what this server was told not to accept.
        """
        self._check(request)
        start, size = _window(request)
        rows = self._ordered(section, request)
        if (limit := request.args.get("limit", "")).isdecimal():
            rows = rows[: int(limit)]
        size = min(len(rows) if size is None else size, self._library.switches.max_page)
        return Page(rows[start : start + size], start, len(rows))

    def _check(self, request: Request) -> None:
        switches = self._library.switches
        without_size = request.option("X-Plex-Container-Size") is None
        if switches.reject_missing_container_headers and without_size:
            raise Refusal(400, "X-Plex-Container-Size is missing")
        if switches.reject_sort_and_filter:
            for name, _ in request.query:
                if name == "sort" or _is_comparison(name):
                    raise Refusal(400, f"{name} is not supported")

    def _ordered(self, section: int, request: Request) -> list[Item]:
        asked = tuple(p for p in request.query if p[0] in ("type", "sort") or _KEY.fullmatch(p[0]))
        library = self._library
        if library.version != self._cached_version:
            self._cached, self._cached_version = {}, library.version
        cached = self._cached.get((section, asked))
        if cached is not None and len(library.items) >= _CACHE_FROM:
            return cached
        rows = [item for item in library.items.values() if item.section == section]
        for test in self._tests(section, asked):
            rows = [item for item in rows if test(item)]
        rows = _sorted(rows, request.args.get("sort", "titleSort"))
        self._cached[section, asked] = rows
        return rows

    def _tests(self, section: int, asked: tuple[tuple[str, str], ...]) -> list[Test]:
        tests: list[Test] = []
        own_type = "1" if self._library.sections[section].kind == "movie" else "4"
        for name, value in asked:
            if name == "type":
                if value != own_type:
                    return [lambda item: False]
                continue
            if self._library.switches.ignore_filters and _is_comparison(name):
                continue
            test = self._test(name, value)
            if test is not None:
                tests.append(test)
        return tests

    def _test(self, name: str, value: str) -> Test | None:
        match = _KEY.fullmatch(name)
        if match is None:
            return None
        field, operator = match[1], match[2]
        if field in _TEXTS and operator in _TEXT_TESTS:
            return _text_test(_TEXTS[field], _TEXT_TESTS[operator], value)
        if field in _NUMBERS and operator in _NUMBER_TESTS:
            read, compare, want = _NUMBERS[field], _NUMBER_TESTS[operator], self._number(value)
            return lambda item: compare(read(item), want)
        if field in _MARKS:
            mark = _MARKS[field]
            return lambda item: mark(item) == (value == "1")
        if field in TAG_ELEMENTS and operator in ("", "!"):
            return self._tag_test(field, value, wanted=not operator)
        return None

    def _number(self, value: str) -> int:
        ago = _AGO.fullmatch(value)
        if ago:
            return self._library.now() - int(ago[1]) * _SECONDS[ago[2]]
        try:
            return int(value)
        except ValueError as error:
            raise Refusal(400, f"not a number: {value}") from error

    def _tag_test(self, kind: str, value: str, *, wanted: bool) -> Test:
        ids = set(value.split(","))
        names = {
            name
            for (of, name), row in self._library.tags.items()
            if of == kind and not ids.isdisjoint((str(row.id), name))
        }
        return lambda item: names.isdisjoint(item.tags[kind]) is not wanted


def _text_test(read: Callable[[Item], str], test: Callable[[str, str], bool], value: str) -> Test:
    wanted = [one.casefold() for one in value.split(",")]
    return lambda item: any(test(read(item).casefold(), one) for one in wanted)


def _is_comparison(name: str) -> bool:
    """Return whether *name* is a filter like ``updatedAt>>``."""
    match = _KEY.fullmatch(name)
    return match is not None and match[1] in ("updatedAt", "addedAt")


def _sorted(rows: list[Item], sort: str) -> list[Item]:
    if sort.endswith(":desc"):
        rows = rows[::-1]  # within one second, too, the newest comes first
    for one in reversed(sort.split(",")):
        name, _, direction = one.partition(":")
        key = _SORTS.get(name.rpartition(".")[2])
        if key is None:
            raise Refusal(400, f"cannot sort by {name}")
        rows = sorted(rows, key=key, reverse=direction == "desc")
    return rows


def _window(request: Request) -> tuple[int, int | None]:
    try:
        size = request.option("X-Plex-Container-Size")
        start = int(request.option("X-Plex-Container-Start") or 0)
        return max(start, 0), None if size is None else max(int(size), 0)
    except ValueError as error:
        raise Refusal(400, "the container window is not a number") from error

"""Stash's filter criteria as predicates, with SQLite's and Stash's peculiarities."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

from .model import StashError

Criterion = Mapping[str, Any]
TestT = TypeVar("TestT")


def number_test(criterion: Criterion) -> Callable[[int | None], bool]:
    """Return the test of an IntCriterionInput; NULL passes nothing but IS_NULL."""
    return _range_test(criterion, criterion.get("value2") or 0, convert=None)


def timestamp_test(criterion: Criterion, now: datetime) -> Callable[[str | None], bool]:
    """Return the test of a timestamp: text against text, whatever offset the value has."""
    tomorrow = (now + timedelta(days=1)).replace(microsecond=0).isoformat()
    return _range_test(criterion, criterion.get("value2") or tomorrow, convert=None)


def date_test(criterion: Criterion, now: datetime) -> Callable[[str | None], bool]:
    """Return the test of a date; a partial one is stored as its first day."""
    tomorrow = (now + timedelta(days=1)).replace(microsecond=0).isoformat()
    return _range_test(criterion, criterion.get("value2") or tomorrow, convert=first_day)


def first_day(text: str) -> str:
    """Return the day that stands for "2024" or "2024-05" in the database."""
    return text + "-01" * ((10 - len(text)) // 3)


def _range_test(
    criterion: Criterion, upper: Any, convert: Callable[[str], str] | None
) -> Callable[[Any], bool]:
    value = criterion["value"]
    tests: dict[str, Callable[[Any], bool]] = {
        "EQUALS": lambda it: bool(it == value),
        "NOT_EQUALS": lambda it: bool(it != value),
        "GREATER_THAN": lambda it: bool(it > value),
        "LESS_THAN": lambda it: bool(it < value),
        "BETWEEN": lambda it: bool(value <= it <= upper),
        "NOT_BETWEEN": lambda it: not (value <= it <= upper),
        "IS_NULL": lambda it: False,
        "NOT_NULL": lambda it: True,
    }
    test = _known(tests, criterion, "numeric")
    null_passes = bool(criterion["modifier"] == "IS_NULL")

    def passes(it: Any) -> bool:
        if it is None:
            return null_passes
        return bool(test(convert(it) if convert else it))

    return passes


def text_test(criterion: Criterion) -> Callable[[str], bool]:
    """Return the test of a StringCriterionInput; "" stands for NULL.

    EQUALS is SQL's LIKE. INCLUDES looks for any of the words unless the whole value is quoted.
    """
    value = criterion["value"]
    modifier = criterion["modifier"]
    if modifier in ("IS_NULL", "NOT_NULL"):
        return lambda it: bool(it.strip()) == (modifier == "NOT_NULL")
    if modifier in ("MATCHES_REGEX", "NOT_MATCHES_REGEX"):
        return _regex_test(value, wanted=modifier == "MATCHES_REGEX")
    tests: dict[str, Callable[[str], bool]] = {
        "EQUALS": lambda it: bool(like(value).fullmatch(it)),
        "NOT_EQUALS": lambda it: not like(value).fullmatch(it),
        "INCLUDES": lambda it: any(word.fullmatch(it) for word in _words(value)),
        "EXCLUDES": lambda it: not any(word.fullmatch(it) for word in _words(value)),
    }
    test = _known(tests, criterion, "string filter")
    return lambda it: bool(it) and test(it)


def _regex_test(value: str, *, wanted: bool) -> Callable[[str], bool]:
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise StashError(f"error parsing regexp: {error}") from None
    if wanted:
        return lambda it: bool(it) and bool(pattern.search(it))
    return lambda it: not it or not pattern.search(it)


def _words(value: str) -> list[re.Pattern[str]]:
    bare = value.strip()
    quoted = bare.strip('"')
    words = bare.split() if quoted == bare else [quoted]
    return [like(f"%{word}%") for word in words]


@lru_cache(maxsize=1024)
def like(pattern: str) -> re.Pattern[str]:
    """Return SQLite's LIKE as a regular expression: % and _ are wild, only ASCII folds."""
    parts = {"%": ".*", "_": "."}
    return re.compile(
        "".join(parts.get(sign) or re.escape(sign) for sign in pattern),
        re.IGNORECASE | re.ASCII | re.DOTALL,
    )


def reference_test(criterion: Criterion) -> Callable[[set[int]], bool]:
    """Return the test of a (Hierarchical)MultiCriterionInput, without depth."""
    wanted = {int(number) for number in criterion.get("value") or ()}
    excluded = {int(number) for number in criterion.get("excludes") or ()}
    tests: dict[str, Callable[[set[int]], bool]] = {
        "INCLUDES": lambda it: bool(it & wanted),
        "INCLUDES_ALL": lambda it: wanted <= it,
        "EQUALS": lambda it: it == wanted,
        "EXCLUDES": lambda it: not it & wanted,
        "IS_NULL": lambda it: not it,
        "NOT_NULL": lambda it: bool(it),
    }
    test = _known(tests, criterion, "multi criterion")
    return lambda it: test(it) and not it & excluded


def _known(tests: Mapping[str, TestT], criterion: Criterion, kind: str) -> TestT:
    modifier = criterion["modifier"]
    if modifier not in tests:
        # Stash panics here; recoverFunc words it (internal/api/server.go).
        raise StashError(
            f"Internal system error. Error <unsupported {kind} modifier type {modifier}>"
        )
    return tests[modifier]

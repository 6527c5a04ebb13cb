"""A plan in words: what an item shows, and what it would show."""

import re
from collections.abc import Iterator
from itertools import takewhile

from domain.plex_item import PlexItem, Value
from plex.names import Difference
from plex.plan import Change, Plan

LONGEST = 80  # characters of one text
BEFORE = 20  # of them what both texts have in common, where that is cut

_BREAK = re.compile(r"\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def differences(item: PlexItem, plan: Plan) -> Iterator[str]:
    """One line per field that changes: ``title "a" → "b"``, ``tags +"new" -"old"``."""
    for name, change in plan.changes.items():
        yield f"{name} {_change(item.values.get(name), change)}"


def _change(shown: Value | None, change: Change) -> str:
    if isinstance(change, Difference):
        signed = [f"+{quoted(name)}" for name in change.added]
        signed += [f"-{quoted(name)}" for name in change.removed]
        return " ".join(signed)
    before = shown if isinstance(shown, str) else ""
    start = _start(before, change)
    return f"{quoted(before, start)} → {quoted(change, start)}"


def _start(before: str, after: str) -> int:
    """Where to begin, so that what differs can be seen."""
    if max(len(before), len(after)) <= LONGEST:
        return 0
    pairs = zip(before, after, strict=False)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return common - BEFORE if common > LONGEST // 2 else 0


def quoted(text: str, start: int = 0) -> str:
    """In quotes, on one line, from *start* on, and not longer than anybody reads."""
    line = _CONTROL.sub(" ", _BREAK.sub("↵", f"…{text[start:]}" if start else text))
    return f'"{line[: LONGEST - 1]}…"' if len(line) > LONGEST else f'"{line}"'

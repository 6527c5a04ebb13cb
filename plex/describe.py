"""A plan in words: what an item shows, and what it would show."""

from collections.abc import Iterator

from domain.plex_item import PlexItem, Value
from plex.names import Difference
from plex.plan import Change, Plan

LONGEST = 80  # characters of one text


def differences(item: PlexItem, plan: Plan) -> Iterator[str]:
    """One line per field that changes: ``title "a" → "b"``, ``tags +"new" -"old"``."""
    for name, change in plan.changes.items():
        yield f"{name} {_change(item.values.get(name), change)}"


def _change(shown: Value | None, change: Change) -> str:
    if isinstance(change, Difference):
        signed = [f"+{quoted(name)}" for name in change.added]
        signed += [f"-{quoted(name)}" for name in change.removed]
        return " ".join(signed)
    return f"{quoted(shown if isinstance(shown, str) else '')} → {quoted(change)}"


def quoted(text: str) -> str:
    """In quotes, on one line, and not longer than anybody reads."""
    line = " ".join(text.split())
    return f'"{line[: LONGEST - 1]}…"' if len(line) > LONGEST else f'"{line}"'

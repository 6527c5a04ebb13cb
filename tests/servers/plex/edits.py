"""What a PUT with ``field.value``, ``field.locked`` and ``tag[0].tag.tag`` does to an item."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.servers.plex.answers import Refusal
from tests.servers.plex.item import LOCKABLE, SCALARS, TAG_ELEMENTS, Item
from tests.servers.plex.library import Library
from tests.servers.plex.switches import TagMode


@dataclass(slots=True)
class Association:
    """One indexed tag: ``actor[0].tag.tag``, ``.tag.thumb`` and ``.tagging.text``."""

    name: str | None = None
    thumb: str | None = None
    text: str | None = None


@dataclass(slots=True)
class Edit:
    """A whole edit, understood before any of it is carried out."""

    values: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, bool] = field(default_factory=dict)
    added: dict[str, dict[int, Association]] = field(default_factory=dict)
    removed: dict[str, list[str]] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)

    def kinds(self) -> list[str]:
        """Return the kinds of tags whose associations change."""
        return list(dict.fromkeys([*self.cleared, *self.added, *self.removed]))


def understand(query: list[tuple[str, str]]) -> Edit:
    """Return what *query* asks for.

    Raises:
        Refusal: 400 for a name or lock Plex does not know, 500 for a value
            that is no date or number (plexopedia: "field data is not valid").
    """
    edit = Edit()
    for name, value in query:
        if name in ("type", "id") or name.startswith(("X-Plex-", "include")):
            continue
        _understand_one(edit, name, value)
    for associations in edit.added.values():
        if any(association.name is None for association in associations.values()):
            raise Refusal(400, "tagging without a tag")
    return edit


def _understand_one(edit: Edit, name: str, value: str) -> None:
    for pattern, known, note in _FORMS:
        match = pattern.fullmatch(name)
        if match and match[1] in known:
            note(edit, match, value)
            return
    raise Refusal(400, f"unknown field {name}")


def _value(edit: Edit, match: re.Match[str], value: str) -> None:
    try:
        edit.values[match[1]] = SCALARS[match[1]].read(value)
    except ValueError as error:
        raise Refusal(500, "field data is not valid") from error


def _lock(edit: Edit, match: re.Match[str], value: str) -> None:
    if value not in ("0", "1"):
        raise Refusal(400, "a lock is 0 or 1")
    edit.locks[match[1]] = value == "1"


def _add(edit: Edit, match: re.Match[str], value: str) -> None:
    kind, index, what = match[1], int(match[2]), match[3]
    association = edit.added.setdefault(kind, {}).setdefault(index, Association())
    if what == "tag.tag":
        association.name = value
    elif what == "tag.thumb":
        association.thumb = value
    elif what == "tagging.text":
        association.text = value


def _remove(edit: Edit, match: re.Match[str], value: str) -> None:
    # Encoded twice, so that a comma within a name does not part it (plexapi #1102).
    edit.removed.setdefault(match[1], []).extend(unquote(name) for name in value.split(","))


def _clear(edit: Edit, match: re.Match[str], value: str) -> None:
    edit.cleared.add(match[1])


_INDEXED = r"(\w+)\[(\d+)\]\.(tag\.tag|tag\.thumb|tagging\.(?:text|thumb|art|theme))"
_FORMS: tuple[tuple[re.Pattern[str], Any, Callable[[Edit, re.Match[str], str], None]], ...] = (
    (re.compile(r"(\w+)\.value"), SCALARS, _value),
    (re.compile(r"(\w+)\.locked"), LOCKABLE, _lock),
    (re.compile(_INDEXED), TAG_ELEMENTS, _add),
    (re.compile(r"(\w+)\[\]\.tag\.tag-"), TAG_ELEMENTS, _remove),
    (re.compile(r"(\w+)\[\]\.tag"), TAG_ELEMENTS, _clear),
)


def apply(edit: Edit, item: Item, library: Library, mode: TagMode) -> None:
    """Carry *edit* out on *item*."""
    library.about_to_edit(item)
    before = item.state() if library.switches.bump_updated_at == "on_change" else None
    for name, value in edit.values.items():
        setattr(item, SCALARS[name].attribute, _as_stored(name, value, library))
    for kind in edit.kinds():
        _retag(edit, kind, item, library, mode)
    for name, locked in edit.locks.items():
        if locked:
            item.locks.add(name)
        else:
            item.locks.discard(name)
    if before != item.state() or before is None:
        library.touch(item)


def _retag(edit: Edit, kind: str, item: Item, library: Library, mode: TagMode) -> None:
    wanted = edit.added.get(kind, {})
    added: list[str] = []
    for _, association in sorted(wanted.items()):
        name = _as_stored(kind, association.name, library)
        if name:
            added.append(name)
            _associate(kind, name, association, item, library)
    replaced = kind in edit.cleared or (mode == "replace" and bool(wanted))
    kept = [] if replaced else item.tags[kind]
    gone = set(edit.removed.get(kind, ())) - set(added)  # an addition wins (plexapi #1475)
    item.tags[kind] = list(dict.fromkeys([name for name in kept if name not in gone] + added))
    if kind == "actor":
        item.roles = {name: item.roles[name] for name in item.tags[kind] if name in item.roles}


def _associate(
    kind: str, name: str, association: Association, item: Item, library: Library
) -> None:
    row = library.tag(kind, name)
    if association.thumb is not None:
        row.thumb = association.thumb  # one per tag and server; the last writer wins
    if association.text is not None and kind == "actor":
        item.roles[name] = association.text


def _as_stored(name: str, value: Any, library: Library) -> Any:
    change = library.switches.normalise.get(name)
    if change is not None and value not in ("", None):
        value = change(value)
    if name == "label" and library.switches.capitalises_labels:
        value = value[:1].upper() + value[1:]
    return value

"""A Plex of four rules, for properties: what an edit's parameters make of an item's values."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal
from urllib.parse import unquote

from domain.plex_item import PlexItem, Value
from plex.fields import FIELDS

TagMode = Literal["additive", "replace"]

_OURS = {spec.plex: spec.name for spec in FIELDS}


def edited(item: PlexItem, query: Iterable[tuple[str, str]], mode: TagMode) -> PlexItem:
    """Return *item* after one edit."""
    values: dict[str, Value] = dict(item.values)
    locked = set(item.locked)
    added: dict[str, dict[int, str]] = {}
    removed: dict[str, list[str]] = {}
    for name, value in query:
        field = _OURS[re.split(r"[.\[]", name)[0]]
        if name.endswith(".value"):
            values[field] = value
        elif name.endswith(".locked"):
            locked.add(field)
        elif name.endswith("[].tag.tag-"):
            removed[field] = [unquote(one) for one in value.split(",")]
        elif match := re.search(r"\[(\d+)\]\.tag\.tag$", name):
            indexed = added.setdefault(field, {})
            assert int(match[1]) == len(indexed), "indices count from 0 without a gap"
            indexed[int(match[1])] = value
        else:
            raise AssertionError(name)
    for field in added.keys() | removed.keys():
        new = list(added.get(field, {}).values())
        old = values.get(field, ()) if mode == "additive" or not new else ()
        gone = set(removed.get(field, ())) - set(new)
        values[field] = tuple(dict.fromkeys([n for n in (*old, *new) if n not in gone]))
    return replace(item, values=values, locked=frozenset(locked))

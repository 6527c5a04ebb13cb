"""Those who change items besides the API: the metadata agent and a person in the web app."""

import hashlib
from typing import Any

from tests.servers.plex.item import SCALARS, TAG_ELEMENTS, Item
from tests.servers.plex.library import Library

#: What an agent never writes: it belongs to the user or to the file.
_NOT_THE_AGENTS = frozenset({"userRating", "addedAt", "label"})

_BY_ATTRIBUTE = {scalar.attribute: name for name, scalar in SCALARS.items()}


def refresh(item: Item, library: Library) -> None:
    """Rewrite every unlocked field with what the agent knows, or with nothing."""
    knows: dict[str, Any] = {"title": item.stem, **library.switches.agent_writes}
    for name in (*SCALARS, *TAG_ELEMENTS):
        if name not in _NOT_THE_AGENTS and name not in item.locks:
            set_field(item, name, knows.get(name), library)
    if "thumb" not in item.locks:
        item.poster = None
    if "art" not in item.locks:
        item.art = None
    library.touch(item, later=True)


def edit_by_hand(item: Item, library: Library, changes: dict[str, Any], *, lock: bool) -> None:
    """Set *changes* as the web app does; it locks what it writes unless told otherwise.

    Names are Plex's or those of `Item`; ``poster`` and ``art`` take bytes.
    """
    for given, value in changes.items():
        name = _BY_ATTRIBUTE.get(given, given)
        if name in ("poster", "art"):
            name = _choose_image(item, name, value)
        else:
            set_field(item, name, value, library)
        if lock:
            item.locks.add(name)
    library.touch(item, later=True)


def set_field(item: Item, name: str, value: Any, library: Library) -> None:
    """Set one value or one list of tags by Plex's name; None empties it."""
    if name in SCALARS:
        scalar = SCALARS[name]
        setattr(item, scalar.attribute, scalar.empty if value is None else value)
        return
    if name not in TAG_ELEMENTS:
        raise KeyError(f"no such field: {name}")
    item.tags[name] = list(value or ())
    for tag in item.tags[name]:
        library.tag(name, tag)


def _choose_image(item: Item, name: str, content: bytes) -> str:
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if name == "poster":
        item.posters[digest], item.poster = content, digest
        return "thumb"
    item.arts[digest], item.art = content, digest
    return "art"

"""The fields that are synced, one row each: what Stash has, and what Plex calls it."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol

from domain.plex_item import Value
from domain.scene import Scene
from plex.text import cut, name_key

Kind = Literal["text", "date", "number", "tags", "cast"]


class Switches(Protocol):
    """The settings that govern what is synced (validation/config.py)."""

    @property
    def sync_title(self) -> bool: ...
    @property
    def sync_sort_title(self) -> bool: ...
    @property
    def sync_studio(self) -> bool: ...
    @property
    def sync_summary(self) -> bool: ...
    @property
    def sync_date(self) -> bool: ...
    @property
    def sync_rating(self) -> bool: ...
    @property
    def sync_performers(self) -> bool: ...
    @property
    def sync_tags(self) -> bool: ...
    @property
    def sync_collection(self) -> bool: ...
    @property
    def collect_groups(self) -> bool: ...
    @property
    def max_tags(self) -> int: ...


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field.

    Attributes:
        name: ours, as in the ledger and in the log; the setting ``sync_<name>`` governs it.
        plex: what an edit calls it: ``<plex>.value``, ``<plex>[0].tag.tag``, ``<plex>.locked``.
        shown_as: the attribute, or for names the element, by which an item shows it.
        source: takes it from the scene.
        limit: bytes one text or one name may take in the URL. Plex has no known limit of its
            own; ours keeps an edit in one URL (plex/edit.py, ROOM).
        may_be_empty: whether an empty wish is a wish; Plex needs a title.
    """

    name: str
    plex: str
    shown_as: str
    kind: Kind
    source: Callable[[Scene, Switches], Value]
    limit: int = 2000
    may_be_empty: bool = True

    @property
    def holds_names(self) -> bool:
        """Whether its values are tuples of names."""
        return self.kind in ("tags", "cast")


def _title(scene: Scene, _: Switches) -> str:
    return scene.title


def _rating(scene: Scene, _: Switches) -> str:
    return "" if scene.rating100 is None else as_number(str(scene.rating100 / 10))


def _collection(scene: Scene, config: Switches) -> tuple[str, ...]:
    return (scene.studio, *(scene.groups if config.collect_groups else ()))


_RELEASED = "originallyAvailableAt"

FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("title", "title", "title", "text", _title, may_be_empty=False),
    FieldSpec("sort_title", "titleSort", "titleSort", "text", _title, may_be_empty=False),
    FieldSpec("studio", "studio", "studio", "text", lambda s, _: s.studio),
    FieldSpec("summary", "summary", "summary", "text", lambda s, _: s.details, limit=6800),
    FieldSpec("date", _RELEASED, _RELEASED, "date", lambda s, _: s.date),
    FieldSpec("rating", "userRating", "userRating", "number", _rating),
    FieldSpec("performers", "actor", "Role", "cast", lambda s, _: s.performers),
    FieldSpec("tags", "genre", "Genre", "tags", lambda s, _: s.tags),
    FieldSpec("collection", "collection", "Collection", "tags", _collection),
)

BY_NAME: Mapping[str, FieldSpec] = {spec.name: spec for spec in FIELDS}


def wish(scene: Scene, config: Switches) -> dict[str, Value]:
    """What Plex should show of *scene*, by our field names; a field that is switched off is absent.

    Values are cut to what one edit can carry, so that hash and difference use what is sent.
    """
    return {name: value for name, value, _ in _wished(scene, config) if value is not None}


def remarks(scene: Scene, config: Switches) -> tuple[str, ...]:
    """What the log should say of the wish: what was shortened or left out, and why."""
    return tuple(remark for _, _, remark in _wished(scene, config) if remark)


def content_hash(wished: Mapping[str, Value]) -> str:
    """A name for everything in a wish; equal for equal wishes, in any process."""
    return hashlib.sha256(json.dumps(wished, sort_keys=True).encode()).hexdigest()


def as_number(text: str) -> str:
    """Return a number as Plex prints it: 8 and 8.00 are "8.0"; anything else as it is."""
    try:
        return str(float(text))
    except ValueError:
        return text


def full_date(text: str) -> str | None:
    """Return a date, which may lack day or month, as Plex takes it; None if it is none."""
    if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat((text + "-01-01")[:10]).isoformat()
    except ValueError:
        return None


def _wished(scene: Scene, config: Switches) -> Iterator[tuple[str, Value | None, str]]:
    """Yield (field, its wish or None, remark or "")."""
    for spec in FIELDS:
        if not getattr(config, f"sync_{spec.name}"):
            continue
        raw = spec.source(scene, config)
        if isinstance(raw, tuple):
            value, remark = _names(spec, raw, config.max_tags)
            yield spec.name, value, remark
        elif raw or spec.may_be_empty:
            yield spec.name, *_text(spec, raw)


def _text(spec: FieldSpec, raw: str) -> tuple[Value | None, str]:
    if spec.kind == "date" and raw:
        day = full_date(raw)
        return day, "" if day else f"{spec.name} left as it is in Plex: Stash's is no date"
    text = cut(raw, spec.limit)
    return text, "" if text == raw else f"{spec.name} shortened to fit into an edit of Plex"


def _names(spec: FieldSpec, raw: Iterable[str], max_tags: int) -> tuple[tuple[str, ...], str]:
    clean = (cut(" ".join(name.split()), spec.limit) for name in raw)
    by_key: dict[str, str] = {}
    for name in clean:
        if name:
            by_key.setdefault(name_key(name), name)
    names = tuple(by_key.values())
    if spec.name != "tags" or len(names) <= max_tags:
        return names, ""
    return names[:max_tags], f"{len(names) - max_tags} of {len(names)} tags left out: max_tags"

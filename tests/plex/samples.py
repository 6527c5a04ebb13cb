"""Scenes, settings and items as the tests of plex/ need them."""

from typing import Any

from domain.job import SceneId
from domain.ledger import FieldMemory, LedgerEntry
from domain.plex_item import PlexItem, RatingKey, SectionKey, Value
from domain.scene import Scene
from plex.plan import Plan, make_plan
from tests.servers.plex import LoopbackPlex
from validation.config import Stash2PlexConfig

KEY = RatingKey(100_001)


def settings(**changes: Any) -> Stash2PlexConfig:
    required = {"plex_url": "http://plex:32400", "plex_token": "t"}
    return Stash2PlexConfig.model_validate(required | changes)


def scene(**values: Any) -> Scene:
    return Scene(SceneId(42), "2024-05-01T12:00:00Z", **values)


def item(
    values: dict[str, Value] | None = None, *, locked: tuple[str, ...] = (), poster: bool = False
) -> PlexItem:
    return PlexItem(
        KEY, SectionKey(1), ("/plex/a.mp4",), values or {}, frozenset(locked), poster_locked=poster
    )


def entry(
    fields: dict[str, FieldMemory] | None = None,
    intent: dict[str, tuple[str, ...]] | None = None,
) -> LedgerEntry:
    return LedgerEntry("server", KEY, SceneId(42), fields=fields or {}, intent=intent or {})


def fill(plex: LoopbackPlex, count: int, *, section: int = 1) -> list[int]:
    """Add items that have long been there, so that only what comes later is new."""
    keys = [plex.add_item(f"/plex/{section}/{n}.mp4", section=section) for n in range(count)]
    for key in keys:
        plex.item(key).added_at = plex.item(key).updated_at = 1_000_000 + key
    plex.library.version += 1
    return keys


def planned(
    shown: dict[str, Value],
    wish: dict[str, Value],
    fields: dict[str, FieldMemory] | None = None,
    *,
    intent: dict[str, tuple[str, ...]] | None = None,
    locked: tuple[str, ...] = (),
    preserve_edits: bool = False,
) -> Plan:
    known = None if fields is None and intent is None else entry(fields, intent)
    return make_plan(item(shown, locked=locked), wish, known, preserve_edits=preserve_edits)

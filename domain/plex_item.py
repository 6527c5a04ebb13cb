"""An item as Plex shows it, and where a file is in Plex."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

RatingKey = NewType("RatingKey", int)
SectionKey = NewType("SectionKey", int)

Value = str | tuple[str, ...]
"""What a field holds: a text ("" is empty), or names in order for tags and cast."""


@dataclass(frozen=True, slots=True)
class Section:
    """A Plex library.

    Attributes:
        title: the name users gave it.
        kind: Plex's type; we sync "movie", which home video libraries are too.
        locations: its root folders as Plex sees them.
        scanning: whether Plex is scanning it now.
    """

    key: SectionKey
    title: str
    kind: str
    locations: tuple[str, ...] = ()
    scanning: bool = False


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """A file that Plex has, as the index remembers it.

    Attributes:
        path: as Plex sees it.
        size: bytes; None if Plex did not say.
    """

    rating_key: RatingKey
    section: SectionKey
    path: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class PlexItem:
    """One item with all its tags and locks, from /library/metadata.

    Attributes:
        files: the paths of all its parts as Plex sees them.
        values: what it shows, by our field names (plex/fields.py); absent is "" or ().
        locked: our names of the fields that are locked against Plex's agents.
        poster_locked: somebody (we, an upload, the user) chose the poster.
    """

    rating_key: RatingKey
    section: SectionKey
    files: tuple[str, ...]
    values: Mapping[str, Value] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    poster_locked: bool = False

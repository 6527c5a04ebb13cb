"""Plex's XML as our values; no request is made here, and what is absent stays absent.

plexapi's own objects would fetch an item again for every attribute that is empty.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from domain.plex_item import (
    IndexedFile,
    PlexItem,
    RatingKey,
    Section,
    SectionKey,
    Value,
)
from plex.fields import FIELDS, FieldSpec, as_number

_UPLOADED = "upload://posters/"
_OURS = {spec.plex: spec.name for spec in FIELDS}


@dataclass(frozen=True, slots=True)
class Page:
    """A piece of a library's listing.

    Attributes:
        files: every file of its items.
        trashed: items of it whose files are missing now.
        without_files: items of it that never had files.
        rows: how many items came; may be fewer than asked for.
        total: how many items the whole listing has; None if Plex did not say.
        newest: Unix seconds by Plex's clock of the latest change among them; 0 if none is known.
    """

    files: tuple[IndexedFile, ...]
    trashed: frozenset[RatingKey]
    without_files: tuple[RatingKey, ...]
    rows: int
    total: int | None
    newest: int


def section_of(directory: Element) -> Section | None:
    """Read a library; None for one without a number."""
    key = _number(directory.get("key"))
    if key is None:
        return None
    return Section(
        key=SectionKey(key),
        title=directory.get("title", ""),
        kind=directory.get("type", ""),
        locations=tuple(place.get("path", "") for place in directory.iter("Location")),
        scanning=directory.get("refreshing") == "1",
    )


def page_of(listing: Element, section: SectionKey) -> Page:
    """Read a listing of *section*; of a row only its files and times are complete there."""
    rows = list(_rows(listing))
    files = tuple(
        IndexedFile(key, section, part.get("file", ""), _number(part.get("size")))
        for key, row in rows
        for part in _files(row)
    )
    with_files = {file.rating_key for file in files}
    times = (_number(row.get("updatedAt") or row.get("addedAt")) or 0 for _, row in rows)
    return Page(
        files=files,
        trashed=frozenset(key for key, row in rows if row.get("deletedAt")),
        without_files=tuple(key for key, _ in rows if key not in with_files),
        rows=len(listing),
        total=_number(listing.get("totalSize")),
        newest=max(times, default=0),
    )


def items_of(details: Element) -> Iterator[PlexItem]:
    """Read whole items with their tags and locks."""
    for key, row in _rows(details):
        section = _number(row.get("librarySectionID") or details.get("librarySectionID"))
        locked = {f.get("name", "") for f in row.iter("Field") if f.get("locked") == "1"}
        yield PlexItem(
            rating_key=key,
            section=SectionKey(section or 0),
            files=tuple(part.get("file", "") for part in _files(row)),
            values={spec.name: _value(spec, row) for spec in FIELDS},
            locked=frozenset(_OURS[name] for name in locked if name in _OURS),
            poster_locked="thumb" in locked,
        )


def posters_of(listing: Element) -> dict[str, bool]:
    """Read which pictures were uploaded, by the SHA-1 of their bytes, and which one is shown."""
    return {
        name.removeprefix(_UPLOADED): photo.get("selected") == "1"
        for photo in listing
        if (name := photo.get("ratingKey", "")).startswith(_UPLOADED)
    }


def _rows(container: Element) -> Iterator[tuple[RatingKey, Element]]:
    for row in container:
        key = _number(row.get("ratingKey"))
        if key is not None:
            yield RatingKey(key), row


def _files(row: Element) -> list[Element]:
    return [part for part in row.findall("Media/Part") if part.get("file")]


def _value(spec: FieldSpec, row: Element) -> Value:
    if spec.holds_names:
        return tuple(e.get("tag", "") for e in row.findall(spec.shown_as) if e.get("tag"))
    text = row.get(spec.shown_as, "")
    if spec.name == "sort_title":
        return text or row.get("title", "")  # Plex leaves it out if it equals the title
    if spec.kind == "date":
        return text[:10]
    return as_number(text) if spec.kind == "number" else text


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None

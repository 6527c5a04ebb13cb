"""Items and sections as the XML a Plex server sends: short in a listing, whole in detail."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.servers.plex.item import TAG_ELEMENTS, Item, Part, Section
from tests.servers.plex.journal import Request
from tests.servers.plex.library import Library

Pairs = Iterable[tuple[str, object]]

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SPECIAL = re.compile('[&<>"\n\r\t]')
_ESCAPED = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    # As references, or a parser turns them into blanks within an attribute.
    "\n": "&#10;",
    "\r": "&#13;",
    "\t": "&#9;",
}


@dataclass(frozen=True, slots=True)
class Slimming:
    """What a client asked to leave out, or with API version 1 and later, to send alone."""

    without_elements: frozenset[str] = frozenset()
    without_fields: frozenset[str] = frozenset()
    only_elements: frozenset[str] = frozenset()
    only_fields: frozenset[str] = frozenset()

    def wants_element(self, name: str) -> bool:
        """Return whether elements called *name* are sent."""
        if self.only_elements and name not in self.only_elements:
            return False
        return name not in self.without_elements

    def wants_field(self, name: str) -> bool:
        """Return whether the attribute called *name* is sent."""
        if self.only_fields and name not in self.only_fields:
            return False
        return name not in self.without_fields


def slimming_of(request: Request) -> Slimming:
    """Read the ``exclude…`` and ``include…`` options; below version 1 ``include`` only adds."""
    args = request.args
    version = request.option("X-Plex-Pms-Api-Version") or "0"
    new_meaning = not version.startswith("0")

    def names(option: str, *, counts: bool = True) -> frozenset[str]:
        return frozenset(args[option].split(",")) if counts and args.get(option) else frozenset()

    return Slimming(
        names("excludeElements"),
        names("excludeFields"),
        names("includeElements", counts=new_meaning),
        names("includeFields", counts=new_meaning),
    )


def container(rows: Sequence[str], **attributes: object) -> str:
    """Return *rows* in a MediaContainer that says how many there are."""
    head = tag("MediaContainer", [("size", len(rows)), *attributes.items()], closed=False)
    return f"{head}{''.join(rows)}</MediaContainer>"


def tag(name: str, pairs: Pairs, *, closed: bool = True) -> str:
    """Return one element; attributes that are None are left out."""
    inner = "".join(f' {key}="{escape(value)}"' for key, value in pairs if value is not None)
    return f"<{name}{inner}{'/' if closed else ''}>"


def escape(value: object) -> str:
    """Return *value* as it stands between double quotes."""
    text = str(value)
    return _SPECIAL.sub(_reference, text) if _SPECIAL.search(text) else text


def _reference(match: re.Match[str]) -> str:
    return _ESCAPED[match[0]]


def directory(section: Section) -> str:
    """Return a library as ``/library/sections`` lists it."""
    pairs = [
        ("allowSync", 1),
        ("filters", 1),
        ("refreshing", int(section.refreshing)),
        ("key", section.key),
        ("type", section.kind),
        ("title", section.title),
        ("agent", section.agent),
        ("scanner", "Plex Video Files Scanner"),
        ("language", "xn"),
        ("uuid", f"00000000-0000-4000-8000-{section.key:012d}"),
        ("updatedAt", section.scanned_at),
        ("createdAt", section.created_at),
        ("scannedAt", section.scanned_at),
        ("content", 1),
        ("directory", 1),
        ("contentChangedAt", section.content_changed),
        ("hidden", 0),
    ]
    places = enumerate(section.locations, start=section.key * 100)
    inner = "".join(tag("Location", [("id", number), ("path", path)]) for number, path in places)
    return f"{tag('Directory', pairs, closed=False)}{inner}</Directory>"


class Renderer:
    """Writes items of one library."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def row(self, item: Item, slimming: Slimming) -> str:
        """Return *item* as a listing shows it: some genres, three names, no locks."""
        shown = self._library.as_read(item)
        caps = self._library.switches.listing_caps
        tags = (
            tag(TAG_ELEMENTS[kind], [("tag", name)])
            for kind, cap in caps.items()
            if slimming.wants_element(TAG_ELEMENTS[kind])
            for name in shown.tags[kind][:cap]
        )
        return self._video(shown, [], slimming, tags, streams=False)

    def detail(self, item: Item, slimming: Slimming) -> str:
        """Return *item* with all its tags, its locks and the streams of its files."""
        shown = self._library.as_read(item)
        section = self._library.sections[item.section]
        belongs = [
            ("librarySectionTitle", section.title),
            ("librarySectionID", section.key),
            ("librarySectionKey", f"/library/sections/{section.key}"),
        ]
        return self._video(shown, belongs, slimming, self._all_tags(shown, slimming), streams=True)

    def _video(
        self,
        item: Item,
        more: list[tuple[str, object]],
        slimming: Slimming,
        tags: Iterable[str],
        *,
        streams: bool,
    ) -> str:
        section = self._library.sections[item.section]
        pairs: Pairs = [*_scalars(item, section), *more]
        if slimming.without_fields or slimming.only_fields:
            pairs = [pair for pair in pairs if slimming.wants_field(pair[0])]
        media = _media(item, streams=streams) if slimming.wants_element("Media") else ""
        text = f"{tag('Video', pairs, closed=False)}{media}{''.join(tags)}</Video>"
        if self._library.switches.sends_illegal_characters:
            return text
        return _FORBIDDEN.sub("", text)

    def _all_tags(self, item: Item, slimming: Slimming) -> Iterable[str]:
        for kind, element in TAG_ELEMENTS.items():
            if not slimming.wants_element(element):
                continue
            for name in item.tags[kind]:
                row = self._library.tag(kind, name)
                pairs = [("id", row.id), ("filter", f"{kind}={row.id}"), ("tag", name)]
                if kind == "actor":
                    pairs += [("role", item.roles.get(name)), ("thumb", row.thumb or None)]
                yield tag(element, pairs)
        if slimming.wants_element("Field"):
            for name in sorted(item.locks):
                yield tag("Field", [("locked", 1), ("name", name)])


def _scalars(item: Item, section: Section) -> Pairs:
    key = f"/library/metadata/{item.key}"
    return (
        ("ratingKey", item.key),
        ("key", key),
        ("guid", f"{section.agent}://{item.key}?lang=xn"),
        ("studio", item.studio or None),
        ("type", "movie" if section.kind == "movie" else "episode"),
        ("title", item.title),
        ("titleSort", item.title_sort if item.title_sort != item.title else None),
        ("originalTitle", item.original_title or None),
        ("editionTitle", item.edition_title or None),
        ("contentRating", item.content_rating or None),
        ("summary", item.summary),
        ("rating", item.rating),
        ("audienceRating", item.audience_rating),
        ("userRating", item.user_rating),
        ("year", item.year),
        ("tagline", item.tagline or None),
        # The number only defeats caches: it says nothing about the picture.
        ("thumb", f"{key}/thumb/{item.updated_at}"),
        ("art", f"{key}/art/{item.updated_at}"),
        ("duration", item.duration),
        ("originallyAvailableAt", item.date),
        ("addedAt", item.added_at),
        ("updatedAt", item.updated_at),
        ("deletedAt", item.deleted_at),
    )


def _media(item: Item, *, streams: bool) -> str:
    versions: dict[int, list[Part]] = {}
    for part in item.parts:
        versions.setdefault(part.media, []).append(part)
    rows = []
    for media, parts in versions.items():
        head = tag(
            "Media",
            [
                ("id", media),
                ("duration", item.duration),
                ("bitrate", 4000),
                ("width", 1920),
                ("height", 1080),
                ("videoCodec", "h264"),
                ("videoResolution", "1080"),
                ("container", "mp4"),
            ],
            closed=False,
        )
        rows.append(head + "".join(_part(part, item, streams) for part in parts) + "</Media>")
    return "".join(rows)


def _part(part: Part, item: Item, streams: bool) -> str:
    pairs: list[tuple[str, object]] = [
        ("id", part.id),
        ("key", f"/library/parts/{part.id}/{item.added_at}/file.mp4"),
        ("duration", item.duration),
        ("file", part.file),
        ("size", part.size),
        ("container", "mp4"),
    ]
    if not streams:
        return tag("Part", pairs)
    stream = tag("Stream", [("id", part.id), ("streamType", 1), ("codec", "h264"), ("index", 0)])
    return f"{tag('Part', pairs, closed=False)}{stream}</Part>"

"""Posters and backgrounds, kept by the SHA-1 of their bytes (facts/plex.md section 3)."""

import hashlib
import urllib.request
from dataclasses import dataclass
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

from tests.servers.plex.answers import Refusal
from tests.servers.plex.item import Item

_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")


@dataclass(frozen=True, slots=True)
class ImageKind:
    """Where one kind of picture lives in the API and in an item."""

    plural: str  # in the path of the list and of uploads
    element: str  # in the path of selection
    selected: str  # attributes of Item
    stored: str
    lock: str


POSTER = ImageKind("posters", "poster", "poster", "posters", "thumb")
ART = ImageKind("arts", "art", "art", "arts", "art")


def is_image(content: bytes) -> bool:
    """Return whether *content* begins as a picture does that Plex can show."""
    riff = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    avif = content[4:12] in (b"ftypavif", b"ftypavis", b"ftypheic")
    return content.startswith(_SIGNATURES) or riff or avif


def upload(item: Item, kind: ImageKind, content: bytes) -> None:
    """Store *content*; only bytes never seen before are selected and locked."""
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    stored: dict[str, bytes] = getattr(item, kind.stored)
    if digest not in stored:
        stored[digest] = content
        setattr(item, kind.selected, digest)
        item.locks.add(kind.lock)


def select(item: Item, kind: ImageKind, url: str) -> None:
    """Show the picture that the list calls *url*, and lock it."""
    digest = url.rpartition("/")[2]
    if url == _still(item):
        setattr(item, kind.selected, None)
    elif url == f"upload://{kind.plural}/{digest}" and digest in getattr(item, kind.stored):
        setattr(item, kind.selected, digest)
    else:
        raise Refusal(404, "no such picture")
    item.locks.add(kind.lock)


def unset(item: Item, kind: ImageKind) -> None:
    """Show no upload any more; the field is locked, the uploads stay."""
    setattr(item, kind.selected, None)
    item.locks.add(kind.lock)


def listing(item: Item, kind: ImageKind) -> str:
    """Return the list of pictures as XML: the generated still and every upload."""
    chosen = getattr(item, kind.selected)
    rows = [_photo(item, _still(item), selected=chosen is None)]
    for digest in getattr(item, kind.stored):
        rows.append(_photo(item, f"upload://{kind.plural}/{digest}", selected=digest == chosen))
    size = len(rows)
    return (
        f'<MediaContainer size="{size}" identifier="com.plexapp.plugins.library">'
        f"{''.join(rows)}</MediaContainer>"
    )


def content_of(item: Item, url: str) -> bytes:
    """Return the bytes of an upload by its ``upload://`` address."""
    digest = url.rpartition("/")[2]
    for stored in (item.posters, item.arts):
        if digest in stored:
            return stored[digest]
    raise Refusal(404, "no such picture")


def download(url: str) -> bytes:
    """Fetch a picture as Plex does when it gets an address instead of bytes."""
    if not url.startswith(("http://", "https://")):
        raise Refusal(400, "not an address Plex downloads from")
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            content: bytes = answer.read()
    except OSError as error:
        raise Refusal(500, "Plex could not download the picture") from error
    return content


def _still(item: Item) -> str:
    digest = hashlib.sha1(str(item.key).encode(), usedforsecurity=False).hexdigest()
    return f"media://{digest[0]}/{digest[1:]}.bundle/Contents/Thumbnails/thumb1.jpg"


def _photo(item: Item, url: str, *, selected: bool) -> str:
    file = f"/library/metadata/{item.key}/file?url={quote(url, safe='')}"
    mark = ' selected="1"' if selected else ""
    return (
        f"<Photo key={quoteattr(file)} ratingKey={quoteattr(url)} thumb={quoteattr(file)}{mark}/>"
    )

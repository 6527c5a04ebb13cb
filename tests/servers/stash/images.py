"""Pictures as Stash serves them: own ones, default ones, ETags."""

from __future__ import annotations

import hashlib
from email.message import Message
from typing import Any

from .library import Library, Shelf
from .reply import Reply, plain

DEFAULT_PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 90"><rect width="160" height="90" '
    b'fill="#394b59"/></svg>\n'
)
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)
_CONTROL = bytes(set(range(0x20)) - set(b"\t\n\x0c\r\x1b"))


def content_type_of(image: bytes) -> str:
    """Return the type that Go sniffs; text of any kind is served as SVG."""
    for signature, kind in _SIGNATURES:
        if image.startswith(signature):
            return kind
    if image.startswith(b"RIFF") and image[8:14] == b"WEBPVP":
        return "image/webp"
    if not any(each in _CONTROL for each in image[:512]):
        return "image/svg+xml"
    return "application/octet-stream"  # avif, for one


def find_image(library: Library, path: str, query: dict[str, str]) -> bytes | Reply:
    """Return the picture at *path*, or the refusal."""
    kind, number, end = path.strip("/").split("/")
    if not number.lstrip("+-").isdecimal():
        return plain(400, "Bad Request") if kind == "scene" else plain(404, "Not Found")
    with library.lock:
        if kind == "scene":
            scene = library.scenes.get(int(number))
            found, image = scene is not None, scene.cover if scene else None
        else:
            found, image = _named_image(library, kind, int(number), end)
    if not found:
        return plain(404, "Not Found")
    own = image if kind == "scene" or query.get("default") != "true" else None
    return own or DEFAULT_PICTURE


def _named_image(library: Library, kind: str, number: int, end: str) -> tuple[bool, bytes | None]:
    if kind in ("group", "movie"):
        group = library.groups.by_id.get(number)
        if group is None:
            return False, None
        return True, group.back_image if end == "backimage" else group.image
    shelves: dict[str, Shelf[Any]] = {
        "performer": library.performers,
        "studio": library.studios,
        "tag": library.tags,
    }
    thing = shelves[kind].by_id.get(number)
    return thing is not None, thing.image if thing else None


def serve(image: bytes, query: dict[str, str], headers: Message) -> Reply:
    """Answer a conditional GET of *image*."""
    etag = f'"{hashlib.md5(image, usedforsecurity=False).hexdigest()}"'
    caching = "private, max-age=31536000, immutable" if "t" in query else "no-cache"
    common = (("Cache-Control", caching), ("ETag", etag))
    asked = [
        each.strip().removeprefix("W/") for each in headers.get("If-None-Match", "").split(",")
    ]
    if etag in asked or "*" in asked:
        return Reply(304, headers=common)
    return Reply(200, image, content_type_of(image), common)

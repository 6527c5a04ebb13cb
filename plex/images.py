"""Posters: uploaded when their bytes are new, and only then.

Plex keeps every different picture for ever and names uploads by the SHA-1 of their bytes (facts
of Plex, section 3).
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import replace

from domain.errors import PlexTemporaryError
from domain.ledger import ImageMemory
from domain.plex_item import PlexItem, RatingKey
from plex.client import PlexClient

log = logging.getLogger(__name__)

EARLIER = 20
"""Uploads of one item that are remembered."""

MAX_BYTES = 10_480_000  # more gets 500 (Kometa, MAX_IMAGE_SIZE)

_MAGIC = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")


def is_picture(data: bytes) -> bool:
    """Whether *data* begins as JPEG, PNG, GIF or WebP does."""
    return data.startswith(_MAGIC) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP")


def sync_poster(
    client: PlexClient,
    item: PlexItem,
    picture: bytes,
    memory: ImageMemory | None,
    etag: str,
    *,
    announce: Callable[[ImageMemory], None] = lambda _: None,
) -> tuple[ImageMemory, bool]:
    """Let *item* show *picture*; return what to remember, and whether anything was sent.

    Args:
        memory: what was uploaded last; None if we never did.
        etag: what Stash calls these bytes.
        announce: told before anything is sent what to remember should we die now: that nobody
            knows which picture Plex shows.

    Raises:
        What PlexClient raises.
    """
    known = memory or ImageMemory("")
    unfit = _why_unfit(picture)
    if unfit:
        log.warning("Plex item %d: poster left as it is: %s", item.rating_key, unfit)
        return replace(known, etag=etag), False
    sha1 = _sha1(picture)
    if known.sha1 == sha1:
        return replace(known, etag=etag), False
    earlier = (*known.earlier, *filter(None, [known.sha1]))[-EARLIER:]
    announce(ImageMemory("", "", (*earlier, sha1)))
    # An upload locks the poster: if nobody made one, Plex cannot have these bytes either.
    perhaps_there = sha1 in earlier or (not known.sha1 and item.poster_locked)
    sent = _show_if_there(client, item.rating_key, sha1) if perhaps_there else None
    if sent is None:
        _upload(client, item.rating_key, picture, sha1)
        sent = True
    return ImageMemory(sha1, etag, tuple(old for old in earlier if old != sha1)), sent


def is_new(picture: bytes, memory: ImageMemory | None) -> bool:
    """Whether sync_poster would send *picture*, unless Plex happens to show it already."""
    return not _why_unfit(picture) and (memory is None or memory.sha1 != _sha1(picture))


def _sha1(picture: bytes) -> str:
    return hashlib.sha1(picture, usedforsecurity=False).hexdigest()


def _why_unfit(picture: bytes) -> str:
    if not is_picture(picture):
        return "Stash's is no picture that Plex can show"
    if len(picture) > MAX_BYTES:
        return f"Stash's has {len(picture) / 1e6:.1f} MB, and Plex takes no more than 10"
    return ""


def _upload(client: PlexClient, key: RatingKey, picture: bytes, sha1: str) -> None:
    try:
        client.upload_poster(key, picture)
    except PlexTemporaryError:
        # It may have arrived: Plex is slow with pictures, and each try would add one.
        if _show_if_there(client, key, sha1) is None:
            raise


def _show_if_there(client: PlexClient, key: RatingKey, sha1: str) -> bool | None:
    """Select a picture that Plex has; return whether that was necessary, None if it has not.

    Uploading it again would not select it.
    """
    selected = client.posters(key).get(sha1)
    if selected is False:
        client.select_poster(key, sha1)
    return None if selected is None else not selected

"""How long a text is in a URL, and how it is shortened; every edit of Plex travels in one."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from urllib.parse import quote, urlencode

ELLIPSIS = "…"
# What may not end a text that goes on: it would bind to the ellipsis.
_JOINERS = "\u200d\ufe0e\ufe0f"


def encoded(query: Iterable[tuple[str, str]]) -> str:
    """Return *query* as it stands in the URL; spaces become %20, as Plex's own clients do it."""
    return urlencode(list(query), quote_via=quote, safe="", errors="replace")


def weight(text: str) -> int:
    """Bytes *text* takes in a URL."""
    return len(quote(text, safe="", errors="replace"))


HEAVIEST = 12  # bytes of one character in a URL: four, each as %XX


def cut(text: str, limit: int) -> str:
    """Return *text*, or its beginning with an ellipsis, so that it weighs at most *limit*."""
    if len(text) * HEAVIEST <= limit or weight(text) <= limit:
        return text
    room = limit - weight(ELLIPSIS)
    end = bisect_right(range(len(text)), room, key=lambda length: weight(text[:length])) - 1
    while end > 0 and (text[end - 1] in _JOINERS or _combines(text[end])):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def name_key(name: str) -> str:
    """What two spellings of one tag or performer have in common.

    Plex itself changes the case of some (labels), and takes "a" and "a " for two tags.
    """
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def _combines(character: str) -> bool:
    return character in _JOINERS or unicodedata.combining(character) > 0

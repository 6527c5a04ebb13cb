"""Text as Plex can take it: what XML 1.0 forbids is removed, all else is kept.

Emoji sequences and right-to-left marks are not control characters, and a summary keeps its
lines.
"""

import re
import unicodedata

_FORBIDDEN = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BREAK = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LINE_END = re.compile(r"\s*\n\s*")


def multi_line(text: str) -> str:
    """A summary: line breaks are kept, as \\n."""
    if text.isascii() and text.isprintable():
        return text.strip()
    text = _FORBIDDEN.sub("", _BREAK.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def one_line(text: str) -> str:
    """A title or a name: line breaks and tabs become blanks."""
    return _LINE_END.sub(" ", multi_line(text)).replace("\t", " ")

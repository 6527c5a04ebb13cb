"""What must not stand in a log: secrets never, paths if the user wishes, pictures as text."""

import copy
import hashlib
import logging
import os
import re
from collections.abc import Mapping
from urllib.parse import quote

SHORTEST_SECRET = 4
"""Characters; to black out a shorter one would only make the log unreadable."""

_CREDENTIAL = re.compile(
    r"""\b(session=|(?:X-Plex-Token|ApiKey)["']?\s*[=:]\s*["']?)[^\s"'&,;}]+""", re.IGNORECASE
)
_DATA_URI = re.compile(r"(data:[\w.+-]+/[\w.+-]+;base64,)[A-Za-z0-9+/=]+")

_ROOT = r"(?:[A-Za-z]:[\\/]|\\\\|/)"
_ENDING = r"\.(?=\w*[A-Za-z])[A-Za-z0-9]{2,4}(?![\w/\\])"
_VIDEO = r"\.(?:mp4|mkv|avi|wmv|mov|m4v|webm|flv|mpe?g|m?ts|3gp)\b"

# A file name may contain blanks, so where it ends within a text can only be guessed: a path at
# the last ending of the line, else at a blank. That hides too much rather than too little.
_WITHIN_TEXT = re.compile(
    rf"(?<![\w:/\\.<]){_ROOT}(?=[^\s/\\])(?:.*{_ENDING}|[^\s\"']*[\\/][^\s\"']*)"
    rf"|[^\s/\\\"'<>]+{_VIDEO}",
    re.IGNORECASE,
)
_NOTHING_ELSE = re.compile(rf"{_ROOT}[^\s/\\].*|[^/\\]*{_VIDEO}", re.IGNORECASE)


class Scrubber:
    """Cleans what goes to the logs; one for all handlers.

    Attributes:
        obfuscate_paths: whether a path becomes a code, the same for the same file name.
    """

    def __init__(self, *, obfuscate_paths: bool = False) -> None:
        self.obfuscate_paths = obfuscate_paths
        self._secrets: set[str] = set()
        self._secret = re.compile(r"(?!)")  # matches nothing

    def register(self, *secrets: str) -> None:
        """Never let these through from now on, as they are or as part of a URL."""
        known = [secret for secret in secrets if len(secret) >= SHORTEST_SECRET]
        self._secrets.update(known, (quote(secret, safe="") for secret in known))
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._secret = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def text(self, text: str) -> str:
        """Clean a finished text."""
        text = _DATA_URI.sub(r"\1***", text)
        text = _CREDENTIAL.sub(r"\1***", self._secret.sub("***", text))
        if self.obfuscate_paths:
            text = _WITHIN_TEXT.sub(lambda found: code_for(found[0]), text)
        return text

    def record(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record with codes for those of its arguments that are paths."""
        if not self.obfuscate_paths or not record.args:
            return record
        record = copy.copy(record)
        if isinstance(record.args, Mapping):
            record.args = {key: _without_path(value) for key, value in record.args.items()}
        elif record.args:
            record.args = tuple(map(_without_path, record.args))
        return record


class ScrubbingFormatter(logging.Formatter):
    """A formatter that lets nothing through which the scrubber knows."""

    def __init__(self, scrubber: Scrubber, template: str = "%(message)s") -> None:
        super().__init__(template)
        self._scrubber = scrubber

    def format(self, record: logging.LogRecord) -> str:
        """Format and clean, traceback included."""
        try:
            text = super().format(self._scrubber.record(record))
        except (TypeError, ValueError):  # arguments that do not fit: a log line stops no work
            text = f"{record.msg} {record.args}"
        return self._scrubber.text(text)


def code_for(path: str) -> str:
    """The code that stands for a path: Stash's and Plex's path of one file have the same."""
    name = re.split(r"[\\/]", path.rstrip("\\/"))[-1]
    digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    ending = re.search(r"\.(\w{2,4})$", name)
    # Without its dot the ending is not taken for a file name when the finished text is cleaned.
    return f"<{digest} {ending[1]}>" if ending else f"<{digest}>"


def _without_path(value: object) -> object:
    text = os.fspath(value) if isinstance(value, os.PathLike) else value
    if isinstance(text, str) and _NOTHING_ELSE.fullmatch(text):
        return code_for(text)
    return value

"""Paths as Stash and Plex write them: when two are the same, and how one becomes the other."""

import re
import unicodedata
from dataclasses import dataclass, field

SizedPath = tuple[str, int | None]
"""A file's path, and its bytes; None if the size is not known."""

_WINDOWS = re.compile(r"[A-Za-z]:(?:[/\\]|$)|\\\\|[^/]*\\")  # D:\, \\srv, or only backslashes


@dataclass(frozen=True, slots=True)
class FilePath:
    r"""A path in comparable form.

    Attributes:
        parts: its components in NFC, because macOS hands out NFD. There is no root, so that
            \\srv\share, //srv/share and /srv/share are one.
        windows: whether it looks like Windows, where case means nothing.
    """

    parts: tuple[str, ...]
    windows: bool

    @classmethod
    def parse(cls, text: str) -> "FilePath":
        """Read a path. A percent sign is one: files are called "100%25.mp4" by people."""
        nfc = text if text.isascii() else unicodedata.normalize("NFC", text)
        return cls(tuple(_split(nfc)), _looks_like_windows(text))

    @property
    def folded(self) -> tuple[str, ...]:
        """The components without case."""
        return tuple(_fold(part) for part in self.parts)

    @property
    def identity(self) -> tuple[str, ...]:
        """Equal for two spellings of one file on its own system."""
        return self.folded if self.windows else self.parts

    def begins_with(self, other: "FilePath") -> bool:
        """Whether *other* is this path or one of its folders."""
        length = len(other.parts)
        if self.windows or other.windows:
            return self.folded[:length] == other.folded
        return self.parts[:length] == other.parts


def base_name(path: str) -> str:
    """The file's name as the index and the parked scenes know it: NFC, without case."""
    return _fold(next(reversed(_split(path)), ""))


@dataclass(frozen=True, slots=True)
class PathMap:
    """The user's rules for how Stash's paths read in Plex.

    Attributes:
        rules: (beginning in Stash, beginning in Plex), the longest first.
    """

    rules: tuple[tuple[str, str], ...] = ()
    _begins: tuple[FilePath, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Read the rules once, not once per file."""
        object.__setattr__(self, "_begins", tuple(FilePath.parse(rule[0]) for rule in self.rules))

    @classmethod
    def parse(cls, text: str) -> "PathMap":
        r"""Read the setting: ``/stash=/plex; D:\clips=/media/clips``, or one rule per line.

        Raises:
            ValueError: a rule is none; the message says which.
        """
        rules = []
        for line in filter(None, (line.strip() for line in re.split(r"[;\n]", text))):
            source, equals, target = (side.strip() for side in line.partition("="))
            if not (source and equals and target):
                raise ValueError(f'path_map: "{line}" is not a rule like /in/stash=/in/plex')
            rules.append((source, target))
        return cls(tuple(sorted(rules, key=lambda rule: -len(_split(rule[0])))))

    def apply(self, path: str) -> str | None:
        """Return *path* as Plex sees it; None if no rule speaks of it.

        A rule fits whole components only: /data/a says nothing of /data/ab.
        """
        file = FilePath.parse(path)
        for begin, (_, target) in zip(self._begins, self.rules, strict=True):
            if file.begins_with(begin):
                separator = "\\" if _looks_like_windows(target) and "/" not in target else "/"
                rest = _split(path)[len(begin.parts) :]
                return separator.join([target.rstrip("/\\"), *rest])
        return None


def _split(path: str) -> list[str]:
    if _looks_like_windows(path):  # elsewhere names may hold a "\"
        path = path.replace("\\", "/")
    return [part for part in path.split("/") if part not in ("", ".")]


def _looks_like_windows(path: str) -> bool:
    return _WINDOWS.match(path) is not None


def _fold(part: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).casefold())

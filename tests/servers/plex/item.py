"""What the loopback Plex knows of one video: values, tags, locks, pictures and files."""

import re
from collections import defaultdict
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

#: What an edit calls a kind of tag, and the XML element it is read as.
TAG_ELEMENTS = {
    "genre": "Genre",
    "country": "Country",
    "collection": "Collection",
    "director": "Director",
    "writer": "Writer",
    "actor": "Role",
    "producer": "Producer",
    "similar": "Similar",
    "label": "Label",
}

#: Things that have a lock but no ``.value``.
IMAGE_LOCKS = frozenset({"thumb", "art", "clearLogo", "squareArt", "theme"})


@dataclass(frozen=True, slots=True)
class Scalar:
    """One editable value: where an item keeps it and how its text is read.

    *parse* raises ValueError for what a real server answers with 500.
    """

    attribute: str
    parse: Callable[[str], Any] = str
    empty: Any = ""

    def read(self, text: str) -> Any:
        """Return the value that *text* stands for; empty text clears."""
        return self.parse(text) if text else self.empty


def _day(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(text)
    return date.fromisoformat(text).isoformat()


def _zero_to_ten(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 10:
        raise ValueError(text)
    return value


#: Every field of a movie that takes ``name.value=``, by Plex's name.
SCALARS = {
    "title": Scalar("title"),
    "titleSort": Scalar("title_sort"),
    "originalTitle": Scalar("original_title"),
    "summary": Scalar("summary"),
    "tagline": Scalar("tagline"),
    "studio": Scalar("studio"),
    "contentRating": Scalar("content_rating"),
    "editionTitle": Scalar("edition_title"),
    "originallyAvailableAt": Scalar("date", _day, None),
    "addedAt": Scalar("added_at", int, 0),
    "rating": Scalar("rating", _zero_to_ten, None),
    "audienceRating": Scalar("audience_rating", _zero_to_ten, None),
    "userRating": Scalar("user_rating", _zero_to_ten, None),
}

LOCKABLE = frozenset(SCALARS) | frozenset(TAG_ELEMENTS) | IMAGE_LOCKS


@dataclass(slots=True, eq=False)
class Part:
    """One file; parts with the same *media* are stacked, others are versions."""

    id: int
    media: int
    file: str
    size: int  # bytes


@dataclass(slots=True, eq=False)
class Section:
    """One library; *content_changed* is a counter, as ``contentChangedAt`` is."""

    key: int
    title: str
    locations: tuple[str, ...]
    agent: str
    kind: str
    created_at: int
    scanned_at: int
    content_changed: int = 1
    refreshing: bool = False


@dataclass(slots=True, eq=False)
class Item:
    """One video, live: what a test assigns here, Plex shows from then on.

    Empty texts are "", other absent values None. Times are whole Unix seconds.
    """

    key: int
    section: int
    title: str
    parts: list[Part]
    added_at: int
    updated_at: int
    duration: int  # milliseconds
    own_title_sort: str = ""  # "" follows the title
    original_title: str = ""
    summary: str = ""
    tagline: str = ""
    studio: str = ""
    content_rating: str = ""
    edition_title: str = ""
    date: str | None = None  # YYYY-MM-DD
    rating: float | None = None  # the critics'
    audience_rating: float | None = None
    user_rating: float | None = None
    tags: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    roles: dict[str, str] = field(default_factory=dict)  # actor -> name of the role
    locks: set[str] = field(default_factory=set)
    poster: str | None = None  # SHA-1 of the selected upload; None shows the still
    posters: dict[str, bytes] = field(default_factory=dict)
    art: str | None = None
    arts: dict[str, bytes] = field(default_factory=dict)
    deleted_at: int | None = None  # in the trash since
    files_version: int = 1
    files_served: int = 0  # the files_version that a client has seen
    former: "Item | None" = None  # what a lagging read still shows
    former_until: float = 0.0  # monotonic seconds

    @property
    def title_sort(self) -> str:
        """What the item is sorted by: its own sort title, else its title."""
        return self.own_title_sort or self.title

    @title_sort.setter
    def title_sort(self, value: str) -> None:
        self.own_title_sort = value

    @property
    def year(self) -> int | None:
        """Plex derives the year from the date; it cannot be edited."""
        return int(self.date[:4]) if self.date else None

    @property
    def stem(self) -> str:
        """The first file's name without folder and ending, whatever the system."""
        name = re.split(r"[/\\]", self.parts[0].file)[-1]
        return name.rpartition(".")[0] or name

    def state(self) -> tuple[object, ...]:
        """Return all that an edit can change, for comparison."""
        scalars = tuple(getattr(self, scalar.attribute) for scalar in SCALARS.values())
        tags = {kind: tuple(names) for kind, names in self.tags.items() if names}
        return scalars, tags, dict(self.roles), frozenset(self.locks), self.poster, self.art

    def snapshot(self) -> "Item":
        """Return a copy that later edits do not reach."""
        twin = copy(self)
        twin.tags = defaultdict(list, {kind: list(names) for kind, names in self.tags.items()})
        twin.roles, twin.locks, twin.former = dict(self.roles), set(self.locks), None
        return twin

    def files_changed(self) -> None:
        """From now on a write needs a fresh look at the files."""
        self.files_version += 1

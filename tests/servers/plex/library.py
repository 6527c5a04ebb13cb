"""The state behind the server: sections, items, tag table and files not scanned yet."""

import itertools
import time
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath

from tests.servers.plex.item import Item, Part, Section
from tests.servers.plex.switches import Switches


@dataclass(frozen=True, slots=True)
class Unscanned:
    """A file on disk that Plex has not looked at."""

    file: str
    size: int
    section: int


@dataclass(slots=True, eq=False)
class Tag:
    """A row of the tag table, one per kind and name for the whole server."""

    id: int
    thumb: str = ""


class Library:
    """All sections and items of one server. The caller holds the server's lock."""

    def __init__(self, switches: Switches) -> None:
        self.switches = switches
        self.sections: dict[int, Section] = {}
        self.items: dict[int, Item] = {}
        self.tags: dict[tuple[str, str], Tag] = {}
        self.version = 0  # moves with every change made through this class
        self._unscanned: list[Unscanned] = []
        self._scan_asked: list[tuple[int, str]] = []
        self._section_keys = itertools.count(1)
        self._rating_keys = itertools.count(100_001)  # six digits, as on a grown server
        self._other_ids = itertools.count(1)

    def now(self) -> int:
        """Return whole Unix seconds, the resolution of Plex's times."""
        return int(self.switches.clock())

    def add_section(self, title: str, locations: tuple[str, ...], agent: str, kind: str) -> int:
        """Create a library and return its key."""
        key, now = next(self._section_keys), self.now()
        self.sections[key] = Section(key, title, locations, agent, kind, now, now)
        return key

    def add_item(
        self,
        files: list[tuple[str, int]],
        section: int,
        *,
        title: str | None = None,
        duration: int = 600_000,
        added_at: int | None = None,
    ) -> Item:
        """Create an item with *files*, each a version of its own, and return it."""
        parts = [self.new_part(file, size) for file, size in files]
        added = self.now() if added_at is None else added_at
        item = Item(next(self._rating_keys), section, "", parts, added, added, duration)
        item.title = item.stem if title is None else title
        self.items[item.key] = item
        self._changed(item)
        return item

    def new_part(self, file: str, size: int, media: int | None = None) -> Part:
        """Return a part of the given media, or of a new one."""
        number = next(self._other_ids)
        return Part(number, number if media is None else media, file, size)

    def remove(self, key: int) -> Item:
        """Forget an item, as "empty trash" does."""
        item = self.items.pop(key)
        self._changed(item)
        return item

    def item_of(self, file: str) -> Item:
        """Return the item that has *file*; of several the newest."""
        for item in reversed(self.items.values()):
            if any(part.file == file for part in item.parts):
                return item
        raise KeyError(file)

    def touch(self, item: Item, *, later: bool = False) -> None:
        """Let *item* have changed now; *later* always moves ``updatedAt``, even in one second."""
        item.updated_at = max(self.now(), item.updated_at + later)
        self._changed(item)

    def about_to_edit(self, item: Item) -> None:
        """Keep what a lagging read goes on showing for a while."""
        lag = self.switches.read_lag
        if lag:
            item.former = self.as_read(item).snapshot()
            item.former_until = time.monotonic() + lag

    def as_read(self, item: Item) -> Item:
        """Return *item*, or its former self while reads lag behind."""
        if item.former is not None and time.monotonic() < item.former_until:
            return item.former
        return item

    def tag(self, kind: str, name: str) -> Tag:
        """Return the row of a tag, creating it at first use."""
        row = self.tags.get((kind, name))
        if row is None:
            row = self.tags[kind, name] = Tag(next(self._other_ids))
        return row

    def scan_later(self, file: str, size: int, section: int) -> None:
        """Put a file on disk that no scan has seen."""
        self._unscanned.append(Unscanned(file, size, section))

    def ask_scan(self, section: int, folder: str) -> None:
        """Scan *folder*, or the whole section if it is empty; at once unless scans are slow."""
        self._scan_asked.append((section, folder))
        self.sections[section].refreshing = True
        if not self.switches.slow_scan:
            self._scan()

    def cancel_scan(self, section: int) -> None:
        """Forget what was asked of *section*."""
        self._scan_asked = [asked for asked in self._scan_asked if asked[0] != section]
        self.sections[section].refreshing = False

    def finish_scan(self) -> None:
        """Find every file that waits, wherever it lies."""
        self._scan_asked = [(section, "") for section in self.sections]
        self._scan()

    def _scan(self) -> None:
        waiting = []
        for file in self._unscanned:
            if any(self._covers(asked, file) for asked in self._scan_asked):
                self.add_item([(file.file, file.size)], file.section)
            else:
                waiting.append(file)
        self._unscanned = waiting
        for section, _ in self._scan_asked:
            self.sections[section].refreshing = False
            self.sections[section].scanned_at = self.now()
        self._scan_asked = []

    def _covers(self, asked: tuple[int, str], file: Unscanned) -> bool:
        section, folder = asked
        if section != file.section:
            return False
        locations = self.sections[section].locations
        if not folder:
            return any(_is_under(file.file, location) for location in locations)
        inside = any(folder == place or _is_under(folder, place) for place in locations)
        return inside and _is_under(file.file, folder)

    def _changed(self, item: Item) -> None:
        self.version += 1
        self.sections[item.section].content_changed += 1


def _is_under(path: str, folder: str) -> bool:
    """Return whether *path* lies below *folder*, by the rules of the folder's system."""
    flavour = PureWindowsPath if "\\" in folder else PurePosixPath
    return flavour(folder) in flavour(path).parents

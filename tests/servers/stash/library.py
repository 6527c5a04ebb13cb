"""The library of a loopback Stash: what it holds and how the server itself changes it."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from threading import RLock
from typing import Any, Generic, Protocol, TypeVar

from .model import Group, Membership, Performer, Scene, StashError, Studio, Tag, VideoFile
from .version import Version


class Named(Protocol):
    """What performers, studios, tags and groups have in common."""

    id: int
    name: str
    created_at: str
    updated_at: str
    image: bytes | None


NamedT = TypeVar("NamedT", bound=Named)


class Shelf(Generic[NamedT]):
    """All things of one kind, by id and by name."""

    def __init__(self, make: Callable[[int, str, str, str], NamedT], stamp: Callable[[], str]):
        self._make = make
        self._stamp = stamp
        self.by_id: dict[int, NamedT] = {}
        self._by_name: dict[str, NamedT] = {}
        self._last = 0  # the highest id of what is gone: Stash gives none twice

    def __iter__(self) -> Iterator[NamedT]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def named(self, name: str) -> NamedT:
        """Return the one called *name*; it is created on demand."""
        found = self._by_name.get(name)
        if found is None:
            now = self._stamp()
            found = self._make(max(self._last, *self.by_id, 0) + 1, name, now, now)
            self.by_id[found.id] = self._by_name[name] = found
        return found

    def with_id(self, text: str | int) -> NamedT:
        """Return the one with this id, as a mutation that refers to it would."""
        found = self.by_id.get(as_id(text))
        if found is None:
            raise StashError("FOREIGN KEY constraint failed")
        return found

    def rename(self, old: str, new: str) -> NamedT:
        """Give the thing another name: it changes, the scenes that use it do not."""
        if new in self._by_name:
            raise StashError(f"name {new!r} is taken")
        thing = self._by_name.pop(old)
        thing.name = new
        thing.updated_at = self._stamp()
        self._by_name[new] = thing
        return thing

    def remove(self, name: str) -> NamedT:
        """Take the thing out; whoever refers to it must let go of it."""
        thing = self._by_name.pop(name)
        del self.by_id[thing.id]
        self._last = max(self._last, thing.id)
        return thing

    def set_image(self, name: str, image: bytes | None) -> None:
        """Give the thing an image of its own, or take it away."""
        thing = self.named(name)
        thing.image = image
        thing.updated_at = self._stamp()


class Library:
    """Scenes and what they refer to. The lock guards everything in it."""

    def __init__(self, version: Version):
        self.version = version
        self.lock = RLock()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.timezone = "+00:00"
        self.scenes: dict[int, Scene] = {}
        self.removed: dict[int, Scene] = {}
        self.performers: Shelf[Performer] = Shelf(Performer, self.stamp)
        self.studios: Shelf[Studio] = Shelf(Studio, self.stamp)
        self.tags: Shelf[Tag] = Shelf(Tag, self.stamp)
        self.groups: Shelf[Group] = Shelf(Group, self.stamp)
        self.ids: list[int] = []
        self._next_file = 1

    def stamp(self, moment: datetime | None = None) -> str:
        """Return now (or *moment*) as Stash stores it: local zone, whole seconds, RFC3339."""
        moment = (moment or self.now()).astimezone(zone_of(self.timezone)).replace(microsecond=0)
        return moment.isoformat().replace("+00:00", "Z")

    def scene(self, scene_id: str | int) -> Scene:
        """Return a scene or fail as Stash's mutations do."""
        found = self.scenes.get(as_id(scene_id))
        if found is None:
            raise StashError(f"scene with id {scene_id} not found")
        return found

    def add(self, scene_id: int | None, files: Iterable[Mapping[str, Any]]) -> Scene:
        """Add an empty scene; ids grow unless one is given."""
        number = scene_id or (self.ids[-1] if self.ids else max(self.removed, default=0)) + 1
        if number in self.scenes:
            raise StashError(f"scene {number} exists")
        now = self.stamp()
        scene = Scene(number, now, now, files=[self.file(**each) for each in files])
        self.scenes[number] = scene
        insort(self.ids, number)
        return scene

    def file(self, *, path: str, **facts: Any) -> VideoFile:
        """Make a file as a scan would find it."""
        number, now = self._next_file, self.stamp()
        self._next_file += 1
        facts.setdefault("oshash", f"{number:016x}")
        return VideoFile(number, path, now, now, facts.pop("mod_time", now), **facts)

    def remove(self, scene_id: int) -> Scene:
        """Take a scene out; its file facts are remembered for the hook that follows."""
        scene = self.scene(scene_id)
        del self.scenes[scene.id]
        del self.ids[bisect_left(self.ids, scene.id)]
        self.removed[scene.id] = scene
        return scene

    def membership(self, group: str | tuple[str, int | None]) -> Membership:
        """Return the place of a scene in a group, given as a name or as name and index."""
        name, index = (group, None) if isinstance(group, str) else group
        return Membership(self.groups.named(name), index)


def as_id(text: str | int) -> int:
    """Read an id; the error is Go's."""
    try:
        return int(text)
    except ValueError:
        raise StashError(f'strconv.Atoi: parsing "{text}": invalid syntax') from None


def zone_of(offset: str) -> timezone:
    """Return the zone that "+02:00" or "Z" names."""
    if offset == "Z":
        return UTC
    hours, minutes = offset[1:].split(":")
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-span if offset[0] == "-" else span)

"""What must be true when nothing happens any more, and what is wrong if it is not."""

import hashlib
import threading
from collections.abc import Iterable, Iterator
from typing import Any

from sync_queue.wake import DRAIN_LOCK
from tests.invocation.witness import lock_holders, rows, spooled
from tests.proof.editions import Editions, edition, version_of
from tests.servers.plex import Request
from tests.world import World


class Oracle:
    """Looks at Plex and at the queue.

    It watches Plex from its beginning on: no two processes may work with it at the same time. A
    process asks Plex over one connection, which a thread of its own serves. So once another
    thread has served a request, the one before must be silent for ever.
    """

    def __init__(self, editions: Editions) -> None:
        self.editions = editions
        self.world = editions.world
        self._at_once: list[str] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.world.plex.on_request = self._watch

    def look(self) -> dict[str, list[str]]:
        """Everything that is wrong, by its kind; the journal of Plex begins anew."""
        with self._lock:
            at_once, self._at_once = self._at_once, []
        found = {
            "lost": list(self._lost()),
            "stuck": unsettled(self.world),
            "stale": [*self._other_versions(), *went_back(self.world.plex.requests)],
            "buried": list(self._given_up()),
            "at once": at_once,
            "violations": list(self.world.plex.violations),
        }
        self.world.plex.clear_requests()
        return found

    def _lost(self) -> Iterator[str]:
        for scene, confirmed in self.editions.confirmed.items():
            shown = version_of(self.world.shown(scene)["title"])
            if shown < confirmed:
                yield f"scene {scene}: version {confirmed} was confirmed, Plex shows {shown}"

    def _other_versions(self) -> Iterator[str]:
        """Fields of another version than their scene's title."""
        for scene, newest in self.editions.newest.items():
            shown = self.world.shown(scene)
            if version := version_of(shown["title"]):
                yield from _differences(scene, version, newest, shown)

    def _given_up(self) -> Iterator[str]:
        """All are healthy, and all are in Plex."""
        yield from rows(self.world, "dead_letter", "id || ': ' || reason")
        for scene in rows(self.world, "parked", "id"):
            yield f"{scene}: parked"

    def _watch(self, request: Request) -> None:
        thread = threading.current_thread()
        with self._lock:
            if thread not in self._threads:
                self._threads.append(thread)
            elif thread is not self._threads[-1]:
                self._at_once.append(f"{request.method} {request.path} beside another process")


def _differences(scene: int, version: int, newest: int, shown: dict[str, Any]) -> Iterator[str]:
    said = edition(scene, version)
    pairs = {
        "summary": (shown["summary"], said["details"]),
        "date": (shown["date"], said["date"]),
        "rating": (round(shown["user_rating"] * 10), said["rating100"]),
        "studio": (shown["studio"], said["studio"]),
        "cast": (shown["cast"], said["performers"]),
        "genres": (sorted(shown["genres"]), sorted(said["tags"])),
        "collections": (shown["collections"], [said["studio"]]),
    }
    for name, (is_so, should_be) in pairs.items():
        if is_so != should_be:
            yield f"scene {scene}, version {version}: {name} is {is_so!r}, not {should_be!r}"
    # A cover is read after its scene: it may be of an edit that came since and died unconfirmed.
    covers = (edition(scene, each)["cover"] for each in range(version, newest + 1))
    if shown["poster"] not in {hashlib.sha1(cover).hexdigest() for cover in covers}:
        yield f"scene {scene}, version {version}: the poster is another"


def went_back(requests: Iterable[Request]) -> Iterator[str]:
    """Writes of an older version than the one before."""
    written: dict[str, int] = {}
    for request in requests:
        version = version_of(request.args.get("title.value", ""))
        if request.method != "PUT" or not version:
            continue
        item = request.args["id"]
        if version < written.get(item, 0):
            yield f"item {item}: version {version} was written after version {written[item]}"
        written[item] = version


def unsettled(world: World) -> list[str]:
    """What the queue still has to do, or believes to be doing."""
    tables = {
        "queued or in flight": [*rows(world), *rows(world, "ack_queue_bulk")],
        "waiting": rows(world, "retry WHERE next_retry_at IS NOT NULL", "id"),
        "at work": rows(world, "at_work", "id"),
        "spooled": spooled(world),
    }
    return [f"{name}: {found}" for name, found in tables.items() if found]


def drains(world: World, pid: int) -> bool:
    """Whether a process holds the drain lock, which it has taken itself."""
    lock = world.data_dir / DRAIN_LOCK
    return lock.exists() and str(pid) in lock_holders(lock)

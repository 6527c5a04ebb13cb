"""The loopback Plex as tests see it: a library they arrange, a server clients talk to."""

import socket
import threading
import weakref
from collections.abc import Callable
from typing import Any, Literal, Self

from tests.servers.plex import agent
from tests.servers.plex.answers import Answer
from tests.servers.plex.item import Item
from tests.servers.plex.journal import Journal, Request
from tests.servers.plex.library import Library
from tests.servers.plex.routes import Routes
from tests.servers.plex.switches import Switches
from tests.servers.plex.weather import FINE, Forecast, Sky, Weather
from tests.servers.plex.wire import Wire


class LoopbackPlex(Switches):
    """A Plex Media Server on 127.0.0.1; every switch may also be set while it runs.

    Used as a context manager, or with `start` and `stop`; stopping and starting
    again is an outage, the port stays the same and the library is untouched.
    """

    def __init__(self, **switches: Any) -> None:
        super().__init__(**switches)
        self.lock = threading.RLock()
        self.journal = Journal()
        self.library = Library(self)
        self._routes = Routes(self, self.library, self.journal)
        self._forecast = Forecast()
        self._wire: Wire | None = None
        self._port = 0
        self._give_up_port: Callable[[], object] = lambda: None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._give_up_port()

    @property
    def url(self) -> str:
        """The address for clients, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> Self:
        """Listen; after a stop, on the same port as before."""
        if self._wire is None:
            self._give_up_port()
            self._wire = Wire(self._port, self._watch, self._serve, self.violations.append)
            self._wire.drip_interval = lambda: self.drip_interval
            self._port = self._wire.server_port
        return self

    def stop(self) -> None:
        """Close the port and every connection; requests meet "connection refused"."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None
            self._keep_port()

    def add_section(
        self,
        title: str,
        locations: tuple[str, ...] = ("/plex/scenes",),
        agent: str = "com.plexapp.agents.none",
        kind: str = "movie",
    ) -> int:
        """Create a library and return its key."""
        with self.lock:
            return self.library.add_section(title, tuple(locations), agent, kind)

    def add_item(
        self,
        path: str,
        size: int = 1000,
        section: int = 1,
        title: str | None = None,
        *,
        duration: int = 600_000,
        added_at: int | None = None,
    ) -> int:
        """Create an item for a file and return its rating key.

        Args:
            title: None for the stem of the file's name.
            duration: milliseconds.
            added_at: Unix seconds, also of the last change; None for now.
        """
        with self.lock:
            item = self.library.add_item(
                [(path, size)], section, title=title, duration=duration, added_at=added_at
            )
            return item.key

    def add_part(self, key: int, path: str, size: int = 1000, *, stacked: bool = False) -> None:
        """Give an item one more file: a version of its own, or the next part of the last one."""
        with self.lock:
            item = self.library.items[key]
            media = item.parts[-1].media if stacked else None
            item.parts.append(self.library.new_part(path, size, media))
            self._files_changed(item)

    def scan_later(self, path: str, size: int = 1000, section: int = 1) -> None:
        """Put a file on disk that Plex finds when its folder, or all, is scanned."""
        with self.lock:
            self.library.scan_later(path, size, section)

    def finish_scan(self) -> None:
        """Find every file that waits."""
        with self.lock:
            self.library.finish_scan()

    def item(self, key: int) -> Item:
        """Return the live item; KeyError if it is gone."""
        return self.library.items[key]

    def items(self) -> list[Item]:
        """Return all items of all sections, oldest first."""
        with self.lock:
            return list(self.library.items.values())

    def key_of(self, path: str) -> int:
        """Return the rating key of the item with that file; KeyError if there is none."""
        with self.lock:
            return self.library.item_of(path).key

    def shown(self, key: int) -> dict[str, Any]:
        """Return what a user sees of an item; empty texts are "", other absent values None."""
        with self.lock:
            item = self.library.items[key]
            return {
                "title": item.title,
                "title_sort": item.title_sort,
                "studio": item.studio,
                "summary": item.summary,
                "date": item.date,
                "rating": item.rating,
                "user_rating": item.user_rating,
                "cast": list(item.tags["actor"]),
                "genres": list(item.tags["genre"]),
                "collections": list(item.tags["collection"]),
                "poster": item.poster,
            }

    def remove_item(self, key: int) -> None:
        """Let an item be gone: 404 from now on."""
        with self.lock:
            self.library.remove(key)

    def trash_item(self, key: int, *, trashed: bool = True) -> None:
        """Let an item's file be missing: it stays listed, with ``deletedAt``."""
        with self.lock:
            item = self.library.items[key]
            item.deleted_at = self.library.now() if trashed else None
            self.library.touch(item, later=True)

    def move_file(self, key: int, new_path: str, *, part: int = 0) -> None:
        """Let an item have another file under the same rating key."""
        with self.lock:
            item = self.library.items[key]
            item.parts[part].file = new_path
            self._files_changed(item)

    def recreate_item(self, key: int) -> int:
        """Replace an item by a new one of the same files, without its edits and locks."""
        with self.lock:
            old = self.library.remove(key)
            files = [(part.file, part.size) for part in old.parts]
            return self.library.add_item(files, old.section, duration=old.duration).key

    def refresh_agent(self, key: int) -> None:
        """Let the agent rewrite every field that is not locked."""
        with self.lock:
            agent.refresh(self.library.items[key], self.library)

    def user_edits(self, key: int, *, lock: bool = True, **changes: Any) -> None:
        """Edit as a person in the web app does; names are Plex's or those of `Item`."""
        with self.lock:
            agent.edit_by_hand(self.library.items[key], self.library, changes, lock=lock)

    @property
    def requests(self) -> list[Request]:
        """What arrived since the start or the last `clear_requests`, as a copy."""
        return self.journal.requests()

    @property
    def violations(self) -> list[str]:
        """What no client should ever have asked, one sentence each; empty if all is well."""
        return self.journal.violations

    def clear_requests(self) -> None:
        """Forget the requests; the violations stay."""
        self.journal.clear()

    def count(self, method: str, path_prefix: str = "") -> int:
        """Return how many such requests arrived."""
        requests = self.requests
        return sum(r.method == method and r.path.startswith(path_prefix) for r in requests)

    def chokes_on(self, key: int, status: int | None = 500) -> None:
        """Answer every write to one item with *status* from now on; None heals it."""
        with self.lock:
            if status is None:
                self._routes.items.chokes.pop(key, None)
            else:
                self._routes.items.chokes[key] = status

    def weather(
        self,
        sky: Sky,
        only: str | None = None,
        *,
        path_prefix: str = "",
        part: Literal["header", "body"] = "header",
        retry_after: int | None = None,
    ) -> None:
        """Let requests meet *sky*, a mood or a status, until "fine" ends it.

        Args:
            only: the method it is limited to.
            path_prefix: the beginning of the paths it is limited to.
            part: whether "drip" begins with the header or with the body.
            retry_after: seconds that a status recommends to wait.
        """
        self._forecast.set(Weather(sky, only, path_prefix, part, retry_after))

    def next_answers(self, answers: list[Sky | None]) -> None:
        """Script what the next requests meet, one each; None is an ordinary answer."""
        self._forecast.script(answers)

    def _watch(self, request: Request) -> Weather:
        self.journal.note(request)
        if self.on_request is not None:
            self.on_request(request)
        if self.latency and self._wire is not None:
            self._wire.stopping.wait(self.latency)
        if request.path == "/login":  # where a redirect leads; it is no part of Plex
            return FINE
        return self._forecast.for_request(request.method, request.path)

    def _serve(self, request: Request, body: bytes, weather: Weather) -> Answer:
        with self.lock:
            answer = self._routes.answer(request, body)
            if weather.sky in ("fine", "drip"):
                for item, version in answer.shows_files_of:
                    item.files_served = max(item.files_served, version)
        request.status = answer.status
        if answer.changed and self.before_answer is not None:
            self.before_answer(request)
        return answer

    def _files_changed(self, item: Item) -> None:
        item.files_changed()
        self.library.touch(item, later=True)

    def _keep_port(self) -> None:
        """Hold the port without listening, so that nothing else on this machine gets it.

        A client that knocks at a free port may even be connected to itself.
        """
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", self._port))
        self._give_up_port = weakref.finalize(self, socket.close, holder.detach())

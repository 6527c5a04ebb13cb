"""Bad days of a server: what becomes of a request, by kind or one by one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from http.client import responses
from threading import Event, Lock
from typing import Literal, get_args

from .reply import Kind, Reply, page

#: hang: no answer until the weather changes; drip: the answer byte by byte; reset: the
#: connection is torn down; truncate: half the body; garbage: a body that is not what the header
#: says; html: a login page; locked: SQLite is busy; panic: a resolver crashed; gibberish: no HTTP.
Sign = Literal[
    "fine", "hang", "drip", "reset", "truncate", "garbage", "html", "locked", "panic", "gibberish"
]
#: A sign, or the status that something in front of Stash (or Stash itself) answers.
Weather = Sign | int

FAILURES = {
    "locked": "error querying aggregate fields: database is locked",
    "panic": "Internal system error. Error <runtime error: invalid memory address or nil "
    "pointer dereference>",
}


class Sky:
    """The weather of each kind of request, and answers ordered for the next ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._now: dict[Kind, Weather] = dict.fromkeys(get_args(Kind), "fine")
        self._next: deque[tuple[Kind | None, Weather]] = deque()
        self._changed = Event()

    def turn(self, weather: Weather, only: Kind | None = None) -> None:
        """Change the weather of all requests, or of one kind; hanging ones are let go."""
        if not isinstance(weather, int) and weather not in get_args(Sign):
            raise ValueError(f"no such weather: {weather}")
        with self._lock:
            for kind in [only] if only else get_args(Kind):
                self._now[kind] = weather
        self.let_go()

    def order(self, answers: Iterable[Weather], only: Kind | None = None) -> None:
        """Set the weather of the next requests, one each; after them it is as before."""
        with self._lock:
            self._next.extend((only, weather) for weather in answers)

    def over(self, kind: Kind) -> Weather:
        """Return the weather that meets a request; an ordered one is used up."""
        with self._lock:
            for place, (wanted, weather) in enumerate(self._next):
                if wanted == kind or (wanted is None and kind != "other"):
                    del self._next[place]
                    return weather
            return self._now[kind]

    def wait_for_change(self, closing: Event) -> None:
        """Return when the weather changes, or the server stops."""
        changed = self._changed
        while not changed.wait(0.1) and not closing.is_set():
            pass

    def let_go(self) -> None:
        """Release all that hangs."""
        self._changed.set()
        self._changed = Event()


def reply_in(weather: Weather, kind: Kind) -> Reply | None:
    """Return the answer that the weather itself gives; None if Stash answers."""
    match weather:
        case 401:
            return Reply(401, headers=(("WWW-Authenticate", "FormBased"),))
        case int():
            return page(weather, responses.get(weather, "Error"))
        case "garbage":
            content_type = "image/jpeg" if kind == "image" else "application/json"
            return Reply(200, b"\x00\xff{]garbage" * 16, content_type)
        case "html":
            return page(200, "Stash login")
        case "locked" if kind == "image":
            # Not even the scene is found, and nobody says why (routes_scene.go, SceneCtx).
            return Reply(404, b"Not Found\n", "text/plain; charset=utf-8")
        case "panic" if kind == "image":
            return Reply(500)
        case _:
            return None

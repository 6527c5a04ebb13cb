"""What a request meets instead of, or on the way of, its answer."""

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from tests.servers.plex.answers import HTML, Answer, page, xml

Mood = Literal[
    "fine",
    "hang",  # the request is read, nothing else happens until the client hangs up
    "lost",  # carried out, but the answer never comes
    "drip",  # carried out; the answer comes byte by byte
    "reset",  # carried out; the connection is reset in mid-body
    "cut",  # carried out; the connection ends before the promised length
    "truncate",  # carried out; half the body, with a length that agrees
    "garbage",  # 200 with bytes that mean nothing
    "html",  # 200 from something that is not Plex
    "maintenance",  # 503 while the database migrates
]
Sky = Mood | int  # an int is a status that every request gets

_MAINTENANCE = (
    '<Response code="503" title="Maintenance"'
    ' status="Plex Media Server is currently running database migrations."/>'
)
_PROXY = "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in<br></body></html>"


@dataclass(frozen=True, slots=True)
class Weather:
    """One kind of trouble, and the requests it is limited to.

    *part* says what "drip" drips: "header" means from the first byte on.
    """

    sky: Sky
    only: str | None = None
    path_prefix: str = ""
    part: Literal["header", "body"] = "header"
    retry_after: int | None = None  # seconds

    def meets(self, method: str, path: str) -> bool:
        """Return whether such a request is out in this weather."""
        return self.only in (None, method) and path.startswith(self.path_prefix)

    def instead(self) -> Answer | None:
        """Return what is answered without asking Plex; None if Plex is asked."""
        headers: tuple[tuple[str, str], ...] = ()
        if self.retry_after is not None:
            headers = (("Retry-After", str(self.retry_after)),)
        if self.sky == "garbage":
            return Answer(200, b"\x00\xff<<not&xml\xfe" * 8)
        if self.sky == "html":
            return Answer(200, _PROXY.encode(), HTML)
        if self.sky == "maintenance":
            return xml(_MAINTENANCE, status=503, headers=headers)
        if isinstance(self.sky, int):
            moved = (("Location", "/login"),) if self.sky in (301, 302, 303, 307, 308) else ()
            return page(self.sky, headers + moved)
        return None


FINE = Weather("fine")


class Forecast:
    """The weather now, and a script of what the next requests meet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: tuple[Weather, ...] = ()
        self._script: deque[Sky | None] = deque()

    def set(self, weather: Weather) -> None:
        """Let *weather* begin; without a limit it ends all other, with one the same."""
        check(weather.sky)
        limit = (weather.only, weather.path_prefix)
        with self._lock:
            others = [w for w in self._now if (w.only, w.path_prefix) != limit]
            self._now = (weather,) if limit == (None, "") else (weather, *others)

    def script(self, answers: Iterable[Sky | None]) -> None:
        """Queue *answers*, one per request from now on; None is none of it."""
        wanted = list(answers)
        for sky in wanted:
            check(sky or "fine")
        with self._lock:
            self._script.extend(wanted)

    def for_request(self, method: str, path: str) -> Weather:
        """Return what this request meets, and use up one line of the script."""
        with self._lock:
            if self._script:
                return Weather(self._script.popleft() or "fine")
            return next((w for w in self._now if w.meets(method, path)), FINE)


def check(sky: Sky) -> None:
    """Raise ValueError for weather there is none of: a typing slip would test nothing."""
    if not isinstance(sky, int) and sky not in get_args(Mood):
        raise ValueError(f"no such weather: {sky!r}")

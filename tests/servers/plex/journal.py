"""What clients asked, and what they should never have asked."""

import re
import threading
import time
from dataclasses import dataclass, field

_EDIT_OF_SECTION = re.compile(r"/library/sections/\d+/all/?")
_EDIT_OF_ITEMS = re.compile(r"/library/metadata(/[\d,]*)?/?")


@dataclass(slots=True, eq=False)
class Request:
    """One request as it arrived; *status* is None until it was answered."""

    method: str
    path: str
    query: list[tuple[str, str]]  # decoded, in order
    headers: dict[str, str]  # names in lower case
    at: float = field(default_factory=time.monotonic)
    status: int | None = None
    target: str = ""  # path and query as sent
    size: int = 0  # bytes of the body

    @property
    def args(self) -> dict[str, str]:
        """The query as a dictionary; of a repeated name the last value."""
        return dict(self.query)

    def option(self, name: str) -> str | None:
        """Return an ``X-Plex-…`` value, which may come as header or in the query."""
        return self.headers.get(name.lower()) or self.args.get(name)


class Journal:
    """The requests and violations of one server, in order of arrival."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self.violations: list[str] = []

    def note(self, request: Request) -> None:
        """Keep *request*, and whatever it alone shows to be wrong."""
        with self._lock:
            self._requests.append(request)
        if any(name == "X-Plex-Token" for name, _ in request.query):
            self.blame(request, "token in the URL, where logs keep it")
        if request.method == "PUT":
            self._inspect_edit(request)

    def requests(self) -> list[Request]:
        """Return what arrived so far."""
        with self._lock:
            return list(self._requests)

    def clear(self) -> None:
        """Forget the requests; the violations stay."""
        with self._lock:
            self._requests.clear()

    def blame(self, request: Request, why: str) -> None:
        """Record that *request* should never have been sent."""
        self.violations.append(f"{request.method} {request.path}: {why}")

    def _inspect_edit(self, request: Request) -> None:
        args = request.args
        of_section = _EDIT_OF_SECTION.fullmatch(request.path) is not None
        of_items = _EDIT_OF_ITEMS.fullmatch(request.path)
        if of_section and not args.get("id", "").strip(","):
            self.blame(request, "edit without ids changes the whole section")
        if of_items and not (of_items[1] or "").strip("/,"):
            self.blame(request, "edit without ids")
        sent = args.get("type", "1" if of_items else "nothing")
        if (of_section or of_items) and sent != "1":
            self.blame(request, f"write with type {sent} instead of 1")

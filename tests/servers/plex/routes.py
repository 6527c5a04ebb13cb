"""Which path does what: the table of the API, and the checks in front of it."""

from collections.abc import Callable
from urllib.parse import unquote

from tests.servers.plex.answers import HTML, Answer, Refusal, page, xml
from tests.servers.plex.items import Items
from tests.servers.plex.journal import Journal, Request
from tests.servers.plex.library import Library
from tests.servers.plex.rendering import container, directory, tag
from tests.servers.plex.sections import Sections
from tests.servers.plex.switches import Switches

_WRITES = frozenset({"PUT", "POST", "DELETE"})

Plain = Callable[[Request], Answer]


class Routes:
    """Answers requests; the caller holds the server's lock."""

    def __init__(self, switches: Switches, library: Library, journal: Journal) -> None:
        self._switches = switches
        self._library = library
        self.items = Items(library, journal)
        self._sections = Sections(library, self.items, journal)
        self._plain: dict[tuple[str, str], Plain] = {
            ("GET", "/identity"): self._identity,
            ("GET", "/login"): lambda request: Answer(200, b"<html>sign in<br></html>", HTML),
            ("GET", ""): self._server,
            ("GET", "/library"): self._library_root,
            ("GET", "/library/sections"): self._list_sections,
            ("GET", "/library/sections/all"): self._list_sections,
            ("GET", "/activities"): lambda request: xml(container([])),
            ("PUT", "/:/rate"): self.items.rate,
        }

    def answer(self, request: Request, body: bytes) -> Answer:
        """Return what Plex says to *request*, after carrying it out."""
        try:
            self._admit(request)
            return self._dispatch(request, body)
        except Refusal as refusal:
            return page(refusal.status)

    def _admit(self, request: Request) -> None:
        if len(request.target) > self._switches.max_url:
            raise Refusal(self._switches.long_url_status)
        if request.path in ("/identity", "/login"):
            return
        token = request.option("X-Plex-Token")
        if token and token == self._switches.read_only_token:
            # Plex shows the root of its libraries to its owner only.
            if request.method in _WRITES or request.path.rstrip("/") == "/library":
                raise Refusal(403)
        elif token != self._switches.token:
            raise Refusal(401)

    def _dispatch(self, request: Request, body: bytes) -> Answer:
        path = request.path.rstrip("/")
        plain = self._plain.get((request.method, path))
        if plain is not None:
            return plain(request)
        parts = [unquote(part) for part in path.split("/")[1:]]
        if parts[:2] == ["library", "sections"] and len(parts) >= 3:
            return self._sections.answer(request, parts[2], "/".join(parts[3:]))
        if parts[:2] == ["library", "metadata"]:
            ids = parts[2] if len(parts) > 2 else ""
            return self.items.answer(request, ids, "/".join(parts[3:]), body)
        raise Refusal(404)

    def _identity(self, request: Request) -> Answer:
        pairs = [
            ("size", 0),
            ("claimed", 1),
            ("machineIdentifier", self._switches.machine_identifier),
            ("version", self._switches.version),
        ]
        return xml(tag("MediaContainer", pairs))

    def _server(self, request: Request) -> Answer:
        about = {
            "friendlyName": "Loopback",
            "machineIdentifier": self._switches.machine_identifier,
            "version": self._switches.version,
            "platform": "Linux",
            "myPlex": 1,
            "updatedAt": self._library.now(),
        }
        return xml(container([], **about))

    def _library_root(self, request: Request) -> Answer:
        return xml(container([], identifier="com.plexapp.plugins.library", title1="Plex Library"))

    def _list_sections(self, request: Request) -> Answer:
        rows = [directory(section) for section in self._library.sections.values()]
        return xml(container(rows, allowSync=0, title1="Plex Library"))

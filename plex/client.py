"""Everything we ever ask of Plex, over plexapi's request layer."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from domain.errors import (
    BadSettings,
    PermanentError,
    PlexNotFound,
    PlexRefused,
    PlexServerDown,
    PlexTemporaryError,
    UserError,
)
from domain.plex_item import PlexItem, RatingKey, Section, SectionKey
from plex.errors import Unconfirmed, check_answer, in_our_words, of_all_of_plex
from plex.parse import Page, items_of, page_of, posters_of, section_of
from plex.text import encoded
from plex.vendor import BASE_HEADERS, PlexServer
from transport.session import bounded_session

MOVIE = "1"  # Plex's number of the only type we touch; home videos have it too
MAX_KEYS = 100
"""Items per request; six-digit keys make a URL of 700 bytes."""

# What a listing need not carry; a server may ignore it (facts of Plex, section 1.4).
_SLIM = (
    (
        "excludeElements",
        "Genre,Country,Guid,Rating,Collection,Director,Writer,Role,Producer,Similar,Image,"
        "UltraBlurColors",
    ),
    ("excludeFields", "summary,tagline"),
)


class PlexClient:
    """One Plex server and one token; for one thread.

    Every method raises PlexRefused, BadSettings, PlexServerDown and PlexTemporaryError. Where
    Plex fails at something, one cheap request decides between the last two.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        client_identifier: str,
        connect_timeout: float = 5.0,
        read_timeout: float = 30.0,
    ) -> None:
        """Make ready; nothing is asked yet.

        Args:
            client_identifier: persistent, one per installation: Plex tells its user of each
                new one as of a new device.
            connect_timeout, read_timeout: seconds.
        """
        self._url = url
        self._token = token
        self._timeout = (connect_timeout, read_timeout)
        self._identity = {
            "X-Plex-Client-Identifier": client_identifier,
            "X-Plex-Product": "Stash2Plex",
            "X-Plex-Device-Name": "Stash2Plex",
        }
        self._session = bounded_session(connect=connect_timeout, read=read_timeout)
        self._session.hooks["response"].append(check_answer)
        self._plexapi: Any = None

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def server(self) -> str:
        """The server's machineIdentifier; asked once."""
        return str(self._connected().machineIdentifier)

    def sections(self) -> tuple[Section, ...]:
        """Every library, of whatever kind."""
        answer = self._read("/library/sections", "listing the libraries")
        return tuple(filter(None, map(section_of, answer.findall("Directory"))))

    def is_owners(self) -> bool:
        """Whether the token is the server owner's, which alone may write; changes nothing.

        Plex shows the root of its libraries to nobody else (plexapi/server.py, ``library``).
        """
        try:
            self._read("/library", "asking whose token it is")
        except (PlexRefused, PermanentError):
            return False
        return True

    def page(
        self, section: SectionKey, *, start: int, size: int = 1000, changed_since: int | None = None
    ) -> Page:
        """Read a piece of a library: which files its items have.

        On PlexTemporaryError the caller may try again with a smaller *size*; a server may also
        send fewer rows than asked for. Rows come in an order that additions do not disturb.

        Args:
            changed_since: Unix seconds by Plex's clock; only what changed after. Real servers
                take this filter, but do not advertise it (facts of Plex, section 1.5).

        Raises:
            UserError: there is no such library.
            PermanentError: with *changed_since*: Plex does not take the filter.
        """
        query = [("type", MOVIE), *_SLIM]
        if changed_since is not None:
            query += [("updatedAt>>", str(changed_since)), ("sort", "updatedAt")]
            return page_of(self._listing(section, query, start, size), section)
        try:
            listing = self._listing(section, [*query, ("sort", "addedAt")], start, size)
        except PermanentError:
            listing = self._listing(section, query, start, size)
        return page_of(listing, section)

    def items(self, keys: Sequence[RatingKey]) -> dict[RatingKey, PlexItem]:
        """Read items with all tags and locks; those that are gone are absent."""
        found: dict[RatingKey, PlexItem] = {}
        for start in range(0, len(keys), MAX_KEYS):
            found.update(self._items(keys[start : start + MAX_KEYS]))
        return found

    def edit(
        self, section: SectionKey, keys: tuple[RatingKey, ...], query: Sequence[tuple[str, str]]
    ) -> None:
        """Change items; the only place that does.

        Args:
            query: parameters as in plex/edit.py.

        Raises:
            ValueError: there is no key, or one is none: without, Plex edits the whole library.
            PlexNotFound: an item, or the library, is gone.
            PermanentError: Plex does not accept a value.
        """
        if not keys or not all(type(key) is int and key > 0 for key in (section, *keys)):
            raise ValueError("an edit needs the rating keys of its items")
        if any(name in ("id", "type") for name, _ in query):
            raise ValueError("an edit's parameters must not say which items it is for")
        ids = ",".join(map(str, keys))
        target = encoded([("type", MOVIE), ("id", ids), *query])
        self._write(self._session.put, f"/library/sections/{section}/all?{target}", "editing")

    def posters(self, key: RatingKey) -> dict[str, bool]:
        """The SHA-1 of every uploaded picture, and whether it is the one shown."""
        return posters_of(self._read(f"/library/metadata/{key:d}/posters", "listing posters"))

    def upload_poster(self, key: RatingKey, data: bytes) -> None:
        """Send a picture. Plex shows and locks it, unless it has had the same bytes before."""
        connect, read = self._timeout
        self._write(
            self._session.post,
            f"/library/metadata/{key:d}/posters",
            "uploading a poster",
            data=data,
            headers={"Content-Type": "application/octet-stream"},
            timeout=(connect, 4 * read),  # Plex is slow with pictures
        )

    def select_poster(self, key: RatingKey, sha1: str) -> None:
        """Show a picture that was uploaded before."""
        url = encoded([("url", f"upload://posters/{sha1}")])
        path = f"/library/metadata/{key:d}/poster?{url}"
        self._write(self._session.put, path, "selecting a poster", answer_may_be_text=True)

    def scan(self, section: SectionKey, folder: str) -> None:
        """Let Plex look for new files in *folder*, as Plex sees it; returns before it has."""
        path = encoded([("path", folder)])
        self._write(self._session.get, f"/library/sections/{section:d}/refresh?{path}", "scanning")

    def confirm(self) -> None:
        """Ask Plex for something cheap that needs the token.

        Raises:
            PlexServerDown: Plex does not answer, or what answers is not Plex any more.
            PlexRefused, BadSettings.
        """
        was_plex = self._plexapi is not None
        try:
            with of_all_of_plex("looking whether Plex is there"):
                _container(self._query("/library/sections"))
        except BadSettings as error:
            if not was_plex:
                raise
            # It was Plex: a proxy answers while the container behind it starts again.
            raise PlexServerDown(str(error), answered=True) from None

    def latency(self, timeout: float) -> float:
        """Milliseconds until Plex told its name, for which it needs no token.

        Args:
            timeout: seconds to connect, and again to answer.

        Raises:
            PlexServerDown, BadSettings.
        """
        with of_all_of_plex("looking whether Plex is there"):
            url = f"{self._url}/identity"
            answer = self._session.get(url, headers=self._identity, timeout=timeout)
            if b"machineIdentifier" not in answer.content:
                raise Unconfirmed("what answers at plex_url is not Plex")
        return answer.elapsed.total_seconds() * 1000

    def _items(self, keys: Sequence[RatingKey]) -> dict[RatingKey, PlexItem]:
        ids = ",".join(f"{key:d}" for key in keys)
        # Without skipRefresh Plex may first look at the file of each (facts of Plex, 1.5).
        path = f"/library/metadata/{ids}?skipRefresh=1"
        try:
            answer = self._read(path, "reading items", window=(0, len(keys)))
        except PlexNotFound:
            if len(keys) == 1:
                return {}
            # One that is gone may be enough for a 404.
            half = len(keys) // 2
            return self._items(keys[:half]) | self._items(keys[half:])
        asked = set(keys)
        return {item.rating_key: item for item in items_of(answer) if item.rating_key in asked}

    def _listing(
        self, section: SectionKey, query: Sequence[tuple[str, str]], start: int, size: int
    ) -> Element:
        path = f"/library/sections/{section:d}/all?{encoded(query)}"
        try:
            return self._read(path, "listing a library", window=(start, size))
        except PlexNotFound:
            raise UserError(
                f"Plex has no library number {section} any more: check plex_library"
            ) from None

    def _read(self, path: str, doing: str, window: tuple[int, int] | None = None) -> Element:
        start, size = window or (0, 1000)
        headers = {"X-Plex-Container-Start": str(start), "X-Plex-Container-Size": str(size)}
        with self._item_or_server(doing):
            return _container(self._query(path, headers=headers))

    def _write(
        self,
        method: Callable[..., object],
        path: str,
        doing: str,
        *,
        answer_may_be_text: bool = False,
        **options: Any,
    ) -> None:
        with self._item_or_server(doing):
            try:
                answer = self._query(path, method=method, **options)
            except ParseError:
                if not answer_may_be_text:
                    raise
                return
            if answer is not None and answer.tag.lower().endswith("html"):
                raise Unconfirmed(f"what answered was not Plex, when {doing}")

    def _query(self, path: str, **options: Any) -> Element | None:
        headers = self._identity | options.pop("headers", {})
        answer: Element | None = self._connected().query(path, headers=headers, **options)
        return answer

    def _connected(self) -> Any:
        """plexapi's server; made by its own GET /, which proves address and token."""
        if self._plexapi is None:
            BASE_HEADERS.update(self._identity)
            with of_all_of_plex("connecting"):
                server = PlexServer(self._url, self._token, self._session, self._timeout)
                if not getattr(server, "machineIdentifier", None):
                    raise Unconfirmed("what answers at plex_url is not Plex")
            self._plexapi = server
        return self._plexapi

    @contextmanager
    def _item_or_server(self, doing: str) -> Iterator[None]:
        """Where something fails, find out whether all of Plex does."""
        try:
            with in_our_words(doing):
                yield
        except (PlexNotFound, BadSettings):
            if self._plexapi is not None:
                # Also what a proxy says while the container behind it starts again.
                self.confirm()
            raise
        except Unconfirmed as trouble:
            self.confirm()
            raise PlexTemporaryError(str(trouble), retry_after=trouble.retry_after) from None


def _container(answer: Element | None) -> Element:
    if answer is None or answer.tag != "MediaContainer":
        raise Unconfirmed("what answered was not Plex")
    return answer

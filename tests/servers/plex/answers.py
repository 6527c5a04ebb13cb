"""An answer before it is put on the wire, and the refusals that become one."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from tests.servers.plex.item import Item

XML = "text/xml;charset=utf-8"
HTML = "text/html"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(slots=True)
class Answer:
    """Status, body and headers; and what the exchange meant for the library."""

    status: int = 200
    body: bytes = b""
    content_type: str = XML
    headers: tuple[tuple[str, str], ...] = ()
    #: Items whose files the body shows, as (item, files_version).
    shows_files_of: Sequence[tuple[Item, int]] = ()
    changed: bool = False
    withheld: bool = False  # carried out, but never answered

    def on_the_wire(self) -> tuple[bytes, bytes]:
        """Return header and body as bytes."""
        lines = [
            f"HTTP/1.1 {self.status} {reason(self.status)}",
            "X-Plex-Protocol: 1.0",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers),
            "\r\n",
        ]
        return "\r\n".join(lines).encode("latin-1"), self.body


class Refusal(Exception):
    """The request is answered with *status* and changes nothing."""

    def __init__(self, status: int, why: str = "") -> None:
        super().__init__(why or reason(status))
        self.status = status


def reason(status: int) -> str:
    """Return the phrase for *status*, also for those that only proxies know."""
    if status == 498:
        return "Token Expired"
    return HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "Unknown"


def xml(text: str, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return a document; lone surrogates, which UTF-8 cannot say, become "?"."""
    return Answer(status, (HEAD + text).encode("utf-8", "replace"), headers=headers)


def page(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return what Plex shows for an error: a title and a headline."""
    phrase = reason(status)
    html = (
        f"<html><head><title>{phrase}</title></head><body><h1>{status} {phrase}</h1></body></html>"
    )
    return Answer(status, html.encode(), HTML, headers)

"""One HTTP request as it was seen, and one answer before it is sent."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any, Literal

Kind = Literal["graphql", "image", "other"]

# chi's middleware.Compress(4) with its default list.
_COMPRESSED = (
    "text/html", "text/css", "text/plain", "text/javascript", "application/javascript",
    "application/json", "application/atom+xml", "application/rss+xml", "image/svg+xml",
)  # fmt: skip


@dataclass(slots=True)
class Request:
    """A request that reached the server.

    Attributes:
        query: the URL's parameters; of a repeated one the first.
        headers: names are matched without regard to case.
        operation: the first GraphQL field; empty for other requests.
        at: Unix seconds of arrival.
        status: what was answered; 0 while (or if) nothing was.
        text: the GraphQL document.
        variables: of the GraphQL request.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    kind: Kind
    at: float
    operation: str = ""
    status: int = 0
    text: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; the transport adds length, date and compression."""

    status: int
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def compressed(self, accept_encoding: str) -> Reply:
        """Return the reply as chi sends it to a client that takes gzip."""
        kind = self.content_type.partition(";")[0]
        if not self.body or "gzip" not in accept_encoding or kind not in _COMPRESSED:
            return self
        headers = (*self.headers, ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
        body = gzip.compress(self.body, compresslevel=4, mtime=0)
        return Reply(self.status, body, self.content_type, headers)


def plain(status: int, text: str) -> Reply:
    """Return what Go's http.Error sends."""
    return Reply(
        status,
        f"{text}\n".encode(),
        "text/plain; charset=utf-8",
        (("X-Content-Type-Options", "nosniff"),),
    )


def page(status: int, title: str) -> Reply:
    """Return a small HTML page."""
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body></body></html>\n"
    return Reply(status, body.encode(), "text/html", (("Cache-Control", "no-cache"),))

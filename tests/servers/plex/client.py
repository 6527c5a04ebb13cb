"""A bare client, for what plexapi hides: statuses, headers and requests it would not send."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import requests

from tests.servers.plex.server import LoopbackPlex


class BareClient:
    """Sends exactly what it is told, with the token of the server unless given another."""

    def __init__(self, plex: LoopbackPlex, *, token: str | None = None) -> None:
        self._url = plex.url
        self._session = requests.Session()
        self._session.headers["X-Plex-Token"] = plex.token if token is None else token

    def __enter__(self) -> "BareClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask(
        self,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = 10,
    ) -> requests.Response:
        """Send one request and return the response, whatever its status."""
        return self._session.request(
            method, self._url + target, headers=headers, data=body, timeout=timeout
        )

    def read(self, target: str, **headers: Any) -> ElementTree.Element:
        """Return the root of a document that must be there; ``_`` in a header name means ``-``."""
        sent = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        response = self.ask("GET", target, headers=sent)
        response.raise_for_status()
        return ElementTree.fromstring(response.content)

    def status(self, method: str, target: str, *, body: bytes | None = None) -> int:
        """Return only the status of one request."""
        return self.ask(method, target, body=body).status_code

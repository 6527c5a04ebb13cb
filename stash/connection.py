"""Where Stash is and how to be let in, from what it tells a plugin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Literal
from urllib.parse import urlsplit

from domain.errors import BadSettings, StashUnavailable

_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- not bound to
"""What Stash may be bound to, and where it is then reached from the same machine."""

_PORTS = MappingProxyType({"http": 80, "https": 443})


@dataclass(frozen=True, slots=True)
class Connection:
    """One running Stash.

    Attributes:
        host: name or address, without brackets.
        cookie: value of the cookie "session"; "" if Stash gave none.
        api_key: "" for none. Stash refuses a wrong key even with a good cookie.
        prefix: path under which a proxy shows Stash; no slash at the end.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int
    cookie: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    prefix: str = ""

    @classmethod
    def from_url(cls, url: str, api_key: str) -> "Connection":
        """Stash as a browser finds it.

        Raises:
            BadSettings: *url* is no address.
        """
        try:
            parts = urlsplit(url.strip())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if not parts.hostname or parts.scheme not in _PORTS:
            raise BadSettings("STASH_URL is no address: write it like http://192.168.1.5:9999")
        return cls(
            scheme="https" if parts.scheme == "https" else "http",
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            api_key=api_key,
            prefix=parts.path.rstrip("/").removesuffix("/graphql"),
        )

    @classmethod
    def from_server(cls, server_connection: Mapping[str, Any]) -> "Connection":
        """Read Stash's ``server_connection`` (pkg/plugin/common/msg.go).

        Raises:
            StashUnavailable: it does not say where Stash listens.
        """
        host = str(server_connection.get("Host") or "").strip().strip("[]")
        cookie = server_connection.get("SessionCookie")
        try:
            port = int(server_connection["Port"])
        except (KeyError, TypeError, ValueError):
            raise StashUnavailable("Stash did not say on which port it listens") from None
        return cls(
            scheme="https" if server_connection.get("Scheme") == "https" else "http",
            host=_LOOPBACK.get(host, host),
            port=port,
            cookie=str(cookie.get("Value") or "") if isinstance(cookie, Mapping) else "",
        )

    @property
    def base_url(self) -> str:
        """Without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"

    @property
    def is_loopback(self) -> bool:
        """Whether requests never leave this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def verify(self) -> bool:
        """Whether a certificate must be valid.

        Not on this machine: there Stash's is often self-signed, and never names 127.0.0.1.
        """
        return not self.is_loopback

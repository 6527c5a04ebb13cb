"""Where Stash is and how to be let in, from what it tells a plugin."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Literal

from domain.errors import StashUnavailable

_LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- not bound to
"""What Stash may be bound to, and where it is then reached from the same machine."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One running Stash.

    Attributes:
        host: name or address, without brackets.
        cookie: value of the cookie "session"; "" if Stash gave none.
        api_key: "" for none. Stash refuses a wrong key even with a good cookie.
    """

    scheme: Literal["http", "https"]
    host: str
    port: int
    cookie: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)

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
        return f"{self.scheme}://{host}:{self.port}"

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

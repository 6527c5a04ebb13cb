"""Who may come in: Stash's order of API key and session cookie (pkg/session/session.go)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, Protocol

Auth = Literal["none", "password", "key"]


class Headers(Protocol):
    """Request headers; names are matched without regard to case."""

    def get(self, name: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """What the door found.

    Attributes:
        user: empty for nobody.
        refused: a wrong API key: nothing else is looked at.
        set_cookie: the refreshed cookie to answer with; empty for none.
    """

    user: str = ""
    refused: bool = False
    set_cookie: str = ""


class Door:
    """Knows the credentials and signs the sessions.

    Attributes:
        auth: "none": open; "password": a session is needed; "key": a session or the key.
        session_lifetime: seconds that a cookie is good for; 0 for ever.
    """

    def __init__(self, now: Callable[[], datetime]):
        self._now = now
        self.auth: Auth = "none"
        self.username = "stash"
        self.password = "correct horse"
        self.api_key = "eyJhbGciOiJIUzI1NiJ9." + secrets.token_urlsafe(24)
        self.session_lifetime = 3600
        self._secret = secrets.token_bytes(32)

    @property
    def configured_key(self) -> str:
        """The key that Stash has; empty while none was generated."""
        return self.api_key if self.auth == "key" else ""

    @property
    def is_locked(self) -> bool:
        return self.auth != "none"

    def admit(self, headers: Headers, query: Mapping[str, str]) -> Visitor:
        """Look at a request's credentials."""
        key = headers.get("ApiKey") or query.get("apikey", "")
        if key:
            # Also where no key is configured, and whatever the cookie says.
            right = key == self.configured_key
            return Visitor(user=self.username if right else "", refused=not right)
        user = self._user_of(_session_cookie(headers.get("Cookie") or ""))
        if user is None:
            return Visitor()
        return Visitor(user=user, set_cookie=self.set_cookie())

    def new_cookie(self) -> str:
        """Return the value of a fresh cookie ``session``."""
        claim = {"user": self.username, "issued": int(self._now().timestamp())}
        body = base64.urlsafe_b64encode(json.dumps(claim).encode()).decode()
        return f"{body}|{self._sign(body)}"

    def set_cookie(self) -> str:
        """Return a Set-Cookie header with a fresh session."""
        parts = [f"session={self.new_cookie()}", "Path=/"]
        if self.session_lifetime:
            expires = self._now().astimezone(UTC) + timedelta(seconds=self.session_lifetime)
            parts += [
                f"Expires={expires:%a, %d %b %Y %H:%M:%S} GMT",
                f"Max-Age={self.session_lifetime}",
            ]
        return "; ".join([*parts, "SameSite=Lax"])

    def expire_sessions(self) -> None:
        """Make every cookie that was given out worthless."""
        self._secret = secrets.token_bytes(32)

    def _user_of(self, cookie: str) -> str | None:
        body, _, signature = cookie.partition("|")
        if not hmac.compare_digest(signature.encode(), self._sign(body).encode()):
            return None
        claim = json.loads(base64.urlsafe_b64decode(body))
        age = int(self._now().timestamp()) - int(claim["issued"])
        if self.session_lifetime and age > self.session_lifetime:
            return None
        return str(claim["user"])

    def _sign(self, body: str) -> str:
        return hmac.new(self._secret, body.encode(), hashlib.sha256).hexdigest()


def _session_cookie(header: str) -> str:
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name == "session":
            return value.strip('"')
    return ""

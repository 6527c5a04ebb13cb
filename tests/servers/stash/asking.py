"""Questions to a loopback Stash in one line, for tests."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import requests
from stashapi.stashapp import StashInterface

from .server import LoopbackStash

JSON = "application/json"


def ask(
    stash: LoopbackStash,
    text: str,
    variables: Mapping[str, Any] | None = None,
    **headers: str,
) -> requests.Response:
    """Post a GraphQL document; headers are named like ``Accept=``, "_" standing for "-"."""
    named = {"Accept": JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    body = {"query": text, "variables": dict(variables or {})}
    return requests.post(f"{stash.url}/graphql", json=body, headers=named, timeout=10)


def data(stash: LoopbackStash, text: str, **variables: Any) -> Any:
    """Return the data of an answer without errors."""
    answer = ask(stash, text, variables)
    answer.raise_for_status()
    document = answer.json()
    assert "errors" not in document, document
    return document["data"]


def get(
    stash: LoopbackStash, path: str, *, follow: bool = True, **headers: str
) -> requests.Response:
    """Get a path."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(stash.url + path, headers=named, timeout=10, allow_redirects=follow)


def client_of(stash: LoopbackStash) -> StashInterface:
    """Return the real client, connected as a plugin is; close its session ``s``.

    Left to itself it logs to the stderr of the moment it was imported, which under pytest is a
    file that is closed by the next test.
    """
    return StashInterface({**stash.connection(), "Logger": logging.getLogger("stashapi")})

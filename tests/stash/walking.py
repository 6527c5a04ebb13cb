"""Walks along a Stash, and what they find."""

from typing import TypeGuard

from domain.job import SceneId
from domain.scene import Scene
from stash.client import Found, StashClient

Pages = list[dict[SceneId, Found]]


def pages(client: StashClient, *, limit: int, since: float | None = None) -> Pages:
    """All pages from the first to the last."""
    found: Pages = []
    after: int | None = 0
    while after is not None:
        page, after = client.walk(after=after, limit=limit, since=since)
        found.append(page)
    return found


def ids(found: Pages) -> list[list[int]]:
    return [list(page) for page in found]


def titles(page: dict[SceneId, Found]) -> dict[int, str]:
    return {key: one.title for key, one in page.items() if isinstance(one, Scene)}


def is_scene(found: Found) -> TypeGuard[Scene]:
    return isinstance(found, Scene)

"""Enqueues many scenes at once: all, or what changed lately."""

import logging
from collections.abc import Callable, Iterator

from domain.job import JobKey, SceneId
from stash.client import StashClient
from sync_queue.manager import SyncQueue

log = logging.getLogger(__name__)

Page = tuple[tuple[SceneId, ...], int | None]


def all_scenes(stash: StashClient) -> Iterator[tuple[SceneId, ...]]:
    """The ids of all scenes, a page at a time: by id, so that no edit moves one past us."""
    after = 0
    while page := stash.scene_ids(after=after):
        yield page
        after = page[-1]


def recent_scenes(stash: StashClient, since: float) -> Iterator[tuple[SceneId, ...]]:
    """The ids of the scenes that changed after *since* (Unix seconds by Stash's clock)."""
    after: int | None = 0
    while after is not None:
        page, after = stash.recent_scene_ids(since=since, after=after)
        yield page


def enqueue(
    queue: SyncQueue,
    pages: Iterator[tuple[SceneId, ...]],
    on_page: Callable[[int], None] = lambda _: None,
) -> int:
    """Put the scenes behind everything that waits; return how many were not there already."""
    added = seen = 0
    for page in pages:
        added += queue.put((JobKey("scene", scene) for scene in page), "bulk")
        seen += len(page)
        on_page(seen)
    return added

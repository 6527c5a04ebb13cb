"""Dead letters of an outage: which of them are safe to try again, and how they are."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from domain.errors import Stash2PlexError
from domain.job import JobKey, SceneId
from sync_queue.dlq import DeadLetter, DeadLetterQueue, retry_dead_letters
from sync_queue.manager import SyncQueue
from sync_queue.operations import is_queued

log = logging.getLogger(__name__)

SAFE_RETRY_ERROR_TYPES = frozenset({"PlexServerDown"})
"""Plex as a whole was away: nothing speaks against the scene."""

OPTIONAL_RETRY_ERROR_TYPES = frozenset({"PlexTemporaryError", "PlexNotFound"})
"""It may have been the outage, or the scene."""

PERMANENT_ERROR_TYPES = frozenset(
    {"AmbiguousMatch", "PermanentError", "PlexBadRequest", "PlexRefused", "UnreadableScene"}
)
"""Trying again changes nothing: never recovered, whatever is asked for."""

PER_REQUEST = 100  # scenes that Stash is asked about at once


class Stash(Protocol):
    """What is asked of stash.client.StashClient."""

    def scenes(self, ids: Sequence[SceneId]) -> Mapping[SceneId, object]:
        """Those of the scenes that are there; an exception for one that cannot be read."""


class Plex(Protocol):
    """What is asked of plex.client.PlexClient."""

    def confirm(self) -> None:
        """Raise a Stash2PlexError if Plex does not answer, or refuses us."""


@dataclass(slots=True)
class RecoveryResult:
    """What became of the dead letters; every one is counted once.

    Attributes:
        plex_is_down: so that nothing was tried, even if there was no dead letter.
    """

    total_dlq_entries: int = 0
    recovered: int = 0
    skipped_already_queued: int = 0
    skipped_plex_down: int = 0
    skipped_scene_missing: int = 0
    failed: int = 0
    recovered_scene_ids: list[int] = field(default_factory=list)
    plex_is_down: bool = False

    def __str__(self) -> str:
        return (
            f"{self.recovered} of {self.total_dlq_entries} dead letters recovered; skipped: "
            f"{self.skipped_already_queued} already queued, {self.skipped_plex_down} because Plex "
            f"is down, {self.skipped_scene_missing} no longer in Stash; {self.failed} failed"
        )


def get_error_types_for_recovery(include_optional: bool = False) -> frozenset[str]:
    """The causes of dead letters that a recovery takes."""
    extra = OPTIONAL_RETRY_ERROR_TYPES if include_optional else frozenset()
    return SAFE_RETRY_ERROR_TYPES | extra


def get_outage_dlq_entries(
    dlq: DeadLetterQueue, start_time: float, end_time: float, error_types: Collection[str]
) -> list[DeadLetter]:
    """The dead letters of a time, oldest first: of these causes, or known to be an outage's.

    Args:
        start_time: Unix seconds, inclusive; so is end_time.
    """
    return [
        letter
        for letter in dlq.entries()
        if letter.cause not in PERMANENT_ERROR_TYPES
        and (
            letter.outage_id == int(start_time)
            or (start_time <= letter.buried_at <= end_time and letter.cause in error_types)
        )
    ]


def recover_outage_jobs(
    dlq_entries: Sequence[DeadLetter],
    queue: SyncQueue,
    stash: Stash,
    plex_client: Plex,
    data_dir: str | Path,
) -> RecoveryResult:
    """Put dead letters back into the queue, with fresh attempts, if Plex is well.

    A scene that is queued already, or no longer in Stash, is passed over; a Stash that cannot
    be asked about some of them does not keep the others waiting.

    Args:
        data_dir: of *queue*; among the plan's arguments.
    """
    del data_dir
    result = RecoveryResult(len(dlq_entries))
    try:
        plex_client.confirm()
    except Stash2PlexError as error:
        log.warning("%s: nothing is recovered", error)
        result.skipped_plex_down = len(dlq_entries)
        result.plex_is_down = True
        return result
    for start in range(0, len(dlq_entries), PER_REQUEST):
        batch = dlq_entries[start : start + PER_REQUEST]
        try:
            found = stash.scenes([letter.scene for letter in batch])
        except Stash2PlexError as error:
            log.warning("%d dead letters are not recovered: %s", len(batch), error)
            result.failed += len(batch)
            continue
        for letter in batch:
            _recover(letter.scene, queue, result, found.get(letter.scene))
    return result


def _recover(scene: SceneId, queue: SyncQueue, result: RecoveryResult, found: object) -> None:
    if scene in result.recovered_scene_ids or is_queued(queue, JobKey("scene", scene)):
        result.skipped_already_queued += 1
    elif found is None:
        result.skipped_scene_missing += 1
    elif isinstance(found, Exception):
        log.warning("not recovered: %s", found)
        result.failed += 1
    elif retry_dead_letters(queue, [scene]):
        result.recovered += 1
        result.recovered_scene_ids.append(scene)
    else:  # it has left the dead letters meanwhile
        result.skipped_already_queued += 1

"""Everything a batch of jobs needs to know before the first of them is written.

One request to Stash and one to Plex per hundred scenes; what differs, and whose an item is,
is decided here and written elsewhere.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.errors import (
    AmbiguousMatch,
    PermanentError,
    PlexNotFound,
    PlexTemporaryError,
    TransientError,
)
from domain.job import SceneId, SyncJob
from domain.ledger import LedgerEntry
from domain.outcome import Buried, Gone, Outcome, Skipped, Waiting
from domain.plex_item import PlexItem, RatingKey, Section, Value
from domain.scene import Scene
from plex.fields import content_hash, remarks, wish
from plex.matcher import Ambiguous
from plex.plan import Plan, make_plan
from stash.client import Found as StashFound
from worker.charge import Charge
from worker.finder import Finder, Found
from worker.owners import Owners
from worker.reader import Unlisted, Unreadable
from worker.services import Services

log = logging.getLogger(__name__)

UNTIL_ASKED_AGAIN = 300.0  # seconds; for what a server cannot tell now although it answers


@dataclass(frozen=True, slots=True)
class Target:
    """One item that is to show the scene.

    Attributes:
        entry: what is remembered of it, under our scene's id; empty at first contact.
        others: scenes that the ledger knows in the item and that have lost it to ours.
    """

    item: PlexItem
    entry: LedgerEntry
    plan: Plan
    others: tuple[SceneId, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """A scene that is to be written.

    Attributes:
        content_hash: of everything that is synced.
        taken: items of the scene that belong to another one.
        read_at: Unix seconds at which nothing of the scene had been read yet.
    """

    scene: Scene
    server: str
    content_hash: str
    targets: tuple[Target, ...]
    taken: tuple[RatingKey, ...] = ()
    read_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Taken:
    """All items of the scene belong to another one."""

    server: str
    keys: tuple[RatingKey, ...]
    owner: SceneId


@dataclass(frozen=True, slots=True)
class Missing:
    """Plex has none of the scene's files."""

    scene: Scene
    error: PlexNotFound


@dataclass(frozen=True, slots=True)
class Failed:
    """Plex answers, but does not show the scene's item."""

    error: Unreadable


Prepared = Work | Taken | Missing | Failed | Outcome


def prepare(
    services: Services, sections: Sequence[Section], jobs: Sequence[SyncJob], charge: Charge
) -> list[tuple[SyncJob, Prepared]]:
    """Say for each job what is to be done, in the order of *jobs*.

    Args:
        charge: told with which scene a bug would be met.

    Raises:
        StashUnavailable, PlexServerDown, PlexTemporaryError, UserError: nothing can be said
            of any of them.
    """
    now = services.clock.now()
    answers = services.stash.scenes([job.scene_id for job in jobs])
    scenes: dict[SceneId, Scene] = {}
    decided: dict[SceneId, Prepared] = {}
    for job in jobs:
        passed = _gate(answers.get(job.scene_id), job, now)
        if isinstance(passed, Scene):
            scenes[job.scene_id] = passed
        else:
            decided[job.scene_id] = passed
    if scenes:
        read = frozenset(job.scene_id for job in jobs)
        planned = _plan_all(services, sections, scenes, read, charge)
        for identity, what in planned.items():
            decided[identity] = replace(what, read_at=now) if isinstance(what, Work) else what
    return [(job, decided[job.scene_id]) for job in jobs]


def _gate(answer: StashFound | None, job: SyncJob, now: float) -> Scene | Outcome:
    """The same gate for every producer: what nobody has described is not written."""
    match answer:
        case None:
            return Gone()
        case TransientError():
            return Waiting(now + UNTIL_ASKED_AGAIN, str(answer), "StashUnavailable", counted=False)
        case PermanentError():
            return Buried(str(answer), type(answer).__name__, job.attempts + 1)
        case Scene() if not answer.has_metadata:
            return Skipped("nobody has described it yet")
        case Scene() if not answer.files:
            return Skipped("it has no file")
    return answer


def _plan_all(
    services: Services,
    sections: Sequence[Section],
    scenes: Mapping[SceneId, Scene],
    read: frozenset[SceneId],
    charge: Charge,
) -> dict[SceneId, Prepared]:
    finder = Finder(services, sections, charge)
    found = finder.find(scenes.values())
    owners = Owners(services, finder, services.plex.server(), found, read)
    decided: dict[SceneId, Prepared] = {}
    for identity, scene in scenes.items():
        with charge.to(identity):
            decided[identity] = _plan(services, scene, found[identity], owners)
    return decided


def _plan(services: Services, scene: Scene, found: Found, owners: Owners) -> Prepared:
    if found is None:
        return Missing(scene, PlexNotFound("Plex has no item with its file"))
    if isinstance(found, PlexTemporaryError | PermanentError):
        return Failed(found)
    if isinstance(found, Unlisted):
        until = services.clock.now() + UNTIL_ASKED_AGAIN
        return Waiting(until, found.why, "PlexTemporaryError", counted=False)
    if isinstance(found, Ambiguous):
        paths = ", ".join(found.paths)
        reason = f"several files in Plex could be it ({paths}): set path_map"
        return Buried(reason, AmbiguousMatch.__name__, attempts=1)
    return _shared_out(services, scene, found, owners)


def _shared_out(
    services: Services, scene: Scene, found: Sequence[PlexItem], owners: Owners
) -> Work | Taken:
    """What of the scene's items is its own, and what is to be changed there."""
    server = services.plex.server()
    whose = {item.rating_key: owners.owner(item.rating_key, scene.id) for item in found}
    taken = tuple(key for key, owner in whose.items() if owner != scene.id)
    if len(taken) == len(found):
        return Taken(server, taken, whose[taken[0]])
    desired = wish(scene, services.config)
    for remark in remarks(scene, services.config):
        log.info("scene %d: %s", scene.id, remark)
    return Work(
        scene,
        server,
        content_hash(desired),
        tuple(
            _target(services, scene, item, desired, owners)
            for item in found
            if item.rating_key not in taken
        ),
        taken,
    )


def _target(
    services: Services, scene: Scene, item: PlexItem, desired: Mapping[str, Value], owners: Owners
) -> Target:
    known = owners.memory(item.rating_key, scene.id)
    if known is None:
        known = LedgerEntry(services.plex.server(), item.rating_key, scene.id)
    elif known.scene_id != scene.id:
        known = _inherited(known, scene.id)
    preserve = services.config.preserve_plex_edits
    plan = make_plan(item, desired, known, preserve_edits=preserve)
    return Target(item, known, plan, owners.others(item.rating_key, scene.id))


def _inherited(entry: LedgerEntry, scene: SceneId) -> LedgerEntry:
    """Another scene's memory of the item, taken over; its version and ETag are not ours."""
    images = {kind: replace(memory, etag="") for kind, memory in entry.images.items()}
    return replace(entry, scene_id=scene, updated_at="", content_hash="", images=images)

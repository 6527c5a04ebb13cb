"""Which gaps get a job: those that have none, and are not known to be hopeless for now."""

from collections.abc import Mapping, Sequence

from domain.causes import cause_of
from domain.clock import DAY
from domain.errors import AmbiguousMatch
from domain.job import JobKey, SceneId
from domain.scene import Scene
from reconciliation.detector import GapResult
from reconciliation.result import GapDetectionResult
from reconciliation.sides import Sides
from stash.queries import seconds_of
from sync_queue.manager import SyncQueue
from sync_queue.standing import Burial, Standing, standing


def enqueue(
    queue: SyncQueue,
    sides: Sides,
    gaps: Mapping[SceneId, GapResult],
    result: GapDetectionResult,
    *,
    only_empty: bool,
) -> frozenset[SceneId]:
    """Enqueue the gaps of one page, and what is to be confirmed; return those scenes.

    Args:
        only_empty: scenes of which Plex shows nothing, and no others.
    """
    wanted = list(gaps.values())
    unconfirmed = [scene for scene in (*sides.shown, *sides.uncertain) if scene not in gaps]
    unconfirmed += sides.ambiguous  # the drain says so to the user
    if only_empty:
        wanted = [gap for gap in wanted if gap.gap_type == "empty_metadata"]
        unconfirmed = []
    known = standing(queue, [*(gap.scene_id for gap in wanted), *unconfirmed])
    chosen: list[SceneId] = []
    for gap in wanted:
        if gap.scene_id in known.queued:
            result.skipped_already_queued += 1
        elif is_hopeless(gap, known, queue.clock.now()):
            result.skipped_given_up += 1
        else:
            chosen.append(gap.scene_id)
    scenes = {scene.id: scene for scene in sides.scenes}
    fresh = [
        scene
        for scene in dict.fromkeys(unconfirmed)
        if scene not in known.queued
        and not is_given_up(scenes[scene], known.buried.get(scene), queue.clock.now())
    ]
    result.unconfirmed_count += len(fresh)
    result.enqueued_count += put(queue, [*chosen, *fresh])
    return frozenset((*chosen, *fresh))


def put(queue: SyncQueue, scenes: Sequence[SceneId]) -> int:
    """Put scenes behind the saves; return how many did not wait there already."""
    return queue.put((JobKey("scene", scene) for scene in scenes), "bulk")


def is_hopeless(gap: GapResult, known: Standing, now: float) -> bool:
    """Whether trying a gap again now would fail as before.

    A scene that rests gets a job when Plex shows its file, unless it may have another one by now.
    """
    if gap.gap_type == "missing" and gap.scene_id in known.parked:
        return not _changed_since(gap.scene_data, known.parked[gap.scene_id])
    burial = known.buried.get(gap.scene_id)
    if burial is not None and burial.cause == AmbiguousMatch.__name__:
        return False  # of one that is still ambiguous there would be no gap
    return is_given_up(gap.scene_data, burial, now)


def is_given_up(scene: Scene, burial: Burial | None, now: float) -> bool:
    """Whether a dead letter stays one.

    It is tried again when the scene has changed, and otherwise once a day if the cause may have
    passed.
    """
    if burial is None or _changed_since(scene, burial.at):
        return False
    return cause_of(burial.cause).failure == "permanent" or now - burial.at < DAY


def _changed_since(scene: Scene, then: float) -> bool:
    changed = seconds_of(scene.updated_at)
    return changed is not None and changed > then

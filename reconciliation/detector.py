"""What counts as a gap: pure decisions about scenes, without asking anybody."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from domain.job import SceneId
from domain.plex_item import Value
from domain.scene import Scene
from stash.queries import seconds_of

GapType = Literal["empty_metadata", "stale_sync", "missing"]

DESCRIBED_BY = ("studio", "performers", "tags", "summary", "date")
"""Our names of the fields of which an item must show one, or it is empty."""


@dataclass(frozen=True, slots=True)
class GapResult:
    """One scene that Plex does not show as Stash says.

    Attributes:
        scene_data: the scene as it was read.
        reason: for the log and the report.
    """

    scene_id: SceneId
    gap_type: GapType
    scene_data: Scene
    reason: str


def has_meaningful_metadata(data: Scene | Mapping[str, Value]) -> bool:
    """Whether a scene, or what an item shows by our field names, is described at all."""
    if isinstance(data, Scene):
        return data.has_metadata
    return any(data.get(name) for name in DESCRIBED_BY)


class GapDetector:
    """Finds the three kinds of gaps among scenes; a scene without a file or a word has none."""

    def detect_empty_metadata(
        self,
        stash_scenes: Sequence[Scene],
        plex_items_metadata: Mapping[SceneId, Mapping[str, Value]],
    ) -> list[GapResult]:
        """Scenes that are described, and whose item shows nothing of that.

        Args:
            plex_items_metadata: what the items show of which nothing is confirmed; a scene
                whose item was confirmed since it changed is absent: its emptiness was wanted.
        """
        return [
            GapResult(scene.id, "empty_metadata", scene, "Plex shows nothing of it")
            for scene in stash_scenes
            if scene.id in plex_items_metadata
            and has_meaningful_metadata(scene)
            and not has_meaningful_metadata(plex_items_metadata[scene.id])
        ]

    def detect_stale_syncs(
        self,
        stash_scenes: Sequence[Scene],
        sync_timestamps: Mapping[SceneId, float],
        differing: Collection[SceneId] = (),
    ) -> list[GapResult]:
        """Scenes that changed after the version that Plex is known to show.

        Args:
            sync_timestamps: Unix seconds of that version by Stash's clock; a scene of which
                nothing is known is absent.
            differing: scenes whose content is not what Plex shows, whatever their times: a
                renamed tag does not move them.
        """
        gaps: list[GapResult] = []
        for scene in stash_scenes:
            if scene.id in differing:
                gaps.append(GapResult(scene.id, "stale_sync", scene, "Plex shows something else"))
            elif scene.id in sync_timestamps:
                changed = seconds_of(scene.updated_at)
                if changed is not None and changed > sync_timestamps[scene.id]:
                    reason = "it changed in Stash after it was synced"
                    gaps.append(GapResult(scene.id, "stale_sync", scene, reason))
        return gaps

    def detect_missing(
        self,
        stash_scenes: Sequence[Scene],
        sync_timestamps: Mapping[SceneId, float],
        matched_paths: Collection[str],
    ) -> list[GapResult]:
        """Scenes with no item in Plex.

        Args:
            sync_timestamps: of items that are there; such a scene is not missing.
            matched_paths: Stash's paths of files that Plex has.
        """
        return [
            GapResult(scene.id, "missing", scene, "Plex has none of its files")
            for scene in stash_scenes
            if scene.files
            and scene.id not in sync_timestamps
            and not any(file.path in matched_paths for file in scene.files)
        ]

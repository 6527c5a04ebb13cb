"""What a reconciliation has found, in numbers."""

from dataclasses import dataclass, field

from domain.errors import Stash2PlexError


@dataclass(slots=True)
class GapDetectionResult:
    """What a run has found; a scene is counted as one gap at most.

    Attributes:
        skipped_already_queued: gaps whose scene has a job already.
        errors: what kept the run from looking at everything; empty if it did.
        skipped_no_metadata: scenes that nobody has described, or that have no file.
        skipped_given_up: gaps among the dead letters that have not changed since; and among
            those that rest because Plex does not have them.
        gone_count: scenes that were synced and are no longer in Stash; they are enqueued too, so
            that what is remembered of them is forgotten.
        is_complete: whether the run came to its end.
        failure: what ended it before; also the last of *errors*.
        unconfirmed_count: scenes that Plex shows as Stash says although nothing is remembered of
            them; they are enqueued too, so that their posters are looked at, and so are those
            of which paths do not tell which file in Plex is theirs.
    """

    empty_metadata_count: int = 0
    stale_sync_count: int = 0
    missing_count: int = 0
    total_gaps: int = 0
    enqueued_count: int = 0
    skipped_already_queued: int = 0
    scenes_checked: int = 0
    errors: list[str] = field(default_factory=list)
    skipped_no_metadata: int = 0
    skipped_given_up: int = 0
    unconfirmed_count: int = 0
    gone_count: int = 0
    is_complete: bool = False
    failure: Stash2PlexError | None = None

"""The buttons: run a reconciliation now, and say what it found."""

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from domain.clock import Clock, SystemClock
from reconciliation import engine
from reconciliation.engine import GapDetectionResult
from reconciliation.scheduler import ReconciliationScheduler
from stash.client import StashClient
from sync_queue.manager import QueueManager, SyncQueue
from validation.config import Stash2PlexConfig

log = logging.getLogger(__name__)

LABELS = {
    "all": "all scenes",
    "recent": "recent scenes (last 24 hours)",
    "recent_7days": "recent scenes (last 7 days)",
    "missing_metadata": "scenes of which Plex shows nothing",
}

ERRORS = 10  # that are told one by one

BUSY = "a reconciliation is running already"


def reconcile(
    scope: str,
    stash: StashClient | None,
    config: Stash2PlexConfig | None,
    manager: QueueManager | None,
    on_progress: Callable[[float], None] = lambda _: None,
) -> str:
    """Find gaps, enqueue them, and log the summary; processes none of them.

    Args:
        scope: as GapDetectionEngine.run takes it, or "missing_metadata".
        manager: None only counts, in a folder that is thrown away.

    Returns:
        One sentence.

    Raises:
        Stash2PlexError: what ended the run before it had looked at anything.
    """
    if stash is None or config is None:
        what = "Stash connection" if stash is None else "config"
        log.error("No %s available for reconciliation", what)
        return "nothing was reconciled"
    if manager is None:
        log.warning("No queue available - running in detection-only mode")
        with TemporaryDirectory() as nowhere:
            return _reconcile(scope, stash, config, QueueManager(nowhere), None, on_progress)
    return _reconcile(scope, stash, config, manager, manager.get_queue(), on_progress)


def _reconcile(
    scope: str,
    stash: StashClient,
    config: Stash2PlexConfig,
    manager: QueueManager,
    queue: SyncQueue | None,
    on_progress: Callable[[float], None],
) -> str:
    scheduler = ReconciliationScheduler(manager.folder, clock=manager.clock)
    with scheduler.claim() as ours:
        if not ours:
            log.warning(BUSY)
            return BUSY
        log.info("Starting reconciliation: %s", LABELS[scope])
        only_empty = scope == "missing_metadata"
        result = engine.GapDetectionEngine(
            stash=stash,
            config=config,
            data_dir=manager.folder,
            queue=queue,
            on_progress=on_progress,
            only_empty=only_empty,
        ).run(scope="all" if only_empty else scope)
        if result.is_complete and not only_empty:
            scheduler.record_run(result, scope=scope)
        else:  # nobody waits for a button to be pressed again
            scheduler.forget_claim()
    if result.failure is not None and not result.scenes_checked:
        log.error("Reconciliation failed: %s", result.failure)
        raise result.failure
    for line in summary(result, enqueues=queue is not None):
        log.info("%s", line)
    if result.failure is not None:
        tell_errors(result.errors[:-1])
        log.error("Reconciliation failed: %s", result.failure)
        return f"stopped early: {result.failure}"
    tell_errors(result.errors)
    then = "; the background brings them to Plex" if result.enqueued_count else ""
    return (
        f"{result.total_gaps} gaps found in {result.scenes_checked} scenes, "
        f"{result.enqueued_count} enqueued{then}"
    )


def summary(result: GapDetectionResult, *, enqueues: bool) -> Iterator[str]:
    """What a run has found, line by line."""
    yield "=== Reconciliation Summary ==="
    yield f"Scenes checked: {result.scenes_checked}"
    yield f"Gaps found: {result.total_gaps}"
    yield f"  Empty metadata: {result.empty_metadata_count}"
    yield f"  Stale sync: {result.stale_sync_count}"
    yield f"  Missing from Plex: {result.missing_count}"
    if result.skipped_no_metadata:
        yield f"Not described, or without a file: {result.skipped_no_metadata}"
    if not enqueues:
        yield "Detection-only mode (no items enqueued)"
        return
    yield f"Enqueued: {result.enqueued_count}"
    if result.skipped_already_queued:
        yield f"Skipped (already queued): {result.skipped_already_queued}"
    if result.skipped_given_up:
        yield f"Skipped (given up or not in Plex, and unchanged since): {result.skipped_given_up}"
    if result.gone_count:
        yield f"Synced once and no longer in Stash: {result.gone_count}"
    if result.unconfirmed_count:
        yield f"Enqueued to be confirmed (of unknown origin): {result.unconfirmed_count}"


def tell_errors(errors: Sequence[str]) -> None:
    """Log what kept a run from looking at everything."""
    for error in errors[:ERRORS]:
        log.warning("Error during reconciliation: %s", error)
    if (more := len(errors) - ERRORS) > 0:
        log.warning("Error during reconciliation: %d more of that kind", more)


def status_lines(data_dir: Path, interval: str, clock: Clock | None = None) -> Iterator[str]:
    """What View Queue Status says of reconciliations.

    Args:
        interval: the setting; "" if it is not known.
    """
    state = ReconciliationScheduler(data_dir, clock=clock or SystemClock()).load_state()
    yield "=== Reconciliation Status ==="
    if interval == "never":
        yield (
            "Automatic runs are off: what Stash does not announce waits for a manual run; "
            "only deleted tags, performers, studios and groups are followed"
        )
    if not state.last_run_time:
        yield "No reconciliation runs yet"
        return
    last = datetime.fromtimestamp(state.last_run_time, UTC).astimezone()
    yield f"Last run: {last:%Y-%m-%d %H:%M:%S}"
    yield f"Scope: {state.last_run_scope}"
    yield f"Scenes checked: {state.last_scenes_checked}"
    yield f"Gaps found: {state.last_gaps_found}"
    if gaps := state.last_gaps_by_type:
        yield f"  Empty metadata: {gaps.get('empty_metadata', 0)}"
        yield f"  Stale sync: {gaps.get('stale_sync', 0)}"
        yield f"  Missing from Plex: {gaps.get('missing', 0)}"
    yield f"Enqueued: {state.last_enqueued}"
    if state.is_startup_run:
        yield "(Triggered by startup)"
    yield f"Total reconciliation runs: {state.run_count}"

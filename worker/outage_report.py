"""What is said of outages: the report, the status sections, and the recovery of their jobs."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from domain.clock import Clock
from stash.client import StashClient
from sync_queue.dlq import DeadLetterQueue
from sync_queue.dlq_recovery import (
    get_error_types_for_recovery,
    get_outage_dlq_entries,
    recover_outage_jobs,
)
from sync_queue.manager import QueueManager
from sync_queue.outages import rearm_outage
from validation.config import Stash2PlexConfig
from worker.circuit_breaker import CircuitBreaker
from worker.outage_history import (
    OutageHistory,
    OutageRecord,
    calculate_outage_metrics,
    format_duration,
    format_elapsed_since,
)
from worker.plex_watch import PROBES
from worker.recovery import RecoveryScheduler
from worker.services import connect

log = logging.getLogger(__name__)

LATEST = 10  # outages that the report lists
IN_STATUS = 3

NO_HISTORY = "No outages recorded"


def outage_summary(manager: QueueManager) -> str:
    """Write the report to the log; return it in one sentence."""
    history = OutageHistory(manager.folder).get_history()
    log.info("=== Outage Summary Report ===")
    if not history:
        log.info(NO_HISTORY)
        return NO_HISTORY
    metrics = calculate_outage_metrics(history)
    log.info("Outages: %d", metrics["outage_count"])
    log.info("Total downtime: %s", format_duration(metrics["total_downtime"]))
    log.info("Mean time to recovery (MTTR): %s", format_duration(metrics["mttr"]))
    if metrics["mtbf"]:
        log.info("Mean time between failures (MTBF): %s", format_duration(metrics["mtbf"]))
    availability = ""
    if metrics["mtbf"]:  # of one outage nobody knows how long Plex works without one
        availability = f", {metrics['availability']:.2f}% availability"
        log.info("Availability: %.2f%%", metrics["availability"])
    log.info("Latest outages:")
    for record in reversed(history[-LATEST:]):
        log.info("  %s", told(record, manager.clock.now()))
    ongoing, now = "", manager.clock.now()
    if history[-1].ended_at is None:
        ongoing = f"; one is ongoing for {format_duration(now - history[-1].started_at)}"
    outages = metrics["outage_count"]
    return (
        f"{outages} outage{'s' * (outages != 1)}, {format_duration(metrics['total_downtime'])} of "
        f"downtime{availability}{ongoing}"
    )


def told(record: OutageRecord, now: float) -> str:
    """One outage in one line."""
    started = f"{datetime.fromtimestamp(record.started_at, UTC).astimezone():%Y-%m-%d %H:%M:%S}"
    if record.ended_at is None:
        return f"{started}: ONGOING for {format_duration(now - record.started_at)}"
    jobs = f", {record.jobs_affected} jobs affected" if record.jobs_affected else ""
    return f"{started}: {format_duration(record.duration or 0.0)}{jobs}"


def breaker_line(breaker: CircuitBreaker | None, folder: Path, now: float) -> str:
    """The breaker's state, and since when Plex is away; None if its file makes no sense."""
    if breaker is None:
        return "Circuit breaker: UNKNOWN"
    line = f"Circuit breaker: {breaker.peek().value.upper()}"
    outage = OutageHistory(folder).get_current_outage()
    if not breaker.is_closed and outage is not None:
        line += f" (opened {format_elapsed_since(outage.started_at, now)})"
    return line


def status_lines(folder: Path, clock: Clock, probe_in: float) -> Iterator[str]:
    """What View Queue Status says of outages.

    Args:
        probe_in: seconds until an open breaker lets Plex be asked again; 0.0 if it does now.
    """
    now = clock.now()
    state = RecoveryScheduler(folder, clock=clock).load_state()
    yield "=== Recovery ==="
    if state.last_check_time:
        yield f"Last check: {format_elapsed_since(state.last_check_time, now)}"
    if probe_in:
        yield f"Next check: in {format_duration(min(PROBES[1], probe_in))} at the latest"
    if state.last_recovery_time:
        yield f"Last recovery: {format_elapsed_since(state.last_recovery_time, now)}"
    yield f"Recoveries: {state.recovery_count}"
    history = OutageHistory(folder).get_history()
    yield "=== Recent Outages ==="
    if not history:
        yield NO_HISTORY
    for record in reversed(history[-IN_STATUS:]):
        yield told(record, now)


def recover(config: Stash2PlexConfig, stash: StashClient, manager: QueueManager) -> str:
    """Give what the last completed outage held up another chance at once.

    Raises:
        UserError, QueueUnusable, QueueBusy.
    """
    history = OutageHistory(manager.folder).get_history()
    completed = [record for record in history if record.ended_at is not None]
    if not history:
        return f"{NO_HISTORY}: nothing to recover"
    if not completed:
        return "No outage is over yet: its jobs are processed by themselves when Plex is back"
    last = completed[-1]
    dlq = DeadLetterQueue(manager)
    types = get_error_types_for_recovery()
    entries = get_outage_dlq_entries(dlq, last.started_at, last.ended_at or 0.0, types)
    services = connect(config, stash, manager)
    try:
        result = recover_outage_jobs(entries, services.queue, stash, services.plex, manager.folder)
        rearmed = 0 if result.plex_is_down else rearm_outage(services.queue, last.id)
    finally:
        services.close()
    log.info("%s", result)
    if result.plex_is_down:
        return f"Plex cannot be asked, so nothing is recovered yet; {result}"
    if not entries and not rearmed:
        return "Nothing to recover: what the last outage held up is done, or was edited since"
    waiting = f"{rearmed} waiting job{'s' * (rearmed != 1)} of the last outage"
    return f"{waiting} made due at once; {result}"

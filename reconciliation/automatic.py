"""The reconciliation that nobody asks for: whether one is due, and running it in the background."""

import logging
from collections.abc import Callable

from reconciliation import engine
from reconciliation.scheduler import SCOPE_MAP, ReconciliationScheduler
from reconciliation.task import tell_errors
from sync_queue.due import (
    GONE,
    is_comparison_due,
    put_off_comparison,
    reconciliation_done,
    word_of_loss,
)
from worker.services import Services

log = logging.getLogger(__name__)

BUSY = 30.0  # seconds until a comparison is tried again that another run kept waiting


Due = tuple[ReconciliationScheduler, str, bool]
"""What run takes: the scheduler, the scope as the setting calls it, whether it is a start-up."""


def what_is_due(services: Services, *, was_quiet: bool) -> Due | None:
    """What is to be run now; None if nothing is. Costs a look into one small file.

    Args:
        was_quiet: whether nobody has invoked the plugin for an hour before this process, which
            is as near as a plugin gets to noticing that Stash has started.
    """
    config = services.config
    if is_comparison_due(services.folder, services.clock.now()):
        log.info("Auto-reconciliation: a tag, performer, studio or group was deleted")
        return ReconciliationScheduler(services.folder, clock=services.clock), "all", False
    if config.reconcile_interval == "never":
        return None
    scheduler = ReconciliationScheduler(services.folder, clock=services.clock)
    # The interval first: start-ups would otherwise always win, with a scope of their own.
    if scheduler.is_due(config.reconcile_interval):
        log.info(
            "Auto-reconciliation: interval trigger (%s, scope: %s)",
            config.reconcile_interval, config.reconcile_scope,
        )  # fmt: skip
        return scheduler, config.reconcile_scope, False
    if (was_quiet or scheduler.was_cut_short()) and scheduler.is_startup_due():
        log.info("Auto-reconciliation: startup trigger (recent scenes)")
        return scheduler, "24h", True
    return None


def run(
    scheduler: ReconciliationScheduler,
    scope: str,
    is_startup: bool,
    services: Services,
    between: Callable[[], bool],
) -> None:
    """Reconcile and remember the result; a run that is not through is due again soon.

    Args:
        scope: as the setting calls it.
        between: called between two pages; False ends the run.
    """
    with scheduler.claim() as ours:
        if not ours:  # of a button's run nobody knows when it began
            put_off_comparison(services.folder, services.clock.now(), BUSY)
            return
        put_off_comparison(services.folder, services.clock.now())
        put_off = word_of_loss(services.folder, GONE)
        result = engine.GapDetectionEngine(
            stash=services.stash,
            config=services.config,
            data_dir=services.folder,
            queue=services.queue,
            services=services,
            between=between,
        ).run(scope=SCOPE_MAP[scope])
        tell_errors(result)
        if result.is_complete:
            label = "recent (startup)" if is_startup else scope
            scheduler.record_run(result, scope=label, is_startup=is_startup)
            if scope == "all" and put_off is not None:
                reconciliation_done(services.folder, put_off, GONE)
    log.info(
        "Auto-reconciliation %s: %d gaps found, %d enqueued",
        "complete" if result.is_complete else "ended early",
        result.total_gaps, result.enqueued_count,
    )  # fmt: skip

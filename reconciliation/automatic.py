"""The reconciliation that nobody asks for: whether one is due, and running it in the background."""

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from domain.errors import Stash2PlexError
from reconciliation import engine
from reconciliation.scheduler import SCOPE_MAP, ReconciliationScheduler
from reconciliation.task import tell_errors
from sync_queue.due import LONGEST_HOLD, hold_comparison, is_comparison_due
from worker.services import Services

log = logging.getLogger(__name__)

# Seconds until all scenes may be compared again because something was deleted:
AFTER_ANOTHER = 30.0  # of whose run nobody knows when it began
AFTER_A_FAILURE = 600.0
AFTER_ONE = LONGEST_HOLD  # or who tidies up tags would have it compared all day


Due = tuple[ReconciliationScheduler, str, bool]
"""What run takes: the scheduler, the scope as the setting calls it, whether it is a start-up."""


class _Trigger(NamedTuple):
    scope: str
    is_startup: bool
    line: str
    is_for_gone: bool = False


def what_is_due(services: Services, *, was_quiet: bool) -> Due | None:
    """What is to be run now; None if nothing is. Costs a look into one small file.

    Args:
        was_quiet: whether nobody has invoked the plugin for an hour before this process, which
            is as near as a plugin gets to noticing that Stash has started.
    """
    scheduler = ReconciliationScheduler(services.folder, clock=services.clock)
    trigger = _trigger(scheduler, services, was_quiet=was_quiet)
    return None if trigger is None else (scheduler, trigger.scope, trigger.is_startup)


def _trigger(
    scheduler: ReconciliationScheduler, services: Services, *, was_quiet: bool
) -> _Trigger | None:
    interval, scope = services.config.reconcile_interval, services.config.reconcile_scope
    # The interval first: start-ups would otherwise always win, with a scope of their own.
    if scheduler.is_due(interval):
        return _Trigger(scope, False, f"interval trigger ({interval}, scope: {scope})")
    if is_comparison_due(services.folder, services.clock.now()):
        line = "a tag, performer, studio or group was deleted"
        return _Trigger("all", False, line, is_for_gone=True)
    if interval == "never":
        return None
    if (was_quiet or scheduler.was_cut_short()) and scheduler.is_startup_due():
        return _Trigger("24h", True, "startup trigger (recent scenes)")
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
    trigger: _Trigger | None = None

    def is_still_due() -> bool:
        """Another process may have run it since somebody looked."""
        nonlocal trigger
        trigger = _trigger(scheduler, services, was_quiet=is_startup)
        return trigger is not None and trigger[:2] == (scope, is_startup)

    with scheduler.claim(is_still_due) as ours:
        if not ours or trigger is None:
            if is_comparison_due(services.folder, services.clock.now()):
                _hold(services, AFTER_ANOTHER)
            return
        log.info("Auto-reconciliation: %s", trigger.line)
        if trigger.is_for_gone:
            _hold(services, AFTER_A_FAILURE)
        result = engine.GapDetectionEngine(
            stash=services.stash,
            config=services.config,
            data_dir=services.folder,
            queue=services.queue,
            services=services,
            between=between,
            thorough=not trigger.is_for_gone,
        ).run(scope=SCOPE_MAP[scope])
        tell_errors(result.errors)
        if result.is_complete:
            label = "recent (startup)" if is_startup else scope
            scheduler.record_run(result, scope=label, is_startup=is_startup)
            if trigger.is_for_gone:
                _hold(services, AFTER_ONE)
    log.info(
        "Auto-reconciliation %s: %d gaps found, %d enqueued",
        "complete" if result.is_complete else "ended early",
        result.total_gaps, result.enqueued_count,
    )  # fmt: skip


def run_if_due(
    services: Services,
    between: Callable[[], bool],
    run: Callable[[Due, Services, Callable[[], bool]], None],
    guarded: Callable[..., Mapping[str, object]],
    *,
    was_quiet: bool,
) -> None:
    """Run what is due; a bug in that is told, and does not end the life of the background.

    What is foreseen is raised, and so is a bug in the drain between two pages: the scene at work
    is charged with it.

    Args:
        run: as run here; what is due comes in one piece.
        guarded: as in the entrypoint, the one place that catches everything.
    """
    due: Due | None = None
    of_the_drain: list[Exception] = []

    def check() -> None:
        nonlocal due
        due = what_is_due(services, was_quiet=was_quiet)

    def drain() -> bool:
        try:
            return between()
        except Exception as error:
            of_the_drain.append(error)
            raise

    def is_for_others(error: Exception) -> bool:
        return isinstance(error, Stash2PlexError) or error in of_the_drain

    if bug := guarded(check, passing=is_for_others).get("error"):
        log.warning("Auto-reconciliation check failed: %s", bug)
    if due is None:
        return
    if bug := guarded(run, due, services, drain, passing=is_for_others).get("error"):
        log.warning("Auto-reconciliation failed: %s", bug)


def _hold(services: Services, seconds: float) -> None:
    hold_comparison(services.folder, services.clock.now() + seconds)

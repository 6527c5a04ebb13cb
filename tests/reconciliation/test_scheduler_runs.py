"""What is remembered of a reconciliation, and when its interval begins."""

from reconciliation.engine import GapDetectionResult
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
from tests.reconciliation.due import FOUND
from tests.world import FrozenClock

HOUR, DAY = 3600.0, 86_400.0  # seconds


def test_rpt_01_it_remembers_when_what_was_found_and_what_was_enqueued(
    scheduler: ReconciliationScheduler, clock: FrozenClock
) -> None:
    scheduler.record_run(FOUND, scope="7days")

    assert scheduler.load_state() == ReconciliationState(
        last_run_time=clock.now(),
        last_run_scope="7days",
        last_gaps_found=7,
        last_gaps_by_type={"empty_metadata": 1, "stale_sync": 2, "missing": 4},
        last_enqueued=5,
        last_scenes_checked=900,
        is_startup_run=False,
        run_count=1,
        last_interval_run_time=clock.now(),
    )


def test_each_run_is_counted_and_only_the_last_is_known(scheduler: ReconciliationScheduler) -> None:
    scheduler.record_run(FOUND, "all", is_startup=True)
    scheduler.record_run(FOUND, "24h")
    scheduler.record_run(GapDetectionResult(is_complete=True), "7days")

    state = scheduler.load_state()
    assert (state.run_count, state.last_run_scope) == (3, "7days")
    assert (state.last_gaps_found, state.last_enqueued, state.last_scenes_checked) == (0, 0, 0)
    assert state.last_gaps_by_type == {"empty_metadata": 0, "stale_sync": 0, "missing": 0}
    assert not state.is_startup_run


def test_auto_01_any_run_but_that_of_a_startup_begins_the_interval(
    scheduler: ReconciliationScheduler, clock: FrozenClock
) -> None:
    scheduler.record_run(FOUND, "all")
    clock.move(DAY - 1)
    scheduler.record_run(FOUND, "recent")

    clock.move(1)
    assert not scheduler.is_due("daily")
    clock.move(DAY - 1)
    assert scheduler.is_due("daily")


def test_auto_02_a_run_at_startup_does_not_begin_the_interval(
    scheduler: ReconciliationScheduler, clock: FrozenClock
) -> None:
    scheduler.record_run(FOUND, "all")
    for _ in range(3):
        clock.move(7 * HOUR)
        scheduler.record_run(FOUND, "recent (startup)", is_startup=True)
        assert not scheduler.is_due("daily")
        assert not scheduler.is_startup_due()

    clock.move(3 * HOUR)
    assert scheduler.is_due("daily")


def test_a_run_at_startup_keeps_the_interval_that_an_older_version_has_begun(
    scheduler: ReconciliationScheduler, clock: FrozenClock
) -> None:
    """Its file has no last_interval_run_time."""
    scheduler.save_state(ReconciliationState(last_run_time=clock.now(), run_count=9))
    clock.move(20 * HOUR)

    scheduler.record_run(FOUND, "recent (startup)", is_startup=True)

    clock.move(4 * HOUR - 1)
    assert not scheduler.is_due("daily")
    clock.move(1)
    assert scheduler.is_due("daily")


def test_a_run_at_startup_that_is_the_first_of_all_leaves_the_interval_due(
    scheduler: ReconciliationScheduler,
) -> None:
    scheduler.record_run(FOUND, "recent (startup)", is_startup=True)

    assert scheduler.is_due("weekly")


def test_auto_01_the_interval_begins_when_its_run_begins(
    scheduler: ReconciliationScheduler, clock: FrozenClock
) -> None:
    """Or hooks on the hour would have an hourly run every other hour."""
    with scheduler.claim():
        clock.move(30)
        scheduler.record_run(FOUND, "all")

    clock.move(HOUR - 30)
    assert scheduler.is_due("hourly")

"""Settings, states, results and moments of reconciliations that nobody asks for."""

from collections.abc import Callable

from reconciliation.engine import GapDetectionResult
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
from tests.servers.stash import Request
from tests.world import FrozenClock, World

FOUND = GapDetectionResult(
    empty_metadata_count=1,
    stale_sync_count=2,
    missing_count=4,
    total_gaps=7,
    enqueued_count=5,
    scenes_checked=900,
    is_complete=True,
)
"""What a run has found that came to its end."""


def wants(world: World, interval: str, scope: str = "all") -> None:
    world.stash.settings |= {"reconcile_interval": interval, "reconcile_scope": scope}


def scheduler(world: World) -> ReconciliationScheduler:
    return ReconciliationScheduler(world.data_dir)


def state(world: World) -> ReconciliationState:
    return scheduler(world).load_state()


def has_run(world: World, seconds_ago: float, clock: FrozenClock) -> None:
    """An automatic run came to its end then, whatever its scope."""
    then = clock.now() - seconds_ago
    scheduler(world).save_state(
        ReconciliationState(
            last_run_time=then, last_run_scope="all", run_count=1, last_interval_run_time=then
        )
    )


def walks(world: World) -> int:
    """How many pages of scenes Stash was asked for."""
    return sum("query Walk" in request.text for request in world.stash.requests)


def at_page(world: World, number: int, do: Callable[[], object]) -> None:
    """Let something happen before a certain page is answered."""

    def watch(request: Request) -> None:
        if "query Walk" in request.text and walks(world) == number:
            do()

    world.stash.before_answer = watch


def titles(world: World, *scenes: int) -> list[str]:
    return [world.shown(scene)["title"] for scene in scenes]

"""View Queue Status: everything a user asks, in the log and as a document, and nothing touched."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.causes import CAUSES
from domain.errors import QueueUnusable
from domain.job import SceneId
from sync_queue import host
from sync_queue.clearing import clear_dead_letters, count_clearings
from sync_queue.due import mark_reconciliation_due
from tests.sync_queue.states import be_everywhere, contents, give_up
from tests.sync_queue.store import Store
from tests.worker.stage import EventfulClock
from worker.circuit_breaker import CircuitBreaker
from worker.outage_history import OutageHistory
from worker.plex_watch import BREAKER
from worker.stats import FILE, SyncStats
from worker.status import Status, as_document, lines, read_status

NO_OUTAGE = ("=== Recovery ===", "Recoveries: 0", "=== Recent Outages ===", "No outages recorded")

EMPTY = [
    "=== Queue Status ===",
    "Pending: 0",
    "Due now: 0",
    "In progress: 0",
    "Waiting for retry: 0",
    "Not in Plex: 0",
    "Estimated time left: 0 s for 0 items (default: 2 s per item)",
    "=== Background Process ===",
    "Not running, and nothing is due",
    "Circuit breaker: CLOSED",
    *NO_OUTAGE,
    "=== Dead Letter Queue ===",
    "Empty",
]

NEXT_STEP = CAUSES["PlexTemporaryError"].next_step


@pytest.fixture
def store(tmp_path: Path, clock: EventfulClock) -> Iterator[Store]:
    with Store(tmp_path / "stash2plex", clock) as store:
        store.folder.mkdir()
        yield store


@pytest.fixture
def busy(store: Store, clock: EventfulClock) -> Store:
    """A scene in every state, and the first of them at work for five seconds."""
    be_everywhere(store)
    clock.move(5)
    return store


def status(store: Store, **options: Any) -> Status:
    return read_status(store.folder, store.clock, **options)


def told(store: Store, **options: Any) -> list[str]:
    return list(lines(status(store, **options)))


def document(store: Store) -> dict[str, Any]:
    return as_document(status(store))


def test_an_installation_that_was_never_used_is_empty(tmp_path: Path, clock: EventfulClock) -> None:
    assert list(lines(read_status(tmp_path / "not there", clock))) == EMPTY


def test_what_hooks_have_recorded_is_told_before_the_first_drain(store: Store) -> None:
    store.event(1, 2)

    assert told(store)[1:4] == ["Pending: 2", "Due now: 2", "In progress: 0"]
    assert document(store)["pending"] == 2


def test_every_state_is_told(busy: Store) -> None:
    assert told(busy) == [
        "=== Queue Status ===",
        "Pending: 2",
        "Due now: 2",
        "In progress: 1 (scene 1 for 5 s)",
        "Waiting for retry: 1 (the next is due in 55 s)",
        "Not in Plex: 1",
        "Estimated time left: 4 s for 2 items (default: 2 s per item)",
        "=== Background Process ===",
        "Not running although something is due: the next event or task starts it",
        "Circuit breaker: CLOSED",
        *NO_OUTAGE,
        "=== Dead Letter Queue ===",
        "Dead letters: 1",
        f"  PlexTemporaryError: 1 (temporary): {NEXT_STEP}",
        "The newest 1:",
        "  scene 4: it fails (PlexTemporaryError, attempts: 5)",
    ]


def test_the_document_says_the_same_for_programs(busy: Store) -> None:
    now = busy.clock.now()
    assert document(busy) == {
        "pending": 2,
        "in_progress": 1,
        "waiting": 1,
        "parked": 1,
        "previewed": 0,
        "failed": 1,
        "spooled": 0,
        "due": 2,
        "next_retry_at": now + 55,
        "at_work": 1,
        "at_work_since": now - 5,
        "draining": False,
        "helpless": "",
        "circuit_breaker": "closed",
        "probe_in": 0.0,
        "lost_events": False,
        "seconds_per_item": 2.0,
        "seconds_per_item_is_measured": False,
        "seconds_left": 4.0,
        "clearings": 0,
        "dead_letters": {
            "PlexTemporaryError": {"count": 1, "failure": "temporary", "next_step": NEXT_STEP}
        },
        "newest_dead_letters": [
            {
                "scene": 4,
                "cause": "PlexTemporaryError",
                "reason": "it fails",
                "attempts": 5,
                "first_at": now - 5,
                "buried_at": now - 5,
                "outage_id": None,
                "title": "",
                "next_step": NEXT_STEP,
            }
        ],
    }


def test_the_document_is_the_same_after_a_journey_as_json(busy: Store) -> None:
    found = document(busy)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_looking_touches_no_job_and_no_file(busy: Store) -> None:
    status(busy)
    (busy.folder / BREAKER).write_bytes(b"damaged")
    (busy.folder / "background.json").write_bytes(b"damaged")
    before = {str(f): f.read_bytes() for f in busy.folder.rglob("*") if f.is_file()}
    jobs = contents(busy)

    status(busy)

    assert {str(f): f.read_bytes() for f in busy.folder.rglob("*") if f.is_file()} == before
    assert contents(busy) == jobs


def test_a_retry_that_is_overdue_is_due_in_no_time(busy: Store, clock: EventfulClock) -> None:
    clock.move(60)
    assert "Due now: 3" in told(busy)
    assert "Waiting for retry: 1 (the next is due in 0 s)" in told(busy)


def test_what_is_spooled_and_lost_is_told(store: Store) -> None:
    (store.folder / "spool").mkdir()
    (store.folder / "spool" / "1.json").touch()
    mark_reconciliation_due(store.folder)
    assert told(store)[1] == "Pending: 1"
    assert "In the spool, because the database could not be written: 1" in told(store)
    assert "Events were lost: all scenes will be checked" in told(store)
    assert (document(store)["spooled"], document(store)["lost_events"]) == (1, True)


def test_what_was_cleared_can_be_undone(busy: Store) -> None:
    clear_dead_letters(busy.queue)
    assert "Clearings that can be undone: 1" in told(busy)
    assert count_clearings(busy.queue) == document(busy)["clearings"] == 1


def test_a_measured_speed_is_told_and_reckoned_with(busy: Store) -> None:
    SyncStats(10, 5.0).save_to_file(busy.folder / FILE)

    assert "Throughput: 2.0 items/sec" in told(busy)
    assert "Estimated time left: 1 s for 2 items (measured: 0.5 s per item)" in told(busy)
    assert document(busy)["seconds_per_item_is_measured"]


@pytest.mark.parametrize("jobs", [0, 4])
def test_a_speed_that_is_hardly_measured_is_not_told(busy: Store, jobs: int) -> None:
    SyncStats(jobs, jobs / 2).save_to_file(busy.folder / FILE)

    assert not [line for line in told(busy) if line.startswith("Throughput")]


def test_a_process_that_drains_is_told(busy: Store) -> None:
    (busy.folder / "background.json").write_text('{"why": "of the one before"}')
    lock = host.try_lock(str(busy.folder / "drain.lock"))
    assert lock is not None

    found = status(busy)
    host.unlock(lock)

    assert "Running" in list(lines(found))
    assert (found.is_draining, found.helpless) == (True, "")


def test_why_only_the_user_can_help_is_told(busy: Store) -> None:
    (busy.folder / "background.json").write_text('{"why": "Plex refused the token"}')

    assert "Not running, because only you can help: Plex refused the token" in told(busy)
    assert document(busy)["helpless"] == "Plex refused the token"


@pytest.mark.parametrize(
    ("seconds", "line", "state", "probe_in"),
    [
        (0, "Circuit breaker: OPEN (opened 0s ago)", "open", 60),
        (59, "Circuit breaker: OPEN (opened 59s ago)", "open", 1),
        (60, "Circuit breaker: HALF_OPEN (opened 1m 0s ago)", "half_open", 0),
    ],
)
def test_an_open_breaker_is_told_with_the_time_since_when_it_is(
    store: Store, clock: EventfulClock, seconds: float, line: str, state: str, probe_in: float
) -> None:
    outages = OutageHistory(store.folder)
    breaker = CircuitBreaker(state_file=store.folder / BREAKER, outage_history=outages, clock=clock)
    for _ in range(5):
        breaker.record_failure()
    clock.move(seconds)
    content = (store.folder / BREAKER).read_bytes()

    assert line in told(store)

    found = document(store)
    assert (found["circuit_breaker"], found["probe_in"]) == (state, probe_in)
    assert (store.folder / BREAKER).read_bytes() == content


def test_a_breaker_whose_file_makes_no_sense_is_unknown_and_the_file_stays(store: Store) -> None:
    (store.folder / BREAKER).write_text('{"state": "ajar"}')

    assert "Circuit breaker: UNKNOWN" in told(store)

    assert document(store)["circuit_breaker"] == "unknown"
    assert (store.folder / BREAKER).read_text() == '{"state": "ajar"}'


def test_dead_letters_are_told_by_cause_with_what_to_do(store: Store) -> None:
    for scene, cause in enumerate(("AmbiguousMatch", "WorkerDied", "AmbiguousMatch"), 1):
        give_up(store, scene, cause)

    found = told(store)

    assert found[found.index("Dead letters: 3") + 1 :][:2] == [
        f"  AmbiguousMatch: 2 (permanent): {CAUSES['AmbiguousMatch'].next_step}",
        f"  WorkerDied: 1 (crash): {CAUSES['WorkerDied'].next_step}",
    ]


def test_the_ten_newest_are_told_by_name_where_it_is_known(store: Store) -> None:
    asked: list[SceneId] = []

    def titles(scenes: Sequence[SceneId]) -> Mapping[SceneId, str]:
        asked.extend(scenes)
        return {SceneId(12): "Twelve", SceneId(10): ""}

    for scene in range(1, 13):
        give_up(store, scene)

    found = told(store, titles=titles)

    assert found[-11] == "The newest 10:"
    assert found[-10:-7] == [
        '  scene 12 "Twelve": it fails (PlexTemporaryError, attempts: 5)',
        "  scene 11: it fails (PlexTemporaryError, attempts: 5)",
        "  scene 10: it fails (PlexTemporaryError, attempts: 5)",
    ]
    assert asked == list(range(12, 2, -1))


def test_a_cause_of_another_version_is_told_too(store: Store) -> None:
    give_up(store, 1, "FromTheFuture")

    assert document(store)["dead_letters"]["FromTheFuture"]["failure"] == "permanent"


def test_a_queue_that_cannot_be_read_is_no_empty_queue(store: Store) -> None:
    store.file.parent.mkdir()
    store.file.write_bytes(b"garbage" * 1000)

    with pytest.raises(QueueUnusable):
        status(store)

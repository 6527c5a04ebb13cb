"""Which jobs an outage has to do with, and how they are released when it is over."""

import pytest

from domain.job import SyncJob
from domain.outcome import Buried, Waiting
from sync_queue.dlq import bury
from sync_queue.manager import SyncQueue
from sync_queue.outages import mark_outage, rearm_outage, spread_retries
from sync_queue.retry import put_off
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock

OUTAGE, EARLIER = 1_800_000_000, 1_700_000_000

SERVERS_CAUSES = ["PlexTemporaryError", "PlexServerDown", "TransientError"]
OTHER_CAUSES = ["PlexNotFound", "StashUnavailable", "WorkerDied", "PlexBadRequest"]


def wait(store: Store, identity: int, seconds: float, cause: str = "PlexTemporaryError") -> None:
    """A scene failed because of *cause*, and its job waits for so long."""
    store.event(identity)
    job = store.take()
    with store.settling():
        until = store.clock.now() + seconds
        put_off(store.queue, job, Waiting(until, "busy", cause, counted=True))


def give_up(store: Store, identity: int, cause: str = "PlexTemporaryError") -> None:
    with store.settling():
        bury(store.queue, SyncJob(scene(identity)), Buried("gave up", cause, 5))


def marked(store: Store, table: str) -> dict[int, int | None]:
    """To which outage each row belongs."""
    return dict(store.sql(f"SELECT id, outage_id FROM {table}"))


def due_in(store: Store) -> dict[int, float]:
    """In how many seconds which jobs are due."""
    rows = store.sql("SELECT id, next_retry_at FROM retry WHERE next_retry_at IS NOT NULL")
    return {identity: due - store.clock.now() for identity, due in rows}


class TestMarking:
    """When an outage begins, what failed just before belongs to it."""

    @pytest.mark.parametrize(
        ("cause", "outage"),
        [(cause, OUTAGE) for cause in SERVERS_CAUSES] + [(cause, None) for cause in OTHER_CAUSES],
    )
    def test_dlqm_02_only_what_failed_because_of_the_server_belongs_to_the_outage(
        self, store: Store, queue: SyncQueue, cause: str, outage: int | None
    ) -> None:
        wait(store, 1, 60, cause)
        give_up(store, 2, cause)

        mark_outage(queue, OUTAGE, since=0.0)

        assert marked(store, "retry") == {1: outage}
        assert marked(store, "dead_letter") == {2: outage}

    @pytest.mark.parametrize(("age", "outage"), [(301, None), (300, OUTAGE), (0, OUTAGE)])
    def test_a_dead_letter_from_before_the_prelude_has_another_reason(
        self, store: Store, queue: SyncQueue, clock: FrozenClock, age: float, outage: int | None
    ) -> None:
        give_up(store, 1)
        clock.move(age)

        mark_outage(queue, OUTAGE, since=clock.now() - 300)

        assert marked(store, "dead_letter") == {1: outage}

    def test_what_belongs_to_an_earlier_outage_stays_with_it(
        self, store: Store, queue: SyncQueue
    ) -> None:
        wait(store, 1, 60)
        give_up(store, 2)
        mark_outage(queue, EARLIER, since=0.0)

        mark_outage(queue, OUTAGE, since=0.0)

        assert marked(store, "retry") == {1: EARLIER}
        assert marked(store, "dead_letter") == {2: EARLIER}

    def test_a_job_that_is_in_a_queue_again_waits_for_nothing(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        wait(store, 1, 60)
        clock.move(60)
        assert store.take_all() == [1]

        mark_outage(queue, OUTAGE, since=0.0)

        assert marked(store, "retry") == {1: None}


class TestRearming:
    """What waits because of one outage is due at once."""

    def test_dlqm_01_every_job_that_an_outage_put_off_is_due_at_once(
        self, store: Store, queue: SyncQueue
    ) -> None:
        for identity in (1, 2, 3):
            wait(store, identity, 60 * identity)
        mark_outage(queue, OUTAGE, since=0.0)
        wait(store, 4, 60)

        assert rearm_outage(queue, OUTAGE) == 3

        assert due_in(store) == {1: 0, 2: 0, 3: 0, 4: 60}
        assert sorted(store.take_all()) == [1, 2, 3]

    def test_the_jobs_of_another_outage_go_on_waiting(self, store: Store, queue: SyncQueue) -> None:
        wait(store, 1, 60)
        mark_outage(queue, EARLIER, since=0.0)

        assert rearm_outage(queue, OUTAGE) == 0
        assert due_in(store) == {1: 60}

    def test_a_job_that_is_due_anyway_is_not_counted_and_keeps_its_place(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        wait(store, 1, 10)
        wait(store, 2, 60)
        mark_outage(queue, OUTAGE, since=0.0)
        clock.move(30)

        assert rearm_outage(queue, OUTAGE) == 1
        assert due_in(store) == {1: -20, 2: 0}

    def test_rearming_twice_finds_nothing_the_second_time(
        self, store: Store, queue: SyncQueue
    ) -> None:
        wait(store, 1, 60)
        mark_outage(queue, OUTAGE, since=0.0)

        assert [rearm_outage(queue, OUTAGE) for _ in range(2)] == [1, 0]

    def test_a_job_keeps_its_attempts(self, store: Store, queue: SyncQueue) -> None:
        wait(store, 1, 60)
        store.sql("UPDATE retry SET attempts = 3")
        mark_outage(queue, OUTAGE, since=0.0)

        rearm_outage(queue, OUTAGE)

        assert store.take().attempts == 3


class TestSpreading:
    """Retries that became due during an outage do not come at a stroke."""

    def test_recv_04_overdue_retries_come_one_after_the_other_the_oldest_first(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        for identity, seconds in ((1, 30), (2, 10), (3, 20)):
            wait(store, identity, seconds)
        clock.move(600)

        spread_retries(queue, per_second=5.0, within=300.0)

        assert due_in(store) == pytest.approx({2: 0.0, 3: 0.2, 1: 0.4}, abs=1e-6)

    def test_a_retry_that_is_not_due_yet_keeps_its_time(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        wait(store, 1, 10)
        wait(store, 2, 100)
        clock.move(50)

        spread_retries(queue, per_second=5.0, within=300.0)

        assert due_in(store) == {1: 0, 2: 50}

    def test_a_scene_that_is_in_a_queue_again_is_left_alone(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        wait(store, 1, 10)
        clock.move(50)
        assert store.take_all() == [1]

        spread_retries(queue, per_second=5.0, within=300.0)

        assert due_in(store) == {}

    def test_no_retry_is_lost_among_a_thousand(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        rows = [("scene", n, "default", clock.now() - n, clock.now()) for n in range(1, 1001)]
        store.sql_many(
            "INSERT INTO retry (kind, id, queue, next_retry_at, first_at) VALUES (?, ?, ?, ?, ?)",
            rows,
        )

        spread_retries(queue, per_second=20.0, within=300.0)
        clock.move(25)

        assert len(store.take_all()) == 501
        clock.move(25)
        assert len(store.take_all()) == 499

    def test_those_that_would_come_after_the_ramp_come_at_its_end(
        self, store: Store, queue: SyncQueue, clock: FrozenClock
    ) -> None:
        for identity in (1, 2, 3):
            wait(store, identity, identity)
        clock.move(50)

        spread_retries(queue, per_second=0.1, within=15.0)

        assert due_in(store) == pytest.approx({1: 0, 2: 10, 3: 15}, abs=1e-6)

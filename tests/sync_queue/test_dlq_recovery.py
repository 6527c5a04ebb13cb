"""The dead letters of an outage: which of them may be tried again."""

import pytest

from domain.job import SyncJob
from domain.outcome import Buried
from sync_queue.dlq import DeadLetterQueue, bury
from sync_queue.dlq_recovery import (
    OPTIONAL_RETRY_ERROR_TYPES,
    PERMANENT_ERROR_TYPES,
    SAFE_RETRY_ERROR_TYPES,
    get_error_types_for_recovery,
    get_outage_dlq_entries,
)
from sync_queue.manager import SyncQueue
from sync_queue.outages import mark_outage
from tests.sync_queue.store import Store, scene
from tests.world import FrozenClock

SAFE = get_error_types_for_recovery()
ALL = get_error_types_for_recovery(include_optional=True)


def give_up(queue: SyncQueue, *scenes: int, cause: str = "PlexServerDown") -> None:
    with queue.db.transaction():
        for identity in scenes:
            bury(queue, SyncJob(scene(identity), attempts=5), Buried("gave up", cause, 5))


class TestTypes:
    """What is safe to try again."""

    def test_dlqm_02_only_a_server_that_was_down_is_safe_if_nobody_says_more(self) -> None:
        assert {"PlexServerDown"} == SAFE_RETRY_ERROR_TYPES == SAFE

    def test_dlqm_02_failures_that_may_be_the_scenes_are_optional(self) -> None:
        assert {"PlexTemporaryError", "PlexNotFound"} == OPTIONAL_RETRY_ERROR_TYPES
        assert ALL == SAFE | OPTIONAL_RETRY_ERROR_TYPES

    def test_dlqm_02_a_permanent_failure_is_neither(self) -> None:
        assert not ALL & PERMANENT_ERROR_TYPES


class TestEntries:
    """The dead letters of a time."""

    @pytest.fixture
    def letters(self, store: Store) -> DeadLetterQueue:
        return DeadLetterQueue(store.manager)

    @pytest.mark.parametrize(
        ("start", "end", "found"),
        [(-10, 10, True), (0, 0, True), (-10, 0, True), (0, 10, True), (1, 10, False),
         (-10, -1, False)],
    )  # fmt: skip
    def test_dlqm_01_both_ends_of_the_time_belong_to_it(
        self, start: float, end: float, found: bool, store: Store, letters: DeadLetterQueue
    ) -> None:
        give_up(store.queue, 1)
        now = store.clock.now()

        entries = get_outage_dlq_entries(letters, now + start, now + end, SAFE)

        assert [letter.scene for letter in entries] == [1] * found

    @pytest.mark.parametrize("types", [SAFE, ALL], ids=["safe", "optional too"])
    @pytest.mark.parametrize(
        "cause", sorted({*ALL, *PERMANENT_ERROR_TYPES, "WorkerDied", "TransientError"})
    )
    def test_dlqm_02_only_the_types_that_are_asked_for_are_found(
        self, cause: str, types: frozenset[str], store: Store, letters: DeadLetterQueue
    ) -> None:
        give_up(store.queue, 1, cause=cause)
        now = store.clock.now()

        assert bool(get_outage_dlq_entries(letters, now, now, types)) is (cause in types)

    @pytest.mark.parametrize("cause", sorted(PERMANENT_ERROR_TYPES))
    def test_dlqm_02_a_permanent_failure_is_never_found_whatever_is_asked_for(
        self, cause: str, store: Store, letters: DeadLetterQueue
    ) -> None:
        give_up(store.queue, 1, cause=cause)
        now = store.clock.now()
        store.sql("UPDATE dead_letter SET outage_id = ?", (int(now),))

        assert get_outage_dlq_entries(letters, now, now, PERMANENT_ERROR_TYPES) == []

    def test_dlqm_01_a_letter_that_bears_the_outages_name_is_found_by_it(
        self, store: Store, letters: DeadLetterQueue, clock: FrozenClock
    ) -> None:
        """Its attempts ran out while the breaker was about to open."""
        give_up(store.queue, 1, cause="PlexTemporaryError")
        clock.move(20)
        began = clock.now() + 0.75
        mark_outage(store.queue, int(began), since=began - 300)
        give_up(store.queue, 2, cause="PlexTemporaryError")

        entries = get_outage_dlq_entries(letters, began, began + 600, SAFE)

        assert [(letter.scene, letter.outage_id) for letter in entries] == [(1, int(began))]

    def test_a_letter_of_another_outage_is_not_found(
        self, store: Store, letters: DeadLetterQueue
    ) -> None:
        give_up(store.queue, 1, cause="PlexTemporaryError")
        began = store.clock.now() + 1000
        mark_outage(store.queue, int(began) - 500, since=0.0)

        assert get_outage_dlq_entries(letters, began, began + 600, ALL) == []

    def test_dlqm_01_the_oldest_comes_first(
        self, store: Store, letters: DeadLetterQueue, clock: FrozenClock
    ) -> None:
        began = clock.now()
        for identity in (3, 1, 2):
            give_up(store.queue, identity)
            clock.move(10)

        entries = get_outage_dlq_entries(letters, began, clock.now(), SAFE)

        assert [letter.scene for letter in entries] == [3, 1, 2]

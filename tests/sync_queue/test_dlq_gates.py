"""Dead letters go back into the queue if Plex is well and their scene is there, and only once."""

from dataclasses import replace
from typing import cast

import pytest

from domain.job import SyncJob
from domain.outcome import Buried
from sync_queue.dlq import DeadLetter, DeadLetterQueue, bury
from sync_queue.dlq_recovery import PER_REQUEST, RecoveryResult, recover_outage_jobs
from sync_queue.manager import SyncQueue
from sync_queue.operations import get_pending
from tests.servers.plex import Sky
from tests.servers.stash.weather import Weather
from tests.sync_queue.store import scene
from tests.world import FrozenClock, World
from worker.services import Services


def give_up(queue: SyncQueue, *scenes: int) -> None:
    with queue.db.transaction():
        for identity in scenes:
            bury(queue, SyncJob(scene(identity)), Buried("gave up", "PlexServerDown", 5))


class Recovery:
    """Stash, Plex, and the dead letters between them."""

    def __init__(self, world: World, services: Services, clock: FrozenClock) -> None:
        self.world, self.services, self.clock = world, services, clock
        self.queue = services.queue

    def letters(self) -> list[DeadLetter]:
        letters = DeadLetterQueue(self.world.data_dir, clock=self.clock)
        try:
            return letters.entries()
        finally:
            letters.close()

    def recover(self, letters: list[DeadLetter] | None = None) -> RecoveryResult:
        """Recover these, or all that are there."""
        letters = self.letters() if letters is None else letters
        return recover_outage_jobs(
            letters, self.queue, self.services.stash, self.services.plex, self.world.data_dir
        )

    def given_up(self, count: int) -> list[int]:
        """So many scenes that are in Stash and were given up."""
        scenes = [self.world.add(f"s{n}", title=f"Scene {n}", in_plex=False) for n in range(count)]
        give_up(self.queue, *scenes)
        return scenes

    @property
    def stats(self) -> dict[str, int]:
        return self.world.queue_stats()


@pytest.fixture
def recovery(world: World, clock: FrozenClock) -> Recovery:
    return Recovery(world, world.services(clock), clock)


def test_dlqm_01_dead_letters_go_back_into_the_queue_with_fresh_attempts(
    recovery: Recovery,
) -> None:
    scenes = recovery.given_up(3)

    result = recovery.recover()

    assert result == RecoveryResult(3, recovered=3, recovered_scene_ids=scenes)
    assert recovery.stats == {
        "pending": 3, "in_progress": 0, "waiting": 0, "parked": 0, "previewed": 0, "failed": 0,
    }  # fmt: skip
    job = get_pending(recovery.queue)
    assert job is not None
    assert (job.key, job.attempts, job.queue) == (scene(scenes[0]), 0, "bulk")


def test_dlqm_01_recovering_twice_does_nothing_the_second_time(recovery: Recovery) -> None:
    scenes = recovery.given_up(2)
    letters = recovery.letters()
    recovery.recover(letters)

    assert recovery.recover() == RecoveryResult(0)
    assert recovery.recover(letters) == RecoveryResult(2, skipped_already_queued=2)
    assert recovery.stats["pending"] == len(scenes)


def test_a_letter_that_has_left_meanwhile_is_not_brought_back(recovery: Recovery) -> None:
    recovery.given_up(1)
    letters = recovery.letters()
    recovery.queue.db.execute("DELETE FROM dead_letter")

    assert recovery.recover(letters) == RecoveryResult(1, skipped_already_queued=1)
    assert recovery.stats["pending"] == 0


@pytest.mark.parametrize("trouble", ["off", 503, "maintenance", "html", 401, 403])
def test_a_plex_that_is_not_well_keeps_all_of_them(recovery: Recovery, trouble: Sky | str) -> None:
    recovery.given_up(3)
    if trouble == "off":
        recovery.world.plex.stop()
    else:
        recovery.world.plex.weather(cast(Sky, trouble))
    recovery.world.stash.clear_requests()

    assert recovery.recover() == RecoveryResult(3, skipped_plex_down=3, plex_is_down=True)

    assert (recovery.stats["failed"], recovery.stats["pending"]) == (3, 0)
    assert recovery.world.stash.requests == []  # the gates behind are not even asked


def test_a_scene_that_is_queued_already_is_passed_over_and_stays_a_dead_letter(
    recovery: Recovery,
) -> None:
    queued, other = recovery.given_up(2)
    recovery.queue.put([scene(queued)])

    result = recovery.recover()

    assert result == RecoveryResult(
        2, recovered=1, skipped_already_queued=1, recovered_scene_ids=[other]
    )
    assert [letter.scene for letter in recovery.letters()] == [queued]


def test_a_scene_that_is_at_work_counts_as_queued(recovery: Recovery) -> None:
    recovery.given_up(1)
    letters = recovery.letters()
    recovery.recover(letters)
    assert get_pending(recovery.queue) is not None

    assert recovery.recover(letters).skipped_already_queued == 1


def test_a_scene_that_has_two_letters_is_queued_once(recovery: Recovery) -> None:
    (identity,) = recovery.given_up(1)
    (letter,) = recovery.letters()

    result = recovery.recover([letter, replace(letter, cause="PlexTemporaryError")])

    assert result == RecoveryResult(
        2, recovered=1, skipped_already_queued=1, recovered_scene_ids=[identity]
    )
    assert recovery.stats["pending"] == 1


def test_a_scene_that_is_no_longer_in_stash_is_passed_over(recovery: Recovery) -> None:
    gone, there = recovery.given_up(2)
    recovery.world.stash.destroy(gone)

    result = recovery.recover()

    assert result == RecoveryResult(
        2, recovered=1, skipped_scene_missing=1, recovered_scene_ids=[there]
    )


def test_a_scene_that_is_queued_and_gone_counts_as_queued(recovery: Recovery) -> None:
    (gone,) = recovery.given_up(1)
    recovery.queue.put([scene(gone)])
    recovery.world.stash.destroy(gone)

    assert recovery.recover() == RecoveryResult(1, skipped_already_queued=1)


def test_stash_is_asked_about_a_hundred_scenes_at_once(recovery: Recovery) -> None:
    recovery.given_up(2 * PER_REQUEST + 1)
    recovery.world.stash.clear_requests()

    assert recovery.recover().recovered == 201
    assert recovery.world.stash.count("graphql") == 3


def test_a_stash_that_fails_for_one_batch_does_not_keep_the_others_waiting(
    recovery: Recovery, caplog: pytest.LogCaptureFixture
) -> None:
    scenes = recovery.given_up(2 * PER_REQUEST + 1)
    recovery.world.stash.next_answers(["fine", 502, "fine"], "graphql")

    result = recovery.recover()

    assert result == RecoveryResult(
        201, recovered=101, failed=100, recovered_scene_ids=[*scenes[:100], scenes[200]]
    )
    assert [letter.scene for letter in recovery.letters()] == scenes[100:200]
    assert "100 dead letters are not recovered: " in caplog.text


@pytest.mark.parametrize("weather", [401, 503, "reset", "locked", "panic"])
def test_a_stash_that_fails_does_not_make_a_scene_one_that_is_gone(
    recovery: Recovery, weather: Weather
) -> None:
    recovery.given_up(2)
    recovery.world.stash.weather(weather, "graphql")

    assert recovery.recover() == RecoveryResult(2, failed=2)
    assert recovery.stats["failed"] == 2


def test_what_failed_is_recovered_the_next_time(recovery: Recovery) -> None:
    recovery.given_up(2)
    recovery.world.stash.next_answers([503], "graphql")
    recovery.recover()

    assert recovery.recover().recovered == 2


def test_dlqm_01_the_result_tells_what_became_of_every_letter() -> None:
    result = RecoveryResult(21, 1, 2, 3, 4, 11, [7])

    assert str(result) == (
        "1 of 21 dead letters recovered; skipped: 2 already queued, 3 because Plex is down, "
        "4 no longer in Stash; 11 failed"
    )

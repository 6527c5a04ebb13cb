"""A scene that is not in Plex is parked: no failure, and left when its file or an edit appears."""

import pytest

from domain.outcome import Parked
from sync_queue.manager import SyncQueue
from sync_queue.operations import is_due
from sync_queue.parked import park, rearm
from tests.sync_queue.store import Store, scene


@pytest.fixture
def parked(store: Store) -> Store:
    """Scenes 1 (two files) and 2 are parked."""
    store.event(1, 2)
    for names in (("a.mp4", "b.mp4"), ("c.mp4",)):
        job = store.take()
        with store.settling():
            park(store.queue, job, Parked(names))
    return store


def test_parked_scenes_are_counted_and_not_fetched(parked: Store) -> None:
    assert parked.stats["parked"] == 2
    assert parked.take_all() == []
    assert not is_due(parked.queue)


@pytest.mark.parametrize("name", ["a.mp4", "b.mp4"])
def test_a_parked_scene_is_fetched_when_plex_shows_one_of_its_files(
    name: str, parked: Store
) -> None:
    assert rearm(parked.queue, [name]) == 1

    assert parked.take_all() == [1]


def test_a_scene_with_several_files_in_plex_is_fetched_once(parked: Store) -> None:
    assert rearm(parked.queue, ["a.mp4", "b.mp4"]) == 1

    assert parked.take_all() == [1]


def test_files_that_nobody_waits_for_wake_nobody(parked: Store) -> None:
    assert rearm(parked.queue, ["z.mp4", ""]) == 0

    assert parked.take_all() == []


def test_rearming_nothing_parked_does_nothing(queue: SyncQueue) -> None:
    assert rearm(queue, ["a.mp4"]) == 0


def test_rearmed_scenes_wait_in_bulk_so_that_a_save_comes_first(parked: Store) -> None:
    rearm(parked.queue, ["a.mp4", "c.mp4"])
    parked.event(9)

    assert parked.take_all() == [9, 1, 2]


def test_a_scene_may_be_rearmed_again_before_it_is_fetched(parked: Store) -> None:
    rearm(parked.queue, ["a.mp4"])

    assert rearm(parked.queue, ["a.mp4"]) == 0


def test_an_edit_unparks_a_scene(parked: Store) -> None:
    parked.event(1)

    assert parked.take_all() == [1]
    assert parked.stats["parked"] == 1


def test_a_scene_that_was_unparked_is_not_rearmed(parked: Store) -> None:
    parked.event(1)
    parked.finish(parked.take())

    assert rearm(parked.queue, ["a.mp4", "b.mp4"]) == 0


def test_a_scene_that_is_missed_again_is_parked_under_its_new_names(parked: Store) -> None:
    parked.event(1)
    job = parked.take()
    with parked.settling():
        park(parked.queue, job, Parked(("new.mp4",)))

    assert rearm(parked.queue, ["a.mp4"]) == 0
    assert rearm(parked.queue, ["new.mp4"]) == 1


def test_parking_forgets_failures(parked: Store) -> None:
    assert parked.sql("SELECT * FROM retry") == []


def test_two_scenes_with_one_base_name_are_both_rearmed(parked: Store) -> None:
    parked.event(3)
    job = parked.take()
    with parked.settling():
        park(parked.queue, job, Parked(("a.mp4",)))

    rearm(parked.queue, ["a.mp4"])

    assert [parked.take().key, parked.take().key] == [scene(1), scene(3)]


def test_a_parked_scene_without_a_file_waits_for_an_edit(store: Store) -> None:
    store.event(1)
    job = store.take()
    with store.settling():
        park(store.queue, job, Parked(()))

    assert store.stats["parked"] == 1

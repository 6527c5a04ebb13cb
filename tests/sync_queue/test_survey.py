"""The queue in detail, as somebody sees it who looks from outside and changes nothing."""

from pathlib import Path

import pytest

from domain.errors import QueueUnusable
from domain.job import SceneId
from sync_queue.clearing import clear_dead_letters, clear_pending_items
from sync_queue.dlq import DeadLetter
from sync_queue.manager import QUEUES, SyncQueue
from sync_queue.operations import QueueStats
from sync_queue.survey import Survey, survey
from tests.sync_queue.states import be_everywhere, give_up, take, wait
from tests.sync_queue.store import Store
from tests.world import FrozenClock


def stats(**counts: int) -> QueueStats:
    nothing = QueueStats(pending=0, in_progress=0, waiting=0, parked=0, previewed=0, failed=0)
    return nothing | counts  # type: ignore[return-value]


def look(store: Store) -> Survey:
    return survey(store.folder, store.clock.now())


def spool(store: Store, *names: str) -> None:
    folder = store.folder / "spool"
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(b'{"kind": "scene", "id": 1}')


def files(folder: Path) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_where_no_data_folder_is_nothing_is_found_and_nothing_is_made(tmp_path: Path) -> None:
    assert survey(tmp_path / "stash2plex", 0.0) == Survey(stats())
    assert list(tmp_path.iterdir()) == []


def test_an_empty_queue_holds_nothing(store: Store, queue: SyncQueue) -> None:
    assert look(store) == Survey(stats())


def test_what_hooks_have_recorded_is_found_before_the_first_drain(store: Store) -> None:
    store.event(1, 2, 3)

    assert look(store) == Survey(stats(pending=3), due=3)


def test_an_event_in_the_spool_is_due_even_without_a_database(store: Store) -> None:
    spool(store, "1.json", "2.json", "3.tmp", "4.damaged")

    assert look(store) == Survey(stats(), spooled=2, due=2)


def test_a_queue_of_the_first_format_is_counted_as_it_is(store: Store) -> None:
    give_up(store, 1)
    store.put(2)
    store.sql("DROP TABLE removed")
    store.sql("DROP TABLE clearing")
    store.sql("PRAGMA user_version = 1")

    assert look(store) == Survey(stats(pending=1, failed=1), due=1)


def test_a_scene_in_every_state_is_found(store: Store, clock: FrozenClock) -> None:
    be_everywhere(store)
    start = clock.now()
    clock.move(5)

    assert look(store) == Survey(
        stats(pending=2, in_progress=1, waiting=1, parked=1, failed=1),
        due=2,
        next_retry_at=start + 60,
        at_work=SceneId(1),
        at_work_since=start,
        causes={"PlexTemporaryError": 1},
        newest=(DeadLetter(SceneId(4), "PlexTemporaryError", "it fails", 5, start, start, None),),
    )


def test_what_is_due_is_what_waits_in_both_queues_in_the_spool_and_for_a_retry_whose_time_came(
    store: Store, clock: FrozenClock
) -> None:
    wait(store, 1, 60)
    wait(store, 2, 61)
    wait(store, 3, 3600)
    store.put(4)
    store.put(5, queue="bulk")
    spool(store, "1.json")

    assert look(store).due == 3
    clock.move(60)
    assert look(store).due == 4
    clock.move(1)
    assert look(store).due == 5


def test_the_next_retry_is_the_earliest_of_all(store: Store) -> None:
    for scene, seconds in enumerate((90, 30, 60), 1):
        wait(store, scene, seconds)

    assert look(store).next_retry_at == store.clock.now() + 30


def test_a_retry_that_a_clock_gone_wrong_has_dated_is_due_as_it_is_for_the_drain(
    store: Store, clock: FrozenClock
) -> None:
    wait(store, 1)
    clock.move(-3 * 86_400)

    assert look(store).due == 1
    assert store.take_all() == [1]


def test_nothing_is_at_work_when_the_last_job_is_settled(store: Store) -> None:
    job = take(store, 1)
    store.work_at(job)
    assert look(store).at_work == 1

    store.finish(job)
    store.queue.db.execute("DELETE FROM at_work")

    assert (look(store).at_work, look(store).at_work_since) == (None, None)


def test_causes_are_counted_the_commonest_first(store: Store) -> None:
    for scene, cause in enumerate(("B", "C", "A", "C", "B", "C"), 1):
        give_up(store, scene, cause)

    assert list(look(store).causes.items()) == [("C", 3), ("B", 2), ("A", 1)]


def test_the_ten_newest_dead_letters_are_shown_the_newest_first(store: Store) -> None:
    for scene in (*range(1, 13), 2):
        give_up(store, scene)

    newest = look(store).newest

    assert [letter.scene for letter in newest] == [2, *range(12, 3, -1)]
    assert look(store).counts["failed"] == 12


def test_an_outage_during_which_a_scene_was_given_up_is_shown(
    store: Store, queue: SyncQueue
) -> None:
    give_up(store, 1)
    queue.db.execute("UPDATE dead_letter SET outage_id = 7")

    assert look(store).newest[0].outage_id == 7


def test_clearings_are_counted_that_took_something(store: Store, queue: SyncQueue) -> None:
    be_everywhere(store)
    clear_pending_items(queue)
    clear_pending_items(queue)
    clear_dead_letters(queue)

    assert look(store).clearings == 2


def test_looking_changes_nothing(store: Store) -> None:
    be_everywhere(store)
    spool(store, "1.json")
    look(store)  # which may make the file through which SQLite's processes share memory
    before = files(store.folder)

    look(store)

    assert files(store.folder) == before


def test_looking_does_not_wait_for_a_drain_that_writes(store: Store, queue: SyncQueue) -> None:
    store.put(1)
    with store.settling():
        queue.db.execute("DELETE FROM ack_queue_default")

        assert look(store).due == 1

    assert look(store).due == 0


@pytest.mark.parametrize("name", QUEUES)
def test_a_row_that_names_no_job_is_counted_until_somebody_fetches_it(
    store: Store, queue: SyncQueue, name: str
) -> None:
    queue.db.execute(f"INSERT INTO ack_queue_{name} (data, status) VALUES (x'ff', 0)")

    assert look(store).due == 1


def test_a_file_that_cannot_be_read_is_told_in_our_words(store: Store) -> None:
    store.file.parent.mkdir()
    store.file.write_bytes(b"garbage" * 1000)

    with pytest.raises(QueueUnusable, match="damaged"):
        look(store)

"""A queue whose file is damaged is set aside whole, and a new one is begun."""

import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import NewerDatabase, QueueBusy, QueueUnusable
from sync_queue import inbox
from sync_queue.database import DatabaseDamaged
from sync_queue.due import is_reconciliation_due
from sync_queue.operations import get_pending
from sync_queue.orphans import resume_orphans
from sync_queue.quarantine import begin_anew, open_queue, set_aside
from tests.sync_queue.store import Store
from tests.world import ROOT

NOTHING = b"\0" * 4096


def files(store: Store) -> list[str]:
    return sorted(file.name for file in store.file.parent.iterdir())


def filled(store: Store) -> Path:
    """The closed file of a queue of 5000 jobs."""
    store.put(*range(1, 5001))
    store.manager.close()
    return store.file


def garbage(file: Path) -> None:
    file.write_bytes(b"\x9d\x01garbage\xff" * 5000)


def text(file: Path) -> None:
    file.write_text("this is no database\n" * 500)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


def bad_header(file: Path) -> None:
    file.write_bytes(bytes(64) + file.read_bytes()[64:])


def another_schema(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE ack_queue_default (_id INTEGER, data BLOB)")


def another_program(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE retry (when_ TEXT)")


damages = pytest.mark.parametrize(
    "damage", [garbage, text, truncated, bad_header, another_schema, another_program]
)


@damages
def test_a_damaged_file_is_known_as_such(damage: Callable[[Path], None], store: Store) -> None:
    damage(filled(store))

    with pytest.raises(DatabaseDamaged):
        store.manager.get_queue()


@damages
def test_a_new_queue_is_begun_in_place_of_a_damaged_one(
    damage: Callable[[Path], None], store: Store
) -> None:
    damage(filled(store))

    open_queue(store.manager)

    store.event(1)
    assert store.take_all() == [1]


@damages
def test_the_damaged_file_is_kept_and_all_scenes_are_to_be_checked(
    damage: Callable[[Path], None], store: Store
) -> None:
    damage(filled(store))
    content = store.file.read_bytes()

    open_queue(store.manager)

    kept = store.file.with_name("damaged-20270115-080000.db")
    assert kept.read_bytes()[100:] == content[100:]  # SQLite may have touched its header
    assert is_reconciliation_due(store.folder)


def test_what_a_damaged_file_was_called_is_told(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    garbage(filled(store))

    open_queue(store.manager)

    [line] = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert "queue/damaged-20270115-080000.db" in line


def test_a_damaged_files_journals_go_with_it(store: Store) -> None:
    """Beside another file they would replay the old one."""
    store.file.parent.mkdir()
    for suffix in ("", "-wal", "-shm"):
        store.file.with_name(f"data.db{suffix}").write_text(suffix)

    set_aside(store.folder, store.clock)

    assert files(store) == [f"damaged-20270115-080000.db{end}" for end in ("", "-shm", "-wal")]
    assert store.file.with_name("damaged-20270115-080000.db-wal").read_text() == "-wal"


def test_nothing_is_set_aside_while_somebody_writes(store: Store) -> None:
    store.put(1)

    with store.queue.db.locked(), pytest.raises(QueueBusy):
        set_aside(store.folder, store.clock, patience=0.05)

    assert files(store)[0] == "data.db"


def test_damage_in_the_middle_of_the_file_is_noticed_when_it_is_opened(store: Store) -> None:
    zero_the_table(store)
    store.manager.abandon()

    with pytest.raises(DatabaseDamaged):
        store.manager.get_queue()


def test_damage_in_the_middle_of_the_file_is_noticed_when_a_job_is_fetched(store: Store) -> None:
    zero_the_table(store)

    with pytest.raises(DatabaseDamaged):
        get_pending(store.queue)


def test_damage_in_the_middle_of_the_file_is_noticed_when_orphans_are_resumed(
    store: Store,
) -> None:
    store.put(2001)
    store.take()
    zero_the_table(store)

    with pytest.raises(DatabaseDamaged):
        resume_orphans(store.queue)


def zero_the_table(store: Store) -> None:
    """Destroy the pages that hold the jobs while the queue is open, and leave the rest."""
    store.put(*range(1, 2001))
    store.sql("PRAGMA wal_checkpoint(TRUNCATE)")
    [(root,)] = store.sql("SELECT rootpage FROM sqlite_master WHERE name = 'ack_queue_default'")
    with store.file.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(NOTHING)
    store.sql("INSERT INTO parked VALUES ('scene', 1, 'bulk', 0)")  # whoever is open reads again


def test_nothing_keeps_a_damaged_file_open(store: Store) -> None:
    zero_the_table(store)
    store.manager.abandon()

    open_queue(store.manager)

    opened = [link.readlink() for link in Path("/proc/self/fd").iterdir() if link.exists()]
    assert [file for file in opened if "damaged-" in file.name] == []


def test_damage_that_shows_in_the_drain_is_mended_by_a_new_queue(store: Store) -> None:
    zero_the_table(store)
    with pytest.raises(DatabaseDamaged):
        get_pending(store.queue)

    begin_anew(store.manager)

    store.event(1)
    assert store.take_all() == [1]


def test_an_empty_file_becomes_a_queue_and_nothing_is_set_aside(store: Store) -> None:
    """A hook that was killed at its first statement leaves one."""
    store.file.parent.mkdir()
    store.file.touch()

    open_queue(store.manager)

    assert store.put(1) == 1
    assert not is_reconciliation_due(store.folder)


def test_a_healthy_queue_is_opened_as_it_is(store: Store) -> None:
    store.event(1)

    open_queue(store.manager)
    open_queue(store.manager)

    assert store.take_all() == [1]
    assert not is_reconciliation_due(store.folder)


def test_a_folder_in_place_of_the_file_stays_and_is_told(store: Store) -> None:
    store.file.mkdir(parents=True)

    with pytest.raises(QueueUnusable, match="unable to open database file"):
        open_queue(store.manager)

    assert store.file.is_dir()


FULL_DISK = """
    import resource, signal, sys
    from domain.errors import QueueUnusable
    from sync_queue.manager import QueueManager
    from sync_queue.quarantine import open_queue

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))  # the journal is larger
    try:
        open_queue(QueueManager(sys.argv[1]))
    except QueueUnusable as error:
        print(type(error).__name__)
"""


def test_a_full_disk_is_not_taken_for_damage(store: Store) -> None:
    store.event(1)

    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(store.folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "QueueUnusable"
    assert not is_reconciliation_due(store.folder)
    assert store.take_all() == [1]


def test_a_queue_of_a_newer_version_is_left_alone(store: Store) -> None:
    store.put(1)
    store.manager.close()
    store.sql("PRAGMA user_version = 999")

    with pytest.raises(NewerDatabase, match="update the plugin"):
        open_queue(store.manager)

    assert [name for name in files(store) if "damaged" in name] == []


def test_a_hook_still_records_into_a_queue_of_a_newer_version(store: Store) -> None:
    store.put(1)
    store.manager.close()
    store.sql("PRAGMA user_version = 999")

    store.event(2)

    rows = store.sql("SELECT data FROM ack_queue_default WHERE status = 0 ORDER BY _id")
    assert [data for (data,) in rows] == [inbox.payload("scene", n) for n in (1, 2)]


def test_what_a_hook_recorded_before_the_first_drain_is_kept(store: Store) -> None:
    store.event(1, 2)

    open_queue(store.manager)

    assert store.take_all() == [1, 2]


def test_an_interrupted_first_opening_leaves_nothing_half_made(store: Store) -> None:
    """A table stands in the way of the last one; the first ones must not be left behind."""
    store.file.parent.mkdir()
    store.sql("CREATE TABLE contender (a)")

    with pytest.raises(DatabaseDamaged):
        store.manager.get_queue()

    assert store.sql("SELECT name FROM sqlite_master") == [("contender",)]

"""A queue that cannot be written: the hook answers, the edit is kept, Plex gets it later."""

import sqlite3
import threading

import pytest

from tests.invocation.circumstances import hold_off, record, somebody_holds, time_passes
from tests.invocation.witness import answer_of, backgrounds, job, rows, spooled, titles_shown
from tests.world import World


def with_history(world: World, *names: str) -> list[int]:
    """Scenes that Plex shows; nothing runs and nothing waits any more."""
    scenes = [world.add(name, title=name.upper()) for name in names]
    record(world, *scenes[1:])
    world.hook(scenes[0])
    world.until(lambda: titles_shown(world, scenes) == [name.upper() for name in names])
    world.until_drained()
    world.kill_background()
    return scenes


def test_while_another_process_holds_the_queue_an_edit_is_spooled(quiet: World) -> None:
    scene = quiet.add("a")

    with somebody_holds(quiet.data_dir / "queue.lock"):
        result = quiet.hook(scene)

    assert answer_of(result) == {"output": "spooled; background held off"}
    assert spooled(quiet) == [job(scene)]
    assert rows(quiet) == []


def test_a_hook_waits_for_the_queue_as_long_as_a_bulk_insert_takes(quiet: World) -> None:
    scene = quiet.add("a")
    release = threading.Event()
    threading.Timer(0.3, release.set).start()

    with somebody_holds(quiet.data_dir / "queue.lock"):
        hook = threading.Thread(target=quiet.hook, args=(scene,))
        hook.start()
        release.wait()
    hook.join()

    assert rows(quiet) == [job(scene)]
    assert spooled(quiet) == []


def test_while_sqlite_is_locked_by_a_stranger_an_edit_is_spooled(quiet: World) -> None:
    """A backup or a browser for SQLite files does not know our lock."""
    record(quiet, 1)
    stranger = sqlite3.connect(quiet.data_dir / "queue" / "data.db", isolation_level=None)
    stranger.execute("BEGIN EXCLUSIVE")

    result = quiet.hook(quiet.add("a"))

    stranger.close()
    assert answer_of(result) == {"output": "spooled; background held off"}


def test_a_spooled_edit_reaches_plex_without_a_further_invocation(world: World) -> None:
    scene = world.add("a", title="A")

    with somebody_holds(world.data_dir / "queue.lock"):
        result = world.hook(scene)

    assert answer_of(result) == {"output": "spooled; background started"}
    world.until(lambda: world.shown(scene)["title"] == "A")
    world.until(lambda: spooled(world) == [])


def test_what_is_spooled_while_a_background_lingers_reaches_plex(world: World) -> None:
    (scene,) = with_history(world, "a")
    world.hook(scene)
    world.until_drained()

    with somebody_holds(world.data_dir / "queue.lock"):
        result = world.save(scene, title="Spooled")

    assert answer_of(result) == {"output": "spooled; background running"}
    world.until(lambda: world.shown(scene)["title"] == "Spooled")


def test_process_queue_processes_what_is_spooled(world: World) -> None:
    hold_off(world)
    scene = world.add("a", title="A")
    with somebody_holds(world.data_dir / "queue.lock"):
        world.hook(scene)

    result = world.task("process_queue")

    assert "1 succeeded" in answer_of(result)["output"]
    assert world.shown(scene)["title"] == "A"


def test_a_folder_in_place_of_the_database_costs_no_edit(world: World) -> None:
    """What a read-only file is to a user is a folder to root."""
    scene = world.add("a", title="A")
    (world.data_dir / "queue" / "data.db").mkdir(parents=True)
    result = world.hook(scene)
    assert answer_of(result)["output"].startswith("spooled; background ")
    world.until(lambda: "the queue cannot be" in world.background_log())

    (world.data_dir / "queue" / "data.db").rmdir()

    world.until(lambda: world.shown(scene)["title"] == "A", within=60)


def test_a_file_in_place_of_the_queues_folder_costs_no_edit(world: World) -> None:
    scene = world.add("a", title="A")
    hold_off(world)
    (world.data_dir / "queue").write_bytes(b"")
    result = world.hook(scene)
    assert answer_of(result) == {"output": "spooled; background held off"}
    (world.data_dir / "queue").unlink()
    time_passes(world)

    world.hook(scene)

    world.until(lambda: world.shown(scene)["title"] == "A")
    world.until(lambda: spooled(world) == [])


def test_a_damaged_database_costs_no_edit_not_even_those_it_held(world: World) -> None:
    one, two, three = with_history(world, "a", "b", "c")
    hold_off(world)
    world.save(one, title="In the damaged file")
    database = world.data_dir / "queue" / "data.db"
    for file in database.parent.iterdir():
        file.write_bytes(b"This is no database. " * 500)
    time_passes(world)

    result = world.save(two, title="While it is damaged")

    assert answer_of(result) == {"output": "spooled; background started"}
    expected = ["In the damaged file", "While it is damaged", "C"]
    world.until(lambda: titles_shown(world, [one, two, three]) == expected)
    assert "was damaged and is set aside" in world.background_log()
    assert list(database.parent.glob("damaged-*.db"))


def test_a_database_that_is_damaged_while_the_background_lives_costs_no_edit(
    world: World,
) -> None:
    (scene,) = with_history(world, "a")
    world.hook(scene)
    world.until_drained()
    for file in (world.data_dir / "queue").iterdir():
        file.write_bytes(b"This is no database. " * 500)

    result = world.save(scene, title="While it is damaged")

    assert answer_of(result)["output"].startswith(("spooled", "recorded"))
    world.until(lambda: world.shown(scene)["title"] == "While it is damaged", within=60)


def test_an_empty_database_file_is_one_to_begin_with(world: World) -> None:
    (world.data_dir / "queue").mkdir(parents=True)
    (world.data_dir / "queue" / "data.db").write_bytes(b"")
    scene = world.add("a", title="A")

    result = world.hook(scene)

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "A")


def test_a_database_of_a_newer_version_is_left_alone_and_edits_are_recorded_in_it(
    world: World,
) -> None:
    (scene,) = with_history(world, "a")
    set_version(world, 999)
    result = world.save(scene, title="New")
    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: not backgrounds(world))
    assert "written by a newer Stash2Plex" in world.background_log()
    assert rows(world) == [job(scene)]
    assert world.shown(scene)["title"] == "A"

    set_version(world, 1)  # as if the plugin were the newer one now
    time_passes(world)
    world.hook(scene)

    world.until(lambda: world.shown(scene)["title"] == "New")


@pytest.mark.parametrize(
    "name", ["background.log", "background.json", "circuit_breaker.json", "device_id.json"]
)
def test_a_folder_in_place_of_what_can_be_made_anew_costs_no_edit(world: World, name: str) -> None:
    (world.data_dir / name).mkdir(parents=True)
    scene = world.add("a", title="A")

    result = world.hook(scene)

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "A")


def test_a_background_that_cannot_go_on_says_why_in_its_log(world: World) -> None:
    (world.data_dir / "plex_index.db").mkdir(parents=True)

    world.hook(world.add("a"))

    world.until(lambda: world.background_log())
    assert "WARNING waiting: the path index cannot be opened or made" in world.background_log()


FAR = b'{"not_before": 99999999999, "why": "a clock that was wrong"}'
WORDS = [b"", b"\xff garbage", b"[]", b'{"not_before": "soon"}', FAR]


@pytest.mark.parametrize("word", WORDS)
def test_a_last_word_that_makes_no_sense_holds_nobody_off(world: World, word: bytes) -> None:
    world.data_dir.mkdir()
    (world.data_dir / "background.json").write_bytes(word)

    result = world.hook(world.add("a"))

    assert answer_of(result) == {"output": "recorded; background started"}


def set_version(world: World, version: int) -> None:
    connection = sqlite3.connect(world.data_dir / "queue" / "data.db")
    connection.execute(f"PRAGMA user_version={version}")
    connection.close()

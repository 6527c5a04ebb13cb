"""What Stash's log and background.log say, and what they do not."""

import re
import stat

import pytest

from tests.invocation.circumstances import record, somebody_holds, wrapped
from tests.invocation.witness import answer_of
from tests.world import World

LINE = re.compile(rb"\x01[tdiwep]\x02[^\n\x01]*\n")


def ambiguous(world: World) -> int:
    """A scene whose file Plex knows twice: the one line that names paths."""
    scene = world.add("secret-name", title="A", in_plex=False)
    for folder in ("one", "two"):
        world.plex.add_item(f"/plex/{folder}/secret-name.mp4", 1000, world.section)
    return scene


@pytest.mark.parametrize("mode", ["all", "recent", "process_queue"])
def test_every_line_of_a_task_has_its_level_and_fits_into_stashs_reader(
    world: World, mode: str
) -> None:
    scene = world.add("a", title="T" * 200_000, details="D\n" * 100_000, tags=["x" * 90_000])
    world.add("b", title="B", in_plex=False)
    record(world, scene)

    result = world.task(mode)

    assert b"".join(LINE.findall(result.stderr)) == result.stderr
    assert max(map(len, result.stderr.splitlines())) < 60_000


def test_one_line_is_logged_per_job(world: World) -> None:
    shown, undescribed = world.add("a", title="A"), world.add("b", title="B", studio=None)
    missing, gone = world.add("c", title="C", in_plex=False), world.add("d")
    world.stash.destroy(gone)
    record(world, shown, undescribed, missing, gone)

    result = world.task("process_queue")

    about = [text for _, text in result.logs if text.startswith("scene ")]
    assert about == [
        f"scene {shown}: synced title, sort_title, studio, collection",
        f"scene {undescribed}: not written: nobody has described it yet",
        f"scene {missing}: put off: Plex has no item with its file",
        f"scene {gone}: no longer in Stash; Plex is left as it is",
    ]


def test_one_line_is_logged_per_job_in_the_background_too(world: World) -> None:
    scenes = [world.add(name, title=name.upper()) for name in "ab"]
    record(world, scenes[0])
    world.hook(scenes[1])

    world.until(lambda: world.background_log().count("synced") == 2)
    lines = world.background_log().splitlines()
    assert len(lines) == 2
    assert all(re.match(r"\d{4}-\d\d-\d\d [\d:,]+ INFO scene \d+: synced ", x) for x in lines)


def test_a_hook_logs_nothing_when_all_is_well(world: World) -> None:
    result = world.hook(world.add("a"))

    assert result.stderr == b""


@pytest.mark.parametrize("hidden", [False, True])
def test_paths_stand_in_a_tasks_log_unless_they_are_to_be_hidden(
    world: World, hidden: bool
) -> None:
    world.stash.settings["obfuscate_paths"] = hidden
    record(world, ambiguous(world))

    result = world.task("process_queue")

    assert b"several files in Plex could be it" in result.stderr
    assert (b"secret-name" in result.stderr) is not hidden
    assert (b"/plex/one" in result.stderr) is not hidden


@pytest.mark.parametrize("hidden", [False, True])
def test_paths_stand_in_background_log_unless_they_are_to_be_hidden(
    world: World, hidden: bool
) -> None:
    world.stash.settings["obfuscate_paths"] = hidden
    world.hook(ambiguous(world))

    world.until(lambda: "several files in Plex could be it" in world.background_log())
    assert ("secret-name" in world.background_log()) is not hidden
    assert ("/plex/one" in world.background_log()) is not hidden


def test_debug_logging_shows_more_of_what_happens(world: World) -> None:
    world.stash.settings["debug_logging"] = True
    record(world, world.add("a", title="A"))

    result = world.task("process_queue")

    assert [text for level, text in result.logs if level == "info" and text.startswith("[DEBUG]")]


def test_without_debug_logging_nothing_of_it_is_shown(world: World) -> None:
    record(world, world.add("a", title="A"))

    result = world.task("process_queue")

    assert {level for level, _ in result.logs} == {"info"}
    assert b"[DEBUG]" not in result.stderr


def test_a_task_whose_log_nobody_reads_any_more_does_its_work(world: World) -> None:
    """Stash closes its end after a line that is too long."""
    scene = world.add("a", title="A")
    record(world, scene)

    result = world.task("process_queue", python=without_stderr(world))

    assert "1 succeeded, 0 failed" in answer_of(result)["output"]
    assert world.shown(scene)["title"] == "A"


def without_stderr(world: World) -> str:
    return wrapped(world.folder.parent / "bin", "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)")


def test_every_file_and_folder_is_the_owners_alone_whatever_the_umask(world: World) -> None:
    python = wrapped(world.folder.parent / "bin", "os.umask(0)")
    scenes = [world.add(name, title=name.upper()) for name in "abc"]
    with somebody_holds(world.data_dir / "queue.lock"):
        world.hook(scenes[0], python=python)
    world.kill_background()
    world.hook(scenes[1], python=python)
    world.until(lambda: world.shown(scenes[1])["title"] == "B")
    world.plex.weather(503)
    world.hook(scenes[2], python=python)
    world.until(lambda: (world.data_dir / "circuit_breaker.json").exists())
    world.plex.weather("fine")
    world.task("process_queue", python=python)

    modes = {
        path.relative_to(world.data_dir).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [world.data_dir, *world.data_dir.rglob("*")]
    }

    assert {"queue", "queue/data.db", "drain.lock", "background.log", "spool"} <= modes.keys()
    open_to_others = {name: oct(mode) for name, mode in modes.items() if mode & 0o077}
    assert open_to_others == {}

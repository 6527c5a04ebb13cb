"""What befalls the queue's files costs no edit: not those before, not those meanwhile."""

import subprocess
from pathlib import Path

import pytest

from tests.invocation.circumstances import time_passes, wrapped
from tests.invocation.test_disk_full import NO_FILE_MAY_GROW
from tests.invocation.witness import answer_of, error_of, job, spooled
from tests.proof import disasters
from tests.proof.disasters import AS_ANY_USER, Day, Strike, read_only
from tests.servers.stash import PluginResult
from tests.world import World

long = pytest.mark.proof

SET_ASIDE = "was damaged and is set aside as queue/damaged-"

taken_away = pytest.mark.parametrize(
    "strike",
    [
        disasters.deleted,
        pytest.param(disasters.folder_moved, marks=long),
        pytest.param(disasters.older_copy, marks=long),
        pytest.param(disasters.older_content, marks=long),
    ],
)


@pytest.fixture
def day(world: World) -> Day:
    return Day(world).begin()


def next_invocation(day: Day, kind: str) -> PluginResult:
    """A hook, or a task by its mode."""
    return day.world.hook(day.later) if kind == "hook" else day.world.task(kind)


@pytest.mark.parametrize(
    ("damage", "kind"),
    [
        (disasters.bad_header, "process_queue"),
        (disasters.bad_page, "hook"),
        (disasters.truncated, "all"),
        pytest.param(disasters.bad_header, "queue_status", marks=long),
        pytest.param(disasters.bad_page, "clear_dlq", marks=long),
        pytest.param(disasters.truncated, "hook", marks=long),
    ],
)
def test_after_damage_while_nothing_ran_the_next_invocation_of_any_kind_brings_every_edit(
    day: Day, damage: Strike, kind: str
) -> None:
    day.strike_while_idle(damage)
    during = day.world.save(day.during, title="During")
    assert answer_of(during) == {"output": "spooled; background held off"}
    time_passes(day.world)

    result = next_invocation(day, kind)

    answer_of(result)
    day.world.until(lambda: day.shows("Old", "Held", "During", "Old"))
    told = day.world.background_log() + result.stderr.decode()
    assert told.count(SET_ASIDE) == 1
    day.world.until(lambda: not day.is_told())


@pytest.mark.parametrize(
    "strike",
    [
        disasters.bad_journal,
        disasters.deleted,
        disasters.older_content,
        pytest.param(disasters.bad_header, marks=long),
        pytest.param(disasters.truncated, marks=long),
        pytest.param(disasters.folder_deleted, marks=long),
        pytest.param(disasters.folder_moved, marks=long),
        pytest.param(disasters.older_copy, marks=long),
    ],
)
def test_what_befalls_the_queue_while_the_background_works_costs_no_edit(
    day: Day, strike: Strike
) -> None:
    day.strike_while_at_work(strike)

    during = day.world.save(day.during, title="During")

    assert answer_of(during)["output"].startswith(("recorded", "spooled"))
    day.world.until(lambda: day.shows("Held", "Held", "During", "Old"), within=30)
    day.world.until_drained()


@taken_away
def test_after_the_queue_was_taken_away_edits_are_recorded_and_reach_plex(
    day: Day, strike: Strike
) -> None:
    day.strike_while_idle(strike)
    time_passes(day.world)

    during = day.world.save(day.during, title="During")

    assert answer_of(during) == {"output": "recorded; background started"}
    day.world.until(lambda: day.world.shown(day.during)["title"] == "During")
    day.world.until_drained()


@taken_away
def test_an_edit_that_a_vanished_queue_held_reaches_plex(day: Day, strike: Strike) -> None:
    day.strike_while_idle(strike)
    time_passes(day.world)

    day.save_and_settle()

    assert day.shows("Old", "Held")


def test_edits_in_a_journal_that_is_damaged_while_nothing_runs_reach_plex(day: Day) -> None:
    day.leave_in_the_journal()
    disasters.bad_journal(day)

    day.save_and_settle()

    assert day.shows("Old", "Held")


@pytest.fixture
def modest(day: Day, tmp_path: Path) -> Day:
    """The plugin runs with the rights of any user."""
    day.world.python = wrapped(tmp_path / "bin", AS_ANY_USER)
    probe = tmp_path / "probe"
    probe.mkdir()
    with read_only(probe):
        code = f"open({str(probe / 'file')!r}, 'w')"
        if subprocess.run([day.world.python, "-c", code], stderr=subprocess.PIPE).returncode == 0:
            pytest.skip("this user may write where nobody may")
    return day


def test_an_edit_is_spooled_while_the_database_is_read_only(modest: Day) -> None:
    modest.strike_while_idle(lambda _: None)

    with read_only(disasters.file_of(modest)):
        during = modest.world.save(modest.during, title="During")

    assert answer_of(during) == {"output": "spooled; background held off"}
    assert spooled(modest.world) == [job(modest.during)]


def test_edits_before_and_while_the_database_was_read_only_reach_plex(modest: Day) -> None:
    modest.strike_while_idle(lambda _: None)
    with read_only(disasters.file_of(modest)):
        modest.world.save(modest.during, title="During")
    time_passes(modest.world)

    modest.world.hook(modest.later)

    modest.world.until(lambda: modest.shows("Old", "Held", "During"), within=5)
    modest.world.until(lambda: spooled(modest.world) == [])


def test_a_background_whose_database_becomes_read_only_goes_on_when_it_may_write(
    modest: Day,
) -> None:
    modest.world.hook(modest.known)
    modest.world.until_drained()

    with read_only(disasters.file_of(modest)):
        during = modest.world.save(modest.during, title="During")

    assert answer_of(during) == {"output": "spooled; background running"}
    modest.world.until(lambda: modest.shows("Old", "Old", "During"))


@long  # five seconds until it tries again
def test_a_background_that_started_on_a_read_only_database_goes_on_when_it_may_write(
    modest: Day,
) -> None:
    with read_only(disasters.file_of(modest)):
        modest.world.save(modest.during, title="During")
        modest.world.until(lambda: "waiting: the queue" in modest.world.background_log())

    modest.world.hook(modest.later)

    modest.world.until(lambda: modest.shows("Old", "Old", "During"))


def test_a_data_folder_that_takes_no_new_file_costs_no_edit(modest: Day) -> None:
    with read_only(modest.world.data_dir):
        during = modest.world.save(modest.during, title="During")

        assert answer_of(during) == {"output": "recorded; background started"}
        modest.world.until(lambda: modest.shows("Old", "Old", "During"))


def test_an_edit_in_a_data_folder_that_is_read_only_throughout_is_answered_with_what_to_do(
    modest: Day,
) -> None:
    """Nothing can be kept, and no process started that would remember: it must be said."""
    with read_only(*disasters.everything_in(modest)):
        during = modest.world.save(modest.during, title="During")

    told = error_of(during)
    assert "could not be recorded" in told
    assert told.endswith("make it writable and make room there; then run Reconcile Library (All), "
                         "for nothing knows of it")  # fmt: skip

    modest.world.task("recent")
    modest.world.until(lambda: modest.shows("Old", "Old", "During"))


@pytest.mark.parametrize("kind", ["all", "process_queue", "queue_status"])
def test_a_task_on_a_full_disk_says_so_and_the_next_hook_brings_every_edit(
    day: Day, kind: str, tmp_path: Path
) -> None:
    day.strike_while_idle(lambda _: None)
    time_passes(day.world)

    result = day.world.task(kind, python=wrapped(tmp_path / "bin", NO_FILE_MAY_GROW))

    assert error_of(result).startswith("the queue cannot be written: ")
    day.world.kill_background()
    day.world.hook(day.later)
    day.world.until(lambda: day.shows("Old", "Held"))

"""Which scenes a run looks at: all, those of the last 24 hours, or those of the last 7 days."""

from datetime import UTC, datetime

import pytest

from tests.reconciliation.reconciler import Reconciler, kinds
from tests.servers.stash.library import zone_of
from tests.worker.stage import Stage

HOUR = 3600
DAY = 24 * HOUR
ZONES = ["Z", "+00:00", "+14:00", "-12:00", "+05:45", "-03:30"]

AGES = {
    "future": -2 * HOUR,
    "now": 0,
    "a day": DAY,
    "more than a day": DAY + 1,
    "a week": 7 * DAY,
    "more than a week": 7 * DAY + 1,
    "a year": 365 * DAY,
}
"""By name: how many seconds ago a scene changed."""

SEEN = {
    "all": set(AGES),
    "recent": {"future", "now", "a day"},
    "recent_7days": {"future", "now", "a day", "more than a day", "a week"},
}


def add(stage: Stage, name: str, age: float, zone: str = "Z") -> int:
    """A scene that changed *age* seconds ago, by the clock on the wall of a zone."""
    moment = datetime.fromtimestamp(stage.clock.now() - age, UTC).astimezone(zone_of(zone))
    scene = stage.world.add(name.replace(" ", "-"), title=name)
    stage.world.stash.scene(scene).updated_at = moment.isoformat()
    return scene


def seen(stage: Stage, reconciler: Reconciler, scope: str) -> set[str]:
    """The titles of the scenes that a run enqueues: all are empty in Plex."""
    result = reconciler.run(scope)
    names = {stage.world.stash.scene(number).title for number in reconciler.queued()}
    assert result.scenes_checked == result.empty_metadata_count == len(names)
    assert result.is_complete
    return names


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("scope", SEEN)
def test_gap_05_a_window_is_exact_to_the_second_in_whatever_zone_stash_lives(
    stage: Stage, reconciler: Reconciler, scope: str, zone: str
) -> None:
    for name, age in AGES.items():
        add(stage, name, age, zone)

    assert seen(stage, reconciler, scope) == SEEN[scope]


@pytest.mark.parametrize(("before", "after"), [("+02:00", "+01:00"), ("-05:00", "-04:00")])
@pytest.mark.parametrize("scope", ["recent", "recent_7days"])
def test_gap_05_a_window_is_exact_across_a_change_of_daylight_saving(
    stage: Stage, reconciler: Reconciler, scope: str, before: str, after: str
) -> None:
    window = {"recent": DAY, "recent_7days": 7 * DAY}[scope]
    add(stage, "just outside, old offset", window + 1, before)
    add(stage, "just inside, old offset", window, before)
    add(stage, "just outside, new offset", window + 1, after)
    add(stage, "just inside, new offset", window, after)
    add(stage, "since the change", HOUR, after)

    assert seen(stage, reconciler, scope) == {
        "just inside, old offset",
        "just inside, new offset",
        "since the change",
    }


def test_gap_05_a_stash_that_moved_around_the_world_hides_nothing(
    stage: Stage, reconciler: Reconciler
) -> None:
    for n, zone in enumerate(ZONES):
        add(stage, f"inside {n}", DAY, zone)
        add(stage, f"outside {n}", DAY + 1, zone)

    assert seen(stage, reconciler, "recent") == {f"inside {n}" for n in range(len(ZONES))}


@pytest.mark.parametrize("ahead", [3 * DAY, -3 * DAY])
def test_gap_05_a_window_goes_by_the_clock_of_stash_and_not_by_ours(
    stage: Stage, reconciler: Reconciler, ahead: float
) -> None:
    stage.world.stash.now = lambda: datetime.fromtimestamp(stage.clock.now() + ahead, UTC)
    add(stage, "inside", DAY - ahead)
    add(stage, "outside", DAY - ahead + 1)

    assert seen(stage, reconciler, "recent") == {"inside"}


def test_gap_05_a_scene_whose_time_cannot_be_read_counts_as_recent(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", title="odd")
    stage.world.stash.scene(scene).updated_at = "some time last year"

    assert seen(stage, reconciler, "recent") == {"odd"}


def test_gap_05_a_renamed_tag_is_not_looked_for_beyond_the_window(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", title="A", tags=["old"])
    stage.clock.move(10)
    stage.sync(scene)
    stage.clock.move(2 * DAY)
    stage.world.stash.rename_tag("old", "new")

    assert kinds(reconciler.run("recent")) == {}
    assert kinds(reconciler.run("recent_7days")) == {"stale": 1}


def test_gap_05_a_week_is_a_week_when_runs_are_a_day_apart(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.world.add("a")

    checked = []
    for _ in range(9):
        checked.append(reconciler.count("recent_7days").scenes_checked)
        stage.clock.move(DAY)

    assert checked == [1] * 8 + [0]


@pytest.mark.parametrize("scope", SEEN)
def test_items_that_no_scene_has_are_looked_for_among_all_scenes_only(
    stage: Stage, reconciler: Reconciler, scope: str
) -> None:
    stranger = stage.world.plex.add_item("/data/stranger.mp4", 1000, stage.world.section)
    add(stage, "old", 30 * DAY)
    add(stage, "new", HOUR)

    reconciler.run(scope)

    assert set(reconciler.found("plex_only")) == ({stranger} if scope == "all" else set())


def test_more_scenes_than_stash_is_asked_for_at_once_are_all_seen_once(
    stage: Stage, reconciler: Reconciler
) -> None:
    for n in range(2050):
        age = HOUR if n % 2 else 30 * DAY
        add(stage, f"s{n}", age)

    recent = seen(stage, reconciler, "recent")
    everything = reconciler.count("all")

    assert recent == {f"s{n}" for n in range(1, 2050, 2)}
    assert everything.scenes_checked == everything.empty_metadata_count == 2050


def test_an_unknown_scope_is_an_error_of_the_caller(stage: Stage, reconciler: Reconciler) -> None:
    stage.world.add("a")

    with pytest.raises(KeyError):
        reconciler.run("yesterday")

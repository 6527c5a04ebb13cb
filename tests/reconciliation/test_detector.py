from collections.abc import Mapping
from typing import Any

import pytest

from domain.job import SceneId
from domain.plex_item import Value
from domain.scene import Scene, SceneFile
from reconciliation import GapDetector, GapResult, has_meaningful_metadata

NOON = "2027-01-15T12:00:00Z"
NOON_UTC = 1_800_014_400.0  # the same in Unix seconds
FILE = SceneFile("/data/a.mp4", 1000)


def scene(number: int = 1, **facts: Any) -> Scene:
    facts = {"updated_at": NOON, "studio": "Studio", "files": (FILE,), **facts}
    return Scene(id=SceneId(number), **facts)


def only(**facts: Any) -> Scene:
    """A scene with a file, a time, and nothing else but these facts."""
    return scene(**{"studio": "", **facts})


def empty(shown: Mapping[str, Value], *scenes: Scene) -> list[GapResult]:
    known = {one.id: shown for one in scenes}
    return GapDetector().detect_empty_metadata(scenes, known)


def stale(synced_at: float | None, *scenes: Scene, differing: tuple[int, ...] = ()) -> list[int]:
    times = {} if synced_at is None else {one.id: synced_at for one in scenes}
    different = [SceneId(number) for number in differing]
    return [gap.scene_id for gap in GapDetector().detect_stale_syncs(scenes, times, different)]


def missing(paths: set[str], *scenes: Scene, synced: tuple[int, ...] = ()) -> list[int]:
    times = {SceneId(number): NOON_UTC for number in synced}
    return [gap.scene_id for gap in GapDetector().detect_missing(scenes, times, paths)]


DESCRIPTIONS: list[dict[str, Any]] = [
    {"studio": "Studio"},
    {"performers": ("Ann",)},
    {"tags": ("red",)},
    {"details": "Something happens."},
    {"date": "2020"},
]
SHOWN: list[dict[str, Value]] = [
    {"studio": "Studio"},
    {"performers": ("Ann",)},
    {"tags": ("red",)},
    {"summary": "Something happens."},
    {"date": "2020-05-17"},
]


# What counts as described


@pytest.mark.parametrize("facts", DESCRIPTIONS)
def test_a_scene_is_described_by_any_one_of_five_fields(facts: dict[str, Any]) -> None:
    assert has_meaningful_metadata(only(**facts))


@pytest.mark.parametrize("facts", [{}, {"title": "A"}, {"rating100": 80}, {"groups": ("Series",)}])
def test_title_rating_and_groups_do_not_describe_a_scene(facts: dict[str, Any]) -> None:
    assert not has_meaningful_metadata(only(**facts))


@pytest.mark.parametrize("shown", SHOWN)
def test_an_item_is_described_by_any_one_of_five_fields(shown: dict[str, Value]) -> None:
    assert has_meaningful_metadata(shown)


@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"title": "a", "sort_title": "a", "rating": "8.0", "collection": ("Series",)},
        {"studio": "", "performers": (), "tags": (), "summary": "", "date": ""},
    ],
)
def test_an_item_with_nothing_of_the_five_is_not_described(shown: dict[str, Value]) -> None:
    assert not has_meaningful_metadata(shown)


# Empty


@pytest.mark.parametrize("facts", DESCRIPTIONS)
def test_gap_01_an_item_that_shows_nothing_of_a_described_scene_is_a_gap(
    facts: dict[str, Any],
) -> None:
    found = only(**facts)

    gaps = empty({"title": "a"}, found)

    assert [(gap.scene_id, gap.gap_type) for gap in gaps] == [(1, "empty_metadata")]
    assert gaps[0].scene_data is found
    assert gaps[0].reason == "Plex shows nothing of it"


@pytest.mark.parametrize("shown", SHOWN)
def test_gap_01_an_item_that_shows_one_field_is_not_empty(shown: dict[str, Value]) -> None:
    assert empty(shown, scene()) == []


def test_gap_01_a_scene_that_nobody_has_described_is_no_gap_however_empty_its_item() -> None:
    assert empty({}, only(title="A")) == []


def test_gap_01_a_scene_whose_item_is_confirmed_is_no_gap_for_its_emptiness_was_wanted() -> None:
    assert GapDetector().detect_empty_metadata([scene()], {}) == []


def test_gap_01_each_scene_is_judged_by_its_own_item() -> None:
    shown: dict[SceneId, Mapping[str, Value]] = {
        SceneId(1): {"tags": ("red",)},
        SceneId(2): {},
        SceneId(4): {},
    }

    gaps = GapDetector().detect_empty_metadata([scene(1), scene(2), scene(3)], shown)

    assert [gap.scene_id for gap in gaps] == [2]


# Stale


def test_gap_02_a_scene_that_changed_after_the_version_that_plex_shows_is_a_gap() -> None:
    found = scene()

    gaps = GapDetector().detect_stale_syncs([found], {SceneId(1): NOON_UTC - 1})

    assert gaps == [
        GapResult(SceneId(1), "stale_sync", found, "it changed in Stash after it was synced")
    ]


@pytest.mark.parametrize("later", [0, 1, 86_400])
def test_gap_02_a_scene_that_has_not_changed_since_is_in_step(later: int) -> None:
    assert stale(NOON_UTC + later, scene()) == []


def test_gap_02_a_scene_of_which_no_sync_is_known_is_never_stale() -> None:
    assert stale(None, scene()) == []


@pytest.mark.parametrize(
    "noon",
    [
        "2027-01-15T12:00:00+00:00",
        "2027-01-16T02:00:00+14:00",
        "2027-01-15T00:00:00-12:00",
        "2027-01-15T17:45:00+05:45",
        "2027-01-15T04:00:00-08:00",
    ],
)
def test_gap_02_times_are_compared_as_moments_in_whatever_zone_they_are_written(
    noon: str,
) -> None:
    assert stale(NOON_UTC, scene(updated_at=noon)) == []
    assert stale(NOON_UTC - 1, scene(updated_at=noon)) == [1]


def test_gap_02_the_hour_that_the_clocks_repeat_is_told_apart_by_its_offset() -> None:
    # In Berlin on 31 October 2027 both are "half past two".
    summer, winter = "2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00"

    assert stale(1_824_942_600.0, scene(1, updated_at=summer)) == []
    assert stale(1_824_942_600.0, scene(1, updated_at=winter)) == [1]
    assert stale(1_824_946_200.0, scene(1, updated_at=winter)) == []


@pytest.mark.parametrize("time", ["", "yesterday", "2027-01-15T12:00:00", "0000-00-00T00:00:00Z"])
def test_gap_02_a_time_that_is_none_does_not_make_a_scene_stale(time: str) -> None:
    assert stale(0.0, scene(updated_at=time)) == []


def test_gap_02_a_scene_whose_content_differs_is_stale_whatever_its_time() -> None:
    found = scene()

    gaps = GapDetector().detect_stale_syncs([found], {SceneId(1): NOON_UTC + 60}, {SceneId(1)})

    assert gaps == [GapResult(SceneId(1), "stale_sync", found, "Plex shows something else")]


def test_gap_02_content_that_differs_is_known_without_any_sync() -> None:
    assert stale(None, scene(1), scene(2), differing=(2,)) == [2]


def test_gap_02_a_scene_that_differs_and_is_newer_is_one_gap() -> None:
    assert stale(NOON_UTC - 60, scene(1), differing=(1,)) == [1]


# Missing


def test_gap_03_a_scene_none_of_whose_files_plex_has_is_a_gap() -> None:
    found = scene()

    gaps = GapDetector().detect_missing([found], {}, {"/data/b.mp4"})

    assert gaps == [GapResult(SceneId(1), "missing", found, "Plex has none of its files")]


def test_gap_03_a_scene_whose_file_plex_has_is_not_missing() -> None:
    assert missing({"/data/a.mp4"}, scene()) == []


def test_gap_03_one_file_of_several_is_enough() -> None:
    found = scene(files=(FILE, SceneFile("/data/b.mp4")))

    assert missing({"/data/b.mp4"}, found) == []
    assert missing({"/data/c.mp4"}, found) == [1]


def test_gap_03_a_scene_that_was_synced_to_an_item_that_is_there_is_never_missing() -> None:
    assert missing(set(), scene(1), scene(2), synced=(2,)) == [1]


def test_gap_03_a_scene_without_files_is_not_missing() -> None:
    assert missing(set(), scene(files=())) == []


def test_gap_03_paths_are_compared_as_they_are_spelled() -> None:
    assert missing({"/data/A.mp4", "/data/a.mp4x", "a.mp4"}, scene()) == [1]


# All three


def test_no_scenes_no_gaps() -> None:
    detector = GapDetector()

    assert detector.detect_empty_metadata([], {SceneId(1): {}}) == []
    assert detector.detect_stale_syncs([], {SceneId(1): 0.0}, {SceneId(1)}) == []
    assert detector.detect_missing([], {}, set()) == []


def test_gaps_come_in_the_order_of_the_scenes() -> None:
    scenes = [scene(number) for number in (3, 1, 2)]

    assert [gap.scene_id for gap in empty({}, *scenes)] == [3, 1, 2]
    assert stale(0.0, *scenes) == [3, 1, 2]
    assert missing(set(), *scenes) == [3, 1, 2]

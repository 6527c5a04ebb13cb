"""Finding scenes: ids, pages, sorts and filters."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import ask, data

FIND = """query($ids: [ID!], $f: FindFilterType, $w: SceneFilterType) {
  findScenes(ids: $ids, filter: $f, scene_filter: $w) {count scenes {id title}}}"""


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        yield server
        assert server.crashes == []


def ids_found(stash: LoopbackStash, **variables: Any) -> list[int]:
    return [int(each["id"]) for each in data(stash, FIND, **variables)["findScenes"]["scenes"]]


def failure(stash: LoopbackStash, **variables: Any) -> str:
    answer = ask(stash, FIND, variables)
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    return str(answer.json()["errors"][0]["message"])


def add(stash: LoopbackStash, count: int) -> list[int]:
    return [stash.add_scene(f"Scene {number}") for number in range(1, count + 1)]


def test_scenes_come_in_the_order_of_the_ids_that_were_asked_for(stash: LoopbackStash) -> None:
    add(stash, 5)

    assert ids_found(stash, ids=["4", "1", 3]) == [4, 1, 3]


def test_ids_make_filter_and_page_irrelevant(stash: LoopbackStash) -> None:
    add(stash, 5)

    found = ids_found(stash, ids=[2, 3], f={"per_page": 1, "page": 2}, w={"title": None})

    assert found == [2, 3]


def test_one_missing_id_fails_the_whole_query(stash: LoopbackStash) -> None:
    add(stash, 2)

    assert failure(stash, ids=[1, 99, 2]) == "scene with id 99 not found"


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("v0.30.1", "validating ids: duplicate id found: 1"),
        ("v0.29.3", "scene with id 1 not found"),
    ],
)
def test_a_duplicate_id_fails_the_whole_query(version: str, message: str) -> None:
    with LoopbackStash(version=version) as stash:
        add(stash, 2)

        assert failure(stash, ids=[1, 2, 1]) == message


def test_no_ids_at_all_mean_no_filter(stash: LoopbackStash) -> None:
    add(stash, 3)

    assert ids_found(stash, ids=[]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("find", "expected"),
    [
        ({}, list(range(1, 26))),
        ({"page": 2}, [26, 27]),
        ({"per_page": 0}, []),
        ({"per_page": -1}, list(range(1, 28))),
        ({"per_page": 10, "page": 3}, list(range(21, 28))),
        ({"per_page": 10, "page": 4}, []),
        ({"per_page": 2, "page": 0}, [1, 2]),
    ],
)
def test_a_page_has_25_unless_told_and_a_negative_size_means_all(
    stash: LoopbackStash, find: dict[str, int], expected: list[int]
) -> None:
    add(stash, 27)

    assert ids_found(stash, f=find) == expected
    assert data(stash, FIND, f=find)["findScenes"]["count"] == 27


def test_pages_drift_when_a_scene_goes_between_them(stash: LoopbackStash) -> None:
    add(stash, 6)
    first = ids_found(stash, f={"per_page": 3, "page": 1})
    stash.destroy(2)

    assert first + ids_found(stash, f={"per_page": 3, "page": 2}) == [1, 2, 3, 5, 6]


def test_an_unknown_sort_is_an_error(stash: LoopbackStash) -> None:
    assert failure(stash, f={"sort": "nonsense"}) == "invalid sort: nonsense"


def test_sorting_knows_direction_natural_order_and_nulls(stash: LoopbackStash) -> None:
    for title, rating in (("Part 10", 50), ("part 9", None), ("Part 1", 70)):
        stash.add_scene(title, rating100=rating)

    assert ids_found(stash, f={"sort": "id", "direction": "DESC"}) == [3, 2, 1]
    assert ids_found(stash, f={"sort": "title"}) == [3, 2, 1]
    assert ids_found(stash, f={"sort": "rating"}) == [2, 1, 3]
    assert ids_found(stash, f={"sort": "rating", "direction": "DESC"}) == [3, 1, 2]


def test_equal_keys_are_ordered_by_title(stash: LoopbackStash) -> None:
    for title in ("b", "c", "a"):
        stash.add_scene(title, updated_at="2024-01-01T00:00:00Z")

    assert ids_found(stash, f={"sort": "updated_at"}) == [3, 1, 2]
    assert ids_found(stash, f={"sort": "updated_at", "direction": "DESC"}) == [3, 1, 2]


@pytest.mark.parametrize(
    ("modifier", "expected"),
    [("GREATER_THAN", [3, 4]), ("LESS_THAN", [1]), ("EQUALS", [2]), ("NOT_EQUALS", [1, 3, 4])],
)
def test_ids_can_be_compared(stash: LoopbackStash, modifier: str, expected: list[int]) -> None:
    add(stash, 4)

    where = {"id": {"value": 2, "modifier": modifier}}

    assert ids_found(stash, w=where) == expected
    assert data(stash, FIND, w=where)["findScenes"]["count"] == len(expected)


def test_a_library_can_be_walked_by_id(stash: LoopbackStash) -> None:
    add(stash, 7)
    stash.destroy(3)
    walked: list[int] = []

    while True:
        where = {"id": {"value": walked[-1] if walked else 0, "modifier": "GREATER_THAN"}}
        page = ids_found(stash, w=where, f={"sort": "id", "direction": "ASC", "per_page": 2})
        if not page:
            break
        walked += page

    assert walked == [1, 2, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("modifier", "value", "matches"),
    [
        ("GREATER_THAN", "2024-06-01T11:59:59+02:00", True),
        ("GREATER_THAN", "2024-06-01T12:00:00+02:00", False),
        # The same instant and earlier ones in UTC: as text they are smaller by the offset.
        ("GREATER_THAN", "2024-06-01T10:00:01Z", True),
        ("LESS_THAN", "2024-06-01T10:30:00Z", False),
        ("GREATER_THAN", "2024-06-01 23:00:00", True),
        ("EQUALS", "2024-06-01T12:00:00+02:00", True),
        ("EQUALS", "2024-06-01T10:00:00Z", False),
    ],
)
def test_timestamps_are_compared_as_text(
    stash: LoopbackStash, modifier: str, value: str, matches: bool
) -> None:
    stash.timezone = "+02:00"
    stash.now = lambda: datetime(2024, 6, 1, 10, 0, 0, 900_000, tzinfo=UTC)
    stash.add_scene("Noon")

    found = ids_found(stash, w={"updated_at": {"value": value, "modifier": modifier}})

    assert found == ([1] if matches else [])


def test_between_without_an_end_lasts_until_tomorrow(stash: LoopbackStash) -> None:
    stash.add_scene("Today")
    where = {"updated_at": {"value": "2020-01-01", "modifier": "BETWEEN"}}

    assert ids_found(stash, w=where) == [1]


def test_times_are_printed_in_the_offset_they_were_stored_with(stash: LoopbackStash) -> None:
    stash.now = lambda: datetime(2024, 6, 1, 10, 0, 0, 900_000, tzinfo=UTC)
    stash.add_scene("UTC")
    stash.timezone = "-03:30"
    stash.add_scene("Elsewhere")

    scenes = data(stash, "{findScenes {scenes {updated_at}}}")["findScenes"]["scenes"]

    assert [each["updated_at"] for each in scenes] == [
        "2024-06-01T10:00:00Z", "2024-06-01T06:30:00-03:30",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("modifier", "value", "expected"),
    [
        ("EQUALS", "/data/a_b.mp4", [1, 2]),  # LIKE: _ is any sign
        ("EQUALS", "/DATA/A%", [1, 2]),
        ("EQUALS", "/data/a", []),
        ("INCLUDES", "axb movie", [2, 3]),
        ("INCLUDES", '"my movie"', [3]),
        ("EXCLUDES", "axb movie", [1]),
        ("MATCHES_REGEX", r"^/data/a.b\.mp4$", [1, 2]),
        ("IS_NULL", "", [4]),
    ],
)
def test_paths_are_found_as_stash_finds_them(
    stash: LoopbackStash, modifier: str, value: str, expected: list[int]
) -> None:
    for path in ("/data/a_b.mp4", "/data/axb.mp4", "/data/my movie.mp4"):
        stash.add_scene(files=[{"path": path}])
    stash.add_scene("no file", files=())

    assert ids_found(stash, w={"path": {"value": value, "modifier": modifier}}) == expected


def test_a_scene_is_found_by_any_of_its_files(stash: LoopbackStash) -> None:
    stash.add_scene(files=[{"path": "/data/a.mp4"}, {"path": "/other/b.mp4"}])

    assert ids_found(stash, w={"path": {"value": "/other/%", "modifier": "EQUALS"}}) == [1]


def test_conditions_can_be_joined(stash: LoopbackStash) -> None:
    for rating, organized in ((10, True), (20, False), (30, True)):
        stash.add_scene(rating100=rating, organized=organized)
    above = {"rating100": {"value": 15, "modifier": "GREATER_THAN"}}

    assert ids_found(stash, w={**above, "organized": True}) == [3]
    assert ids_found(stash, w={**above, "OR": {"organized": True}}) == [1, 2, 3]
    assert ids_found(stash, w={**above, "NOT": {"organized": True}}) == [2]
    assert ids_found(stash, w={**above, "AND": {"organized": True}}) == [3]


def test_scenes_are_found_by_what_they_refer_to_and_when_that_changed(
    stash: LoopbackStash,
) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    stash.now = lambda: moment
    stash.add_scene(tags=["a", "b"])
    stash.add_scene(tags=["b"])
    moment = datetime(2024, 2, 1, tzinfo=UTC)
    stash.rename_tag("a", "z")
    tag_id = str(stash.library.tags.named("z").id)
    since = {"updated_at": {"value": "2024-01-15", "modifier": "GREATER_THAN"}}

    assert ids_found(stash, w={"tags_filter": since}) == [1]
    assert ids_found(stash, w={"tags": {"value": [tag_id], "modifier": "INCLUDES"}}) == [1]
    assert ids_found(stash, w=since) == []


def test_tags_performers_studios_and_groups_are_found(stash: LoopbackStash) -> None:
    stash.add_scene(tags=["t2", "t10"], performers=["Ann"], studio="North", groups=["G"])

    found = data(
        stash,
        "{findTags {count tags {name scene_count}} findPerformers {performers {name}}"
        " findStudios {studios {name}} findGroups {groups {name}} findTag(id: 1) {name}}",
    )

    assert found["findTags"]["tags"] == [
        {"name": "t2", "scene_count": 1}, {"name": "t10", "scene_count": 1},
    ]  # fmt: skip
    assert found["findPerformers"]["performers"] == [{"name": "Ann"}]
    assert found["findStudios"]["studios"] == [{"name": "North"}]
    assert found["findGroups"]["groups"] == [{"name": "G"}]
    assert found["findTag"] == {"name": "t2"}

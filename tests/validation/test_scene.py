"""A scene from what Stash answers."""

from typing import Any

import pytest

from domain.errors import PermanentError
from domain.job import SceneId
from domain.scene import Scene, SceneFile
from validation.scene import parse_scene

FULL: dict[str, Any] = {
    "id": "42",
    "updated_at": "2024-06-01T12:00:00+02:00",
    "title": " A\ttitle\n",
    "details": "one\r\ntwo",
    "date": "2024-06-01",
    "rating100": 80,
    "studio": {"name": "Studio"},
    "performers": [{"name": "Ann"}, {"name": "Bob"}, {"name": " Ann "}, {"name": ""}],
    "tags": [{"name": "b"}, {"name": "a"}],
    "groups": [{"group": {"name": "G"}}],
    "files": [{"path": "/data/a.mp4", "size": 12}, {"path": "/data/b.mp4", "size": "13"}],
}


def test_every_field_arrives() -> None:
    assert parse_scene(FULL) == Scene(
        id=SceneId(42),
        updated_at="2024-06-01T12:00:00+02:00",
        title="A title",
        details="one\ntwo",
        date="2024-06-01",
        rating100=80,
        studio="Studio",
        performers=("Ann", "Bob"),
        tags=("b", "a"),
        groups=("G",),
        files=(SceneFile("/data/a.mp4", 12), SceneFile("/data/b.mp4", 13)),
    )


def test_a_scene_of_nothing_but_an_id_is_empty() -> None:
    assert parse_scene({"id": 7}) == Scene(SceneId(7), "")


@pytest.mark.parametrize("nothing", [None, "", []])
def test_absent_null_and_empty_are_the_same(nothing: object) -> None:
    fields = ("studio",) if nothing is None else ()
    lists = () if nothing == "" else ("performers", "tags", "groups", "files")
    texts = () if nothing == [] else ("title", "details", "date", "rating100", "updated_at")

    raw = {"id": "7"} | dict.fromkeys((*fields, *lists, *texts), nothing)

    assert parse_scene(raw) == Scene(SceneId(7), "")


def test_movies_of_an_older_stash_are_groups() -> None:
    raw = {"id": "7", "movies": [{"movie": {"name": "M"}}]}

    assert parse_scene(raw).groups == ("M",)


@pytest.mark.parametrize(
    ("stored", "date"),
    [("2024", "2024"), ("2024-06", "2024-06"), ("2024-13", ""), ("2023-02-29", ""), ("soon", "")],
)
def test_partial_dates_are_kept_and_impossible_ones_dropped(stored: str, date: str) -> None:
    assert parse_scene({"id": 7, "date": stored}).date == date


@pytest.mark.parametrize(("stored", "rating"), [(0, 0), (100, 100), (130, 100), (-5, 0)])
def test_ratings_stay_between_0_and_100(stored: int, rating: int) -> None:
    assert parse_scene({"id": 7, "rating100": stored}).rating100 == rating


@pytest.mark.parametrize("size", [None, ""])
def test_a_size_may_be_unknown(size: object) -> None:
    raw = {"id": 7, "files": [{"path": "/a", "size": size}, {"path": "/b"}, {"path": ""}]}

    assert parse_scene(raw).files == (SceneFile("/a"), SceneFile("/b"))


def test_a_path_is_kept_to_the_letter() -> None:
    path = "/data/ e\u0301\t.mp4 "

    assert parse_scene({"id": 7, "files": [{"path": path}]}).files[0].path == path


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 5),
        ("details", ["x"]),
        ("rating100", "high"),
        ("studio", "Studio"),
        ("performers", {"name": "Ann"}),
        ("performers", ["Ann"]),
        ("tags", [None]),
        ("files", [{"path": "/a", "size": {}}]),
        ("groups", [{"group": "G"}]),
    ],
)
def test_a_broken_document_is_refused_by_the_name_of_the_scene(field: str, value: object) -> None:
    with pytest.raises(PermanentError, match=r"^scene 42: Stash sent something unreadable as its"):
        parse_scene(FULL | {field: value})


@pytest.mark.parametrize("identity", [None, "", "x", 0, "-3"])
def test_a_scene_without_an_id_is_refused(identity: object) -> None:
    with pytest.raises(PermanentError):
        parse_scene({"id": identity})

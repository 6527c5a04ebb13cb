"""What a scene wishes Plex to show, and which setting governs it."""

import pytest

from domain.plex_item import Value
from plex.fields import FIELDS, as_number, content_hash, full_date, remarks, wish
from plex.text import weight
from tests.plex.samples import scene, settings

FULL = scene(
    title="A title",
    details="First line\nsecond line",
    date="2020-05-17",
    rating100=75,
    studio="Studio",
    performers=("Jane", "Joe"),
    tags=("Outdoor", "Night"),
    groups=("Trilogy",),
)

EXPECTED: dict[str, Value] = {
    "title": "A title",
    "sort_title": "A title",
    "studio": "Studio",
    "summary": "First line\nsecond line",
    "date": "2020-05-17",
    "rating": "7.5",
    "performers": ("Jane", "Joe"),
    "tags": ("Outdoor", "Night"),
    "collection": ("Studio",),
}


def test_every_field_is_wished_by_default() -> None:
    assert wish(FULL, settings()) == EXPECTED


@pytest.mark.parametrize("name", [spec.name for spec in FIELDS])
def test_a_field_whose_setting_is_off_is_not_wished(name: str) -> None:
    wished = wish(FULL, settings(**{f"sync_{name}": False}))

    assert wished == {key: value for key, value in EXPECTED.items() if key != name}


def test_groups_become_collections_if_asked_for() -> None:
    assert wish(FULL, settings(collect_groups=True))["collection"] == ("Studio", "Trilogy")


def test_what_stash_does_not_have_is_wished_empty() -> None:
    wished = wish(scene(title="t"), settings())

    assert wished["summary"] == wished["date"] == wished["rating"] == wished["studio"] == ""
    assert wished["tags"] == wished["performers"] == wished["collection"] == ()


def test_a_title_is_never_wished_away() -> None:
    wished = wish(scene(title=""), settings())

    assert "title" not in wished
    assert "sort_title" not in wished


@pytest.mark.parametrize(
    ("stash", "plex"),
    [
        ("2020", "2020-01-01"),
        ("2020-05", "2020-05-01"),
        ("2020-05-17", "2020-05-17"),
        ("2024-02-29", "2024-02-29"),
        ("2023-02-29", None),
        ("2020-13", None),
        ("soon", None),
        ("٢٠٢٠", None),
        ("2020-05-17T00:00", None),
    ],
)
def test_a_date_is_whole_for_plex(stash: str, plex: str | None) -> None:
    assert full_date(stash) == plex


def test_what_is_no_date_is_left_out_and_said() -> None:
    strange = scene(date="yesterday")

    assert "date" not in wish(strange, settings())
    assert remarks(strange, settings()) == ("date left as it is in Plex: Stash's is no date",)


@pytest.mark.parametrize(("rating100", "shown"), [(0, "0.0"), (77, "7.7"), (100, "10.0")])
def test_a_rating_reads_as_plex_prints_it(rating100: int, shown: str) -> None:
    assert wish(scene(rating100=rating100), settings())["rating"] == shown


@pytest.mark.parametrize(
    ("text", "number"), [("8", "8.0"), ("7.50", "7.5"), ("7.25", "7.25"), ("", ""), ("x", "x")]
)
def test_a_number_has_one_spelling(text: str, number: str) -> None:
    assert as_number(text) == number


def test_names_are_tidied_and_not_repeated() -> None:
    untidy = scene(tags=(" a  b ", "A B", "", " ", "c;d", "e,f", 'say "hi"'))

    assert wish(untidy, settings())["tags"] == ("a b", "c;d", "e,f", 'say "hi"')


def test_tags_beyond_the_limit_are_left_out_and_said() -> None:
    many = scene(tags=tuple(f"tag {n}" for n in range(300)))

    assert len(wish(many, settings(max_tags=50))["tags"]) == 50
    assert remarks(many, settings(max_tags=50)) == ("250 of 300 tags left out: max_tags",)


def test_the_limit_of_tags_is_none_for_performers() -> None:
    crowd = scene(performers=tuple(f"p{n}" for n in range(60)))

    assert len(wish(crowd, settings(max_tags=50))["performers"]) == 60


@pytest.mark.parametrize("filling", ["lorem ipsum ", "中文", "🎬🏳️‍🌈", "שלום "])
def test_a_summary_that_fits_no_edit_is_cut_and_said(filling: str) -> None:
    endless = scene(details=(filling * 10_000)[:10_000])

    summary = wish(endless, settings())["summary"]

    assert isinstance(summary, str)
    assert summary.endswith("…")
    assert weight(summary) <= 6800
    assert remarks(endless, settings()) == ("summary shortened to fit into an edit of Plex",)


def test_an_ordinary_scene_calls_for_no_remark() -> None:
    assert remarks(FULL, settings()) == ()


def test_the_hash_tells_wishes_apart_and_nothing_else() -> None:
    one = wish(FULL, settings())
    shuffled = dict(reversed(list(one.items())))

    assert content_hash(one) == content_hash(shuffled)
    assert content_hash(one) != content_hash(one | {"tags": ("Outdoor",)})

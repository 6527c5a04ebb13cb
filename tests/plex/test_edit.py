"""A plan as edits: what they say, and how they are split."""

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.plex_item import Value
from plex.edit import ROOM, edit_queries
from plex.fields import wish
from plex.names import Difference
from plex.plan import Plan, make_plan
from plex.text import cut, encoded
from tests.plex.model import edited
from tests.plex.samples import item, scene
from tests.plex.samples import settings as config


def test_an_empty_plan_needs_no_edit() -> None:
    assert edit_queries(Plan({}, locks=("title",))) == ()


def test_a_plan_of_usual_size_is_one_edit() -> None:
    plan = Plan(
        {"title": "A title", "tags": Difference(("a", "b"), ("a", "b"), ("old",))},
        locks=("studio",),
    )

    assert edit_queries(plan) == (
        (
            ("title.value", "A title"),
            ("title.locked", "1"),
            ("studio.locked", "1"),
            ("genre[0].tag.tag", "a"),
            ("genre[1].tag.tag", "b"),
            ("genre[].tag.tag-", "old"),
            ("genre.locked", "1"),
        ),
    )


def test_performers_are_actors_and_dates_and_ratings_have_plexs_names() -> None:
    plan = Plan(
        {"date": "2020-01-01", "rating": "7.5", "performers": Difference(("Jane",), ("Jane",))}
    )

    assert dict(edit_queries(plan)[0]) == {
        "originallyAvailableAt.value": "2020-01-01",
        "originallyAvailableAt.locked": "1",
        "userRating.value": "7.5",
        "userRating.locked": "1",
        "actor[0].tag.tag": "Jane",
        "actor.locked": "1",
    }


def test_a_text_is_cleared_by_an_empty_value_that_is_locked() -> None:
    assert edit_queries(Plan({"summary": ""})) == (
        (("summary.value", ""), ("summary.locked", "1")),
    )


def test_names_that_go_are_encoded_twice_so_that_commas_do_not_part_them() -> None:
    ((removal, _),) = edit_queries(Plan({"tags": Difference((), removed=("a,b", "c d", "é"))}))

    assert removal == ("genre[].tag.tag-", "a%2Cb,c%20d,%C3%A9")
    assert encoded([removal]) == "genre%5B%5D.tag.tag-=a%252Cb%2Cc%2520d%2C%25C3%25A9"


def test_a_long_plan_sends_texts_first_and_then_the_lists() -> None:
    tags = tuple(f"tag number {n}" for n in range(60))
    plan = Plan({"tags": Difference(tags, tags), "summary": "x" * 6000, "studio": "S"})

    first, second = edit_queries(plan)

    assert [name for name, _ in first][::2] == ["summary.value", "studio.value"]
    assert {name.split("[")[0] for name, _ in second} == {"genre", "genre.locked"}


def test_300_tags_take_as_many_edits_as_needed_and_each_counts_from_0() -> None:
    tags = tuple(f"a tag with a name {n}" for n in range(300))

    queries = edit_queries(Plan({"tags": Difference(tags, tags, ("old",))}))

    assert len(queries) > 1
    assert all(len(encoded(query)) <= ROOM for query in queries)
    assert {(q[0][0], q[-1][0]) for q in queries} == {("genre[0].tag.tag", "genre.locked")}
    shown = item({"tags": ("old", "mine")})
    for query in queries:
        shown = edited(shown, query, "additive")
    assert set(shown.values["tags"]) == {*tags, "mine"}


@pytest.mark.parametrize("letter", ["x", "é", "中", "🎬", " "])
def test_the_longest_texts_and_names_that_a_wish_holds_fit_into_edits(letter: str) -> None:
    endless = "a" + letter * 20_000
    huge = scene(
        title=endless, details=endless, studio=endless, tags=(endless + "1",), performers=(endless,)
    )

    queries = edit_queries(make_plan(item(), wish(huge, config()), None, preserve_edits=False))

    assert all(len(encoded(query)) <= ROOM for query in queries)


pieces = st.text(max_size=40).map(lambda text: cut(text, 150))
name_lists = st.lists(pieces.filter(bool), max_size=30, unique=True).map(tuple)
plans = st.builds(
    lambda texts, lists, locks: Plan({**texts, **lists}, locks=tuple(locks)),
    st.dictionaries(st.sampled_from(["title", "studio", "summary", "date"]), pieces),
    st.dictionaries(
        st.sampled_from(["tags", "performers", "collection"]),
        st.builds(
            lambda final, gone: Difference(final, final, gone), name_lists, name_lists
        ).filter(bool),
    ),
    st.sets(st.sampled_from(["rating", "sort_title"])),
)


@settings(deadline=None)
@given(plan=plans, room=st.integers(min_value=800, max_value=8000))
def test_every_edit_fits_and_together_they_say_all_of_the_plan(plan: Plan, room: int) -> None:
    queries = edit_queries(plan, room=room)

    assert all(0 < len(encoded(query)) <= room for query in queries)
    assert all(len(dict(query)) == len(query) for query in queries)
    before = item({"tags": ("user's",)})
    shown = before
    for query in queries:
        on_the_wire = parse_qsl(encoded(query), keep_blank_values=True, strict_parsing=True)
        assert on_the_wire == [(n, v.encode(errors="replace").decode()) for n, v in query]
        shown = edited(shown, query, "additive")
    assert shown.locked == ({*plan.changes, *plan.locks} if plan.changes else set())
    for name, change in plan.changes.items():
        value: Value = shown.values.get(name, ())
        if isinstance(change, Difference):
            assert set(change.final) <= set(value)
        else:
            assert value == change


@given(plan=plans)
def test_a_plan_that_fits_is_one_edit(plan: Plan) -> None:
    assert len(edit_queries(plan, room=1_000_000)) == (not plan.is_empty)

"""A plan, carried out in either kind of Plex, leads to the wish and leaves nothing to do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ledger import FieldMemory
from domain.plex_item import PlexItem, Value
from plex.edit import edit_queries
from plex.fields import FIELDS
from plex.plan import Plan, make_plan
from plex.text import name_key
from tests.plex.model import TagMode, edited
from tests.plex.samples import entry, item

TRICKY = [";", ",", "%", "%2C", '"', "'", "[0]", "&", "=", "+", "/", "é", "e\u0301", "🏳️‍🌈", "שלום"]

texts = st.lists(st.sampled_from(["a", "B", " ", "\n", *TRICKY]), max_size=6).map("".join)
# Stash's names and the user's are told apart by their first letter.
ours = st.lists(st.sampled_from(TRICKY), max_size=3).map(lambda parts: "s" + "".join(parts))
users = st.lists(st.sampled_from(TRICKY), max_size=3).map(lambda parts: "u" + "".join(parts))


def names(one: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(one, max_size=5, unique_by=name_key).map(tuple)


def values(one: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Value]]:
    return st.fixed_dictionaries(
        {spec.name: names(one) if spec.holds_names else texts for spec in FIELDS}
    )


def carried_out(plan: Plan, on: PlexItem, mode: TagMode) -> PlexItem:
    for query in edit_queries(plan):
        on = edited(on, query, mode)
    return on


def keys(value: Value) -> set[str]:
    return {name_key(name) for name in value}


@pytest.mark.parametrize("mode", ["additive", "replace"])
@settings(deadline=None)
@given(start=values(users), wishes=st.lists(values(ours), min_size=1, max_size=4))
def test_plex_follows_every_wish_and_the_users_names_survive(
    mode: TagMode, start: dict[str, Value], wishes: list[dict[str, Value]]
) -> None:
    shown = item(start)
    fields: dict[str, FieldMemory] = {}
    for wish in wishes:
        known = entry(fields) if fields else None
        plan = make_plan(shown, wish, known, preserve_edits=False)
        ever_written = {name: bool(fields.get(name)) for name in wish}
        before, shown, fields = shown, carried_out(plan, shown, mode), dict(plan.fields)

        for name, wished in wish.items():
            if isinstance(wished, tuple):
                assert keys(shown.values[name]) == keys(wished) | keys(start[name])
            elif wished or ever_written[name]:
                assert shown.values[name] == wished
            else:
                assert shown.values[name] == before.values[name]
        again = make_plan(shown, wish, entry(fields), preserve_edits=False)
        assert again.is_empty
        assert set(plan.changes) <= shown.locked


@pytest.mark.parametrize("mode", ["additive", "replace"])
@settings(deadline=None)
@given(start=values(users), first=values(ours), second=values(ours))
def test_dying_between_the_write_and_the_ledger_changes_nothing(
    mode: TagMode, start: dict[str, Value], first: dict[str, Value], second: dict[str, Value]
) -> None:
    plan = make_plan(item(start), first, None, preserve_edits=True)
    shown = carried_out(plan, item(start), mode)
    orphaned = entry({}, dict(plan.intent))

    after = carried_out(make_plan(shown, second, orphaned, preserve_edits=True), shown, mode)

    for name, wished in second.items():
        if isinstance(wished, tuple):
            assert keys(after.values[name]) == keys(wished) | keys(start[name])
        elif name in plan.changes:
            assert after.values[name] == wished


@settings(deadline=None)
@given(start=values(users), wish=values(ours), edits=values(users))
def test_what_a_user_locked_is_never_touched_if_edits_are_preserved(
    start: dict[str, Value], wish: dict[str, Value], edits: dict[str, Value]
) -> None:
    plan = make_plan(item(start), wish, None, preserve_edits=True)
    texts = tuple(name for name, value in edits.items() if isinstance(value, str))
    edited_by_user = item(edits, locked=texts)

    again = make_plan(edited_by_user, wish, entry(dict(plan.fields)), preserve_edits=True)

    for name in texts:
        shown = " ".join(str(edits[name]).split())
        if shown and shown != " ".join(str(wish[name]).split()):
            assert name not in again.changes

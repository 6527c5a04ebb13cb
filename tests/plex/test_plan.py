"""What has to be written, told from what Plex shows, Stash wishes and the ledger knows."""

import pytest

from domain.ledger import FieldMemory
from domain.plex_item import Value
from tests.plex.samples import planned as plan


def test_what_differs_is_written_and_remembered_as_written() -> None:
    made = plan({"title": "file name"}, {"title": "A title"})

    assert made.changes == {"title": "A title"}
    assert made.fields == {"title": FieldMemory("A title", tries=1)}
    assert made.intent == {"title": ("A title",)}


def test_what_is_as_wished_is_not_written_but_remembered() -> None:
    made = plan({"title": "A title"}, {"title": "A title"})

    assert made.is_empty
    assert made.fields == {"title": FieldMemory("A title", "A title")}


def test_what_is_as_wished_but_not_locked_is_locked_along_with_a_change() -> None:
    wish: dict[str, Value] = {"title": "A title", "studio": "S", "summary": ""}

    made = plan({"title": "x", "studio": "S"}, wish)

    assert made.locks == ("studio",)


def test_a_missing_lock_is_no_reason_to_write() -> None:
    assert plan({"studio": "S"}, {"studio": "S"}).is_empty


def test_what_is_locked_is_not_locked_again() -> None:
    made = plan({"title": "x", "studio": "S"}, {"title": "t", "studio": "S"}, locked=("studio",))

    assert made.locks == ()


def test_memory_of_a_field_that_is_switched_off_is_kept() -> None:
    memory = {"studio": FieldMemory("S", "S")}

    assert plan({}, {"title": "t"}, memory).fields["studio"] == FieldMemory("S", "S")


@pytest.mark.parametrize("shown", ["written by someone", "from the agent"])
def test_what_stash_never_had_is_not_cleared(shown: str) -> None:
    made = plan({"summary": shown}, {"summary": ""})

    assert made.is_empty
    assert made.fields == {}


def test_what_we_wrote_is_cleared_when_stash_clears_it() -> None:
    made = plan({"summary": "ours"}, {"summary": ""}, {"summary": FieldMemory("ours", "ours")})

    assert made.changes == {"summary": ""}


def test_what_we_wrote_just_before_we_died_is_cleared_too() -> None:
    made = plan({"summary": "ours"}, {"summary": ""}, intent={"summary": ("ours",)})

    assert made.changes == {"summary": ""}


def test_a_clearing_is_repeated_once_and_then_left() -> None:
    first = plan({"date": "2020-01-01"}, {"date": ""}, {"date": FieldMemory("2020-01-01")})
    second = plan({"date": "2020-01-01"}, {"date": ""}, dict(first.fields))
    third = plan({"date": "2020-01-01"}, {"date": ""}, dict(second.fields))
    fourth = plan({"date": "2020-01-01"}, {"date": ""}, dict(third.fields))

    assert first.changes == second.changes == {"date": ""}
    assert third.is_empty
    assert len(third.notes) == 1
    assert fourth.is_empty
    assert not fourth.notes


def test_what_the_user_wrote_into_a_cleared_field_stays() -> None:
    made = plan({"summary": "user's"}, {"summary": ""}, {"summary": FieldMemory("", "")})

    assert made.is_empty


def test_a_value_that_plex_normalises_is_not_rewritten() -> None:
    made = plan({"title": "A"}, {"title": "a!"}, {"title": FieldMemory("a!", "A")})

    assert made.is_empty


def test_a_value_that_never_becomes_as_wished_is_written_twice_then_noted_then_left() -> None:
    wish: dict[str, Value] = {"title": "a!"}
    first = plan({"title": "x"}, wish)
    second = plan({"title": "A"}, wish, dict(first.fields))
    third = plan({"title": "A"}, wish, dict(second.fields))
    fourth = plan({"title": "A"}, wish, dict(third.fields))

    assert [p.is_empty for p in (first, second, third, fourth)] == [False, False, True, True]
    assert third.notes == ("title: Plex shows it differently; left until it changes in Stash",)
    assert fourth.notes == ()


def test_only_blanks_lost_on_the_way_are_no_reason_to_try_again() -> None:
    wish: dict[str, Value] = {"summary": "one\ntwo"}
    first = plan({"summary": ""}, wish)
    second = plan({"summary": "one two"}, wish, dict(first.fields))

    assert second.is_empty
    assert not second.notes


def test_a_new_wish_is_written_whatever_became_of_the_last() -> None:
    made = plan({"title": "A"}, {"title": "b!"}, {"title": FieldMemory("a!", "A")})

    assert made.changes == {"title": "b!"}


def test_drift_in_plex_is_written_over() -> None:
    made = plan({"title": "agent's"}, {"title": "ours"}, {"title": FieldMemory("ours", "ours")})

    assert made.changes == {"title": "ours"}
    assert made.fields == {"title": FieldMemory("ours", "ours", 1)}


def test_drift_ends_where_plex_normalises_as_before() -> None:
    drifted = plan({"title": "agent's"}, {"title": "a!"}, {"title": FieldMemory("a!", "A")})
    after = plan({"title": "A"}, {"title": "a!"}, dict(drifted.fields))

    assert not drifted.is_empty
    assert after.is_empty


def test_somebody_who_changes_a_value_for_ever_is_not_fought_for_ever() -> None:
    fields = {"title": FieldMemory("ours", "ours")}
    writes = 0
    for _ in range(9):
        made = plan({"title": "theirs"}, {"title": "ours"}, fields)
        fields = dict(made.fields)
        writes += not made.is_empty

    assert writes == 2


def test_a_locked_text_that_is_not_ours_stays_if_edits_are_preserved() -> None:
    made = plan(
        {"title": "user's"},
        {"title": "ours"},
        {"title": FieldMemory("ours", "ours")},
        locked=("title",),
        preserve_edits=True,
    )

    assert made.is_empty
    assert made.notes == ("title: edited in Plex, so it stays",)
    assert made.fields == {"title": FieldMemory("ours", "ours")}


def test_a_locked_text_at_first_contact_is_the_users() -> None:
    made = plan({"title": "user's"}, {"title": "ours"}, locked=("title",), preserve_edits=True)

    assert made.is_empty


def test_an_unlocked_text_is_nobodys_edit() -> None:
    assert not plan({"title": "agent's"}, {"title": "ours"}, preserve_edits=True).is_empty


@pytest.mark.parametrize(
    ("shown", "memory"),
    [
        ("old", FieldMemory("old")),
        ("old", FieldMemory("old", "old")),
        ("Old!", FieldMemory("old", "Old!")),
        ("one two", FieldMemory("one\ntwo")),
    ],
)
def test_what_we_wrote_ourselves_is_no_edit_to_be_preserved(
    shown: str, memory: FieldMemory
) -> None:
    made = plan(
        {"title": shown},
        {"title": "new"},
        {"title": memory},
        locked=("title",),
        preserve_edits=True,
    )

    assert made.changes == {"title": "new"}


def test_what_we_wrote_before_we_died_is_no_edit_to_be_preserved() -> None:
    made = plan(
        {"title": "old"},
        {"title": "new"},
        intent={"title": ("old",)},
        locked=("title",),
        preserve_edits=True,
    )

    assert made.changes == {"title": "new"}


def test_a_field_the_user_emptied_and_locked_stays_empty_if_edits_are_preserved() -> None:
    made = plan(
        {"summary": ""},
        {"summary": "ours"},
        {"summary": FieldMemory("ours", tries=1)},
        locked=("summary",),
        preserve_edits=True,
    )

    assert made.is_empty


def test_stash_wins_over_a_users_edit_by_default() -> None:
    assert not plan({"title": "user's"}, {"title": "ours"}, locked=("title",)).is_empty

"""Which tags, performers and collections are added and removed, and whose the others are."""

from domain.ledger import FieldMemory
from domain.plex_item import Value
from plex.names import Difference
from tests.plex.samples import planned as plan


def test_missing_tags_are_added_to_the_users_own() -> None:
    made = plan({"tags": ("mine",)}, {"tags": ("a", "b")})

    assert made.changes == {"tags": Difference(("a", "b", "mine"), added=("a", "b"))}
    assert made.intent == {"tags": ("a", "b")}


def test_a_tag_removed_in_stash_is_removed_in_plex() -> None:
    made = plan({"tags": ("a", "b", "mine")}, {"tags": ("a",)}, {"tags": FieldMemory(("a", "b"))})

    assert made.changes == {"tags": Difference(("a", "mine"), removed=("b",))}


def test_the_last_tag_removed_in_stash_is_removed_too() -> None:
    made = plan({"tags": ("a",)}, {"tags": ()}, {"tags": FieldMemory(("a",), ("a",))})

    assert made.changes == {"tags": Difference((), removed=("a",))}


def test_at_first_contact_what_both_sides_have_is_ours() -> None:
    first = plan({"tags": ("a", "mine")}, {"tags": ("a",)})
    later = plan({"tags": ("a", "mine")}, {"tags": ()}, dict(first.fields))

    assert first.is_empty
    assert later.changes == {"tags": Difference(("mine",), removed=("a",))}


def test_a_tag_that_was_about_to_be_written_when_we_died_is_ours() -> None:
    made = plan({"tags": ("a",)}, {"tags": ()}, intent={"tags": ("a",)})

    assert made.changes == {"tags": Difference((), removed=("a",))}


def test_the_old_studios_collection_is_left_and_the_users_own_kept() -> None:
    made = plan(
        {"collection": ("Old", "Favourites")},
        {"collection": ("New",)},
        {"collection": FieldMemory(("Old",), ("Old", "Favourites"))},
    )

    assert made.changes == {
        "collection": Difference(("New", "Favourites"), added=("New",), removed=("Old",))
    }


def test_a_tag_that_plex_never_shows_is_written_twice_and_then_left() -> None:
    wish: dict[str, Value] = {"tags": ("a;b",)}
    fields: dict[str, FieldMemory] = {}
    writes = []
    for _ in range(5):
        made = plan({"tags": ("a b",)}, wish, fields)
        fields = dict(made.fields)
        writes.append(not made.is_empty)

    assert writes == [True, True, False, False, False]


def test_a_tag_given_up_on_stays_so_when_the_user_adds_others() -> None:
    given_up = {"tags": FieldMemory(("a;b",), ("a b",))}

    assert plan({"tags": ("a b", "mine")}, {"tags": ("a;b",)}, given_up).is_empty


def test_a_tag_given_up_on_does_not_keep_others_from_going() -> None:
    given_up = {"tags": FieldMemory(("a;b",), ("a b", "x"))}

    made = plan({"tags": ("a b", "x")}, {"tags": ("a;b",)}, given_up, intent={"tags": ("x",)})

    change = made.changes["tags"]
    assert isinstance(change, Difference)
    assert change.removed == ("x",)


def test_a_tag_the_user_takes_away_comes_back() -> None:
    made = plan({"tags": ()}, {"tags": ("a",)}, {"tags": FieldMemory(("a",), ("a",))})

    assert made.changes == {"tags": Difference(("a",), added=("a",))}


def test_an_unlocked_list_that_is_as_wished_is_locked_along() -> None:
    made = plan({"title": "x", "tags": ("a",)}, {"title": "t", "tags": ("a",)})

    assert made.locks == ("tags",)

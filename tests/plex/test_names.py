"""Lists of names compared."""

from plex.names import Difference, compare


def test_equal_lists_do_not_differ() -> None:
    assert not compare(("a", "b"), ("a", "b"), ())


def test_order_and_case_are_no_difference() -> None:
    assert not compare(("B", "A "), ("a", "b"), ("a", "b"))


def test_what_is_missing_is_added_and_the_users_own_stays() -> None:
    difference = compare(("mine",), ("a", "b"), ())

    assert difference == Difference(final=("a", "b", "mine"), added=("a", "b"))


def test_what_was_ours_and_is_not_wished_goes() -> None:
    difference = compare(("a", "old", "mine"), ("a",), ("a", "old"))

    assert difference == Difference(final=("a", "mine"), removed=("old",))


def test_what_goes_is_named_as_plex_spells_it() -> None:
    assert compare(("OLD",), (), ("old",)).removed == ("OLD",)


def test_a_name_that_plex_spells_otherwise_keeps_its_spelling_in_the_list() -> None:
    assert compare(("BLUE",), ("blue", "red"), ("blue",)).final == ("BLUE", "red")


def test_a_name_respelled_in_stash_since_we_wrote_it_is_replaced() -> None:
    difference = compare(("blue",), ("Blue",), ("blue",))

    assert difference == Difference(final=("Blue",), added=("Blue",), removed=("blue",))


def test_a_name_plex_shows_twice_is_not_taken_for_two() -> None:
    difference = compare(("Blue", "blue"), ("Blue",), ("blue",))

    assert difference == Difference(final=("Blue",), added=("Blue",), removed=("blue",))

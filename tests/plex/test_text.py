"""How texts are measured in a URL and shortened."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.text import ELLIPSIS, cut, encoded, name_key, weight


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert cut("short", 5) == "short"


def test_a_text_that_does_not_fit_ends_with_an_ellipsis() -> None:
    assert cut("one two three four", 21) == "one two" + ELLIPSIS


@pytest.mark.parametrize("family", ["👨‍👩‍👧", "❤️", "e\u0301"])
def test_nothing_is_left_that_would_bind_to_the_ellipsis(family: str) -> None:
    text = "x" + family * 50

    shortened = cut(text, 60)

    assert shortened[-2] not in "\u200d\ufe0f"
    assert text.startswith(shortened[:-1])
    assert not text[len(shortened) - 1].startswith(("\u0301", "\ufe0f", "\u200d"))


@given(st.text(), st.integers(min_value=9, max_value=200))
def test_a_cut_text_weighs_no_more_than_allowed(text: str, limit: int) -> None:
    assert weight(cut(text, limit)) <= limit


def test_a_query_is_encoded_as_plex_itself_does_it() -> None:
    query = [("genre[0].tag.tag", "a b/c;d,e&f=ü")]

    assert encoded(query) == "genre%5B0%5D.tag.tag=a%20b%2Fc%3Bd%2Ce%26f%3D%C3%BC"


def test_half_a_surrogate_does_no_harm() -> None:
    assert encoded([("title.value", "a\ud800b")]) == "title.value=a%3Fb"


@pytest.mark.parametrize("other", ["blue sky", " Blue  Sky ", "BLUE SKY", "Blue\u00a0Sky"])
def test_names_are_the_same_without_regard_to_case_and_blanks(other: str) -> None:
    assert name_key(other) == name_key("Blue Sky")


def test_names_are_the_same_in_either_unicode_form() -> None:
    assert name_key("Ame\u0301lie") == name_key("Amélie")

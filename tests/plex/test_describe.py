"""A difference in words is short, on one line, and shows what differs."""

import pytest

from domain.plex_item import Value
from plex.describe import LONGEST, differences, quoted
from tests.plex.samples import item, planned


def described(shown: dict[str, Value], wish: dict[str, Value]) -> list[str]:
    return list(differences(item(shown), planned(shown, wish)))


def test_a_text_is_shown_before_and_after() -> None:
    assert described({"title": "a"}, {"title": "b"}) == ['title "a" → "b"']


def test_a_text_that_plex_lacks_is_empty_before() -> None:
    assert described({}, {"studio": "New"}) == ['studio "" → "New"']


def test_names_that_come_and_go_bear_their_sign() -> None:
    assert described({"tags": ("Kept",)}, {"tags": ("Kept", "New", "Newer")}) == [
        'tags +"New" +"Newer"'
    ]


def test_a_field_that_is_as_wished_is_left_out() -> None:
    assert described({"title": "a", "studio": "s"}, {"title": "a", "studio": "t"}) == [
        'studio "s" → "t"'
    ]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
def test_a_text_of_several_lines_becomes_one(line_break: str) -> None:
    assert quoted(f"first{line_break}second") == '"first↵second"'


def test_what_does_something_to_a_terminal_becomes_a_blank() -> None:
    assert quoted("a\x1b[31mb\x01c\td") == '"a [31mb c d"'


def test_blanks_and_joined_emoji_stay_as_they_are() -> None:
    assert quoted("a  b \U0001f469\u200d\U0001f4bb") == '"a  b \U0001f469\u200d\U0001f4bb"'


def test_a_text_of_80_characters_is_whole_and_one_of_81_is_cut() -> None:
    assert quoted("x" * 80) == f'"{"x" * 80}"'
    assert quoted("x" * 81) == f'"{"x" * 79}…"'


def test_of_long_texts_that_begin_alike_the_place_is_shown_where_they_differ() -> None:
    alike = "a long story " * 50

    (line,) = described({"summary": f"{alike}old end"}, {"summary": f"{alike}new end"})

    assert line == 'summary "… story a long story old end" → "… story a long story new end"'


def test_a_long_text_that_is_written_anew_is_shown_from_its_beginning() -> None:
    (line,) = described({"summary": "Once upon " * 20}, {"summary": "Long ago " * 20})

    assert line.startswith('summary "Once upon')
    assert ' → "Long ago' in line
    assert len(line) <= len('summary "" → ""') + 2 * LONGEST

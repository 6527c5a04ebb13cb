"""Text that Plex accepts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validation.text import multi_line, one_line

KEPT = [
    "plain",
    "👩‍🚀 astronaut",  # zero width joiner
    "❤️",  # variation selector
    "\u200f\u05e9\u05dc",  # right-to-left mark
    "é ü 日本",
    "a & b < c",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_can_be_seen_is_kept(text: str) -> None:
    assert one_line(text) == multi_line(text) == text


@pytest.mark.parametrize("broken", ["a\x00b", "a\x1bb", "a\ud83db", "a\uffffb", " ab\t\n"])
def test_what_xml_cannot_hold_is_removed(broken: str) -> None:
    assert one_line(broken) == multi_line(broken) == "ab"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028"])
def test_a_line_break_stays_in_a_summary_and_is_a_blank_in_a_title(end: str) -> None:
    text = f"line one{end}line two"

    assert multi_line(text) == "line one\nline two"
    assert one_line(text) == "line one line two"


def test_paragraphs_stay_apart() -> None:
    assert multi_line("one\r\n\r\ntwo") == "one\n\ntwo"
    assert one_line("one \r\n\r\n two") == "one two"


def test_accents_are_composed() -> None:
    assert one_line("e\u0301") == "\u00e9"


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = multi_line(text)

    assert multi_line(once) == once
    assert one_line(one_line(text)) == one_line(text)
    assert "\n" not in one_line(text)
    assert unicodedata.is_normalized("NFC", once)
    once.encode()  # no lone surrogates

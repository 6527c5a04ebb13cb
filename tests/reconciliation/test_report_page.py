"""The page of the report as a browser shows it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciliation.comparison import Row
from tests.reconciliation.browser import CHROMIUM, Browser
from tests.reconciliation.reports import TRICKS, compare, write

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    """Afterwards the page has not complained, and has asked nobody but the file."""
    with Browser(tmp_path / "profile") as browser:
        yield browser
        assert browser.told == []
        assert [url for url in browser.asked if not url.startswith("file://")] == []
        assert len(set(browser.asked)) == 1


def page_of(folder: Path, rows: list[Row], *, ended: bool = True, scope: str = "all") -> Path:
    compare(folder, rows, ended=ended, scope=scope)
    write(folder)
    return folder / "reconciliation_report.html"


def scene(number: int, title: str, state: str = "in_step", fields: str = "") -> Row:
    path = f"/media/{number}.mkv"
    if state == "missing":
        return Row("stash_only", number, "missing", None, title, path, "", "Plex has none of them")
    found: Any = state
    return Row("matched", number, found, 50_000 + number, title, path, fields)


THREE_GROUPS = [
    scene(1, "Autumn Walk", "missing"),
    scene(2, "Quiet Harbour", "differs", "tags,rating"),
    scene(3, "Caf\u00e9 by the River"),
    scene(4, "Winter Market", "shared"),
    Row("plex_only", 77, "only_in_plex", 77, "", "/plex/stranger.mp4"),
]

TITLES = "[...document.querySelectorAll('tbody .title')].map(cell => cell.textContent)"
HITS = "document.querySelector('[aria-live]').textContent"
GROUPS = "[...document.querySelectorAll('tbody [scope=rowgroup]')].map(cell => cell.textContent)"
CONTRASTS = """
[...document.querySelectorAll("tbody .state")].map(state => {
  const light = (colour) => colour.match(/\\d+/g).slice(0, 3)
    .map(part => part / 255)
    .map(part => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
    .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
  const style = getComputedStyle(state);
  const [dark, bright] = [light(style.color), light(style.backgroundColor)].sort((a, b) => a - b);
  return (bright + .05) / (dark + .05);
})
"""
FOCUS = "document.activeElement.id || document.activeElement.value"


def test_the_page_shows_three_groups_with_state_fields_and_reason_in_words(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS))

    assert browser.look(GROUPS) == [
        "In Stash only \u00b7 1 row",
        "Matched \u00b7 3 rows",
        "In Plex only \u00b7 1 row",
    ]
    states = (
        "[...document.querySelectorAll('tbody .state')].map(cell => cell.lastChild.data.trim())"
    )
    assert browser.look(states) == [
        "Not in Plex",
        "Differs",
        "Shared item",
        "In step",
        "Only in Plex",
    ]
    chips = "[...document.querySelectorAll('.chip')].map(chip => chip.textContent)"
    assert browser.look(chips) == ["tags", "rating"]
    assert "Plex has none of them" in browser.look("document.querySelector('tbody').innerText")
    assert "all scenes" in browser.look("document.getElementById('about').textContent")


def test_search_works_by_keyboard_alone_and_tells_the_hits(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS))

    browser.press("/", *"river CAFE")

    browser.until(f"{HITS} === '1 of 5 rows'")
    assert browser.look(TITLES) == ["Caf\u00e9 by the River"]
    browser.press("Tab", "Escape")
    browser.until(f"{HITS} === '5 rows'")


def test_a_state_is_switched_off_by_keyboard_with_a_visible_focus(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS))

    browser.press("Tab", "Tab")  # past the link that skips to the rows

    assert browser.look(FOCUS) == "missing"
    outline = "getComputedStyle(document.activeElement.closest('label')).outlineStyle"
    assert browser.look(outline) == "solid"
    browser.press(" ")
    browser.until(f"{HITS} === '4 of 5 rows'")
    assert browser.look(TITLES) == ["Quiet Harbour", "Winter Market", "Caf\u00e9 by the River"]


def test_only_scenes_that_differ_in_a_field_are_shown_on_demand(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS))

    browser.look(
        "field.value = 'rating', field.dispatchEvent(new Event('change', {bubbles: true}))"
    )

    browser.until(f"{HITS} === '1 of 5 rows'")
    assert browser.look(TITLES) == ["Quiet Harbour"]


def test_whatever_a_title_holds_is_shown_as_it_is_and_harms_nobody(
    browser: Browser, tmp_path: Path
) -> None:
    rows = [scene(number, title) for number, title in enumerate(TRICKS, 1)]

    browser.open(page_of(tmp_path / "data", rows))

    assert browser.look(TITLES) == list(TRICKS)
    assert browser.look("window.harmed") is None
    assert browser.look("document.images.length") == 0


def test_rows_are_sorted_by_keyboard_within_their_group(browser: Browser, tmp_path: Path) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS))
    browser.look("document.querySelector('[data-sort=title]').focus()")

    browser.press("Enter")
    browser.press("Enter")

    descending = ["Autumn Walk", "Winter Market", "Quiet Harbour", "Caf\u00e9 by the River"]
    assert browser.look(TITLES) == descending
    sort = "document.querySelector('[data-sort=title]').closest('th').ariaSort"
    assert browser.look(sort) == "descending"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_can_be_read_in_either_colour_scheme(
    browser: Browser, tmp_path: Path, scheme: str
) -> None:
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.command("Emulation.setEmulatedMedia", features=media)

    browser.open(page_of(tmp_path / "data", THREE_GROUPS))

    contrasts = browser.look(CONTRASTS)
    assert len(contrasts) == 5
    assert min(contrasts) >= 4.5  # WCAG 2.2, 1.4.3
    ground = browser.look("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(244, 245, 247)", "dark": "rgb(20, 23, 28)"}[scheme]


def test_a_screen_reader_has_a_name_for_every_control_and_a_table_with_headers(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS))

    nodes = browser.command("Accessibility.getFullAXTree")["nodes"]

    found = [(n["role"]["value"], n["name"]["value"]) for n in nodes if "name" in n]
    controls = [
        node for node in found if node[0] in ("checkbox", "searchbox", "button", "combobox")
    ]
    assert ("searchbox", "Search") in controls
    assert ("combobox", "Differs in") in controls
    assert ("checkbox", "Not in Plex 1") in controls
    assert all(name for _, name in controls)
    headers = ["State", "Scene", "Title and file", "What differs, and why", "Plex item"]
    assert [name for role, name in found if role == "columnheader"] == headers
    rows = [name for role, name in found if role == "rowheader"]
    assert "Quiet Harbour /media/2.mkv" in rows


def test_an_empty_comparison_says_so(browser: Browser, tmp_path: Path) -> None:
    browser.open(page_of(tmp_path / "data", []))

    assert browser.look(HITS) == "0 rows"
    assert browser.look("document.getElementById('none').innerText").startswith("Nothing fits")


def test_a_run_of_some_scenes_that_was_cut_short_is_told_as_such(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(page_of(tmp_path / "data", THREE_GROUPS, ended=False, scope="recent"))

    note = browser.look("document.getElementById('note').innerText")
    assert "cut short or is still at work" in note
    assert "Only a run of all scenes lists everything" in note
    about = browser.look("document.getElementById('about').textContent")
    assert "scenes of the last 24 hours and did not come to its end" in about


def test_ten_thousand_rows_come_in_pages_of_200_and_are_all_searched(
    browser: Browser, tmp_path: Path
) -> None:
    rows = [scene(number, f"Film {number}") for number in range(1, 10_001)]

    browser.open(page_of(tmp_path / "data", rows))

    assert browser.look("document.querySelectorAll('tbody .title').length") == 200
    assert browser.look(HITS) == "10,000 rows, 1 to 200 shown"
    browser.look("document.querySelector('[data-to=last]').focus()")
    browser.press("Enter")
    assert browser.look(HITS) == "10,000 rows, 9,801 to 10,000 shown"
    assert browser.look("document.querySelector('.title').textContent") == "Film 9801"
    browser.press("/", *"film 9999")
    browser.until(f"{HITS} === '1 of 10,000 rows'")

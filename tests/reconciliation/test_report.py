"""The report as files: what stands in them."""

import base64
import hashlib
import json
from html.parser import HTMLParser
from pathlib import Path

from domain.job import SceneId
from domain.scene import Scene, SceneFile
from reconciliation.comparison import Row, rows_of
from reconciliation.sides import Sides
from tests.reconciliation.reports import ROWS, TRICKS, compare, document, page, write


class Blocks(HTMLParser):
    """The scripts and styles of a page as a browser takes them apart: (tag, class or id, text)."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self._open: tuple[str, str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style"):
            known = dict(attrs)
            self._open = (tag, known.get("class") or known.get("id") or "")
            self.found.append((*self._open, ""))

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, name, text = self.found.pop()
            self.found.append((tag, name, text + data))

    def handle_endtag(self, tag: str) -> None:
        self._open = None


def test_the_sentence_names_the_page_and_the_counts(tmp_path: Path) -> None:
    compare(tmp_path)

    assert write(tmp_path) == (
        f"Wrote {tmp_path}/reconciliation_report.html: "
        "1 only in Stash, 3 in both (1 differ), 1 only in Plex"
    )


def test_programs_get_every_row_and_a_summary(tmp_path: Path) -> None:
    compare(tmp_path)

    write(tmp_path)

    found = document(tmp_path)
    assert found["rows"][0] == {
        "group": "stash_only",
        "state": "missing",
        "scene_id": 1,
        "rating_key": None,
        "title": "A Walk",
        "path": "/a/A Walk.mkv",
        "fields": [],
        "reason": "Plex lacks it",
        "queued": True,
    }
    assert found["rows"][1]["fields"] == ["tags", "rating"]
    assert [row["scene_id"] for row in found["rows"]] == [1, 2, 3, 4, None]
    assert found["rows"][4]["rating_key"] == 77
    assert found["summary"] == {
        "scope": "all",
        "is_complete": True,
        "ended_at": 1_800_000_060.0,
        "written_at": 1_800_000_120.0,
        "paths_are_hidden": False,
        "counts": {
            "missing": 1,
            "ambiguous": 0,
            "differs": 1,
            "in_step": 1,
            "shared": 1,
            "only_in_plex": 1,
        },
    }


def test_the_page_holds_the_same_rows_and_summary_as_the_document(tmp_path: Path) -> None:
    compare(tmp_path)

    write(tmp_path)

    blocks = Blocks(page(tmp_path)).found
    on_page = [row for _, name, text in blocks if name == "rows" for row in json.loads(text)]
    assert on_page == [
        ["missing", 1, None, "A Walk", "/a/A Walk.mkv", "", "Plex lacks it", 1],
        ["differs", 2, 902, "B", "/a/b.mkv", "tags,rating", "it changed", 0],
        ["in_step", 3, 903, "C", "/a/c.mkv", "", "", 0],
        ["shared", 4, None, "D", "/a/d.mkv", "", "", 0],
        ["only_in_plex", 77, 77, "", "/p/stranger.mp4", "", "", 0],
    ]
    [summary] = [text for _, name, text in blocks if name == "summary"]
    assert json.loads(summary) == document(tmp_path)["summary"]


def test_no_title_breaks_out_of_its_place(tmp_path: Path) -> None:
    rows = [Row("matched", n, "in_step", n, title, title) for n, title in enumerate(TRICKS, 1)]
    compare(tmp_path, rows)

    write(tmp_path)

    blocks = Blocks(page(tmp_path)).found
    assert [block[:2] for block in blocks] == [
        ("style", ""),
        ("script", "rows"),
        ("script", "summary"),
        ("script", ""),
    ]
    assert blocks[1][2].isascii()
    assert not set("<>&") & set(blocks[1][2])
    assert [row[3] for row in json.loads(blocks[1][2])] == list(TRICKS)
    assert [row["title"] for row in document(tmp_path)["rows"]] == list(TRICKS)


def test_the_policy_lets_nothing_run_but_the_pages_own_script_and_loads_nothing(
    tmp_path: Path,
) -> None:
    compare(tmp_path)

    write(tmp_path)

    text = page(tmp_path)
    blocks = Blocks(text).found
    style, script = (
        base64.b64encode(hashlib.sha256(blocks[place][2].encode()).digest()).decode()
        for place in (0, -1)
    )
    policy = f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; "
    assert f"content=\"{policy}base-uri 'none'; form-action 'none'\"" in text
    for foreign in ("http://", "https://", "src=", "url(", "@import", "fetch(", "innerHTML"):
        assert foreign not in text


def test_hidden_paths_stand_in_neither_file_and_titles_made_of_them_are_left_out(
    tmp_path: Path,
) -> None:
    rows = [
        *ROWS,
        Row("matched", 5, "in_step", 905, "Secret name", "C:\\Films\\secret  name.mkv"),
        Row("matched", 6, "in_step", 906, "from /a/hidden folder/x.mp4", "/a/hidden folder/x.mp4"),
    ]
    compare(tmp_path, rows)

    sentence = write(tmp_path, obfuscate_paths=True)

    found = document(tmp_path)
    assert found["rows"][0]["path"] == "<b1ae0477 mkv>"
    assert found["rows"][0]["title"] == ""
    assert found["rows"][-1]["path"] == "<9d7c910d mp4>"
    assert found["summary"]["paths_are_hidden"] is True
    for name in (
        "A Walk",
        "ecret name",
        "secret  name",
        "Films",
        "hidden folder",
        "stranger",
        "/a/",
    ):
        assert name not in json.dumps(found)
        assert name not in page(tmp_path)
    # Logs hide whole paths then: the sentence must still tell where to look.
    assert sentence.startswith("Wrote reconciliation_report.html in the plugin's data folder: ")


def test_without_a_comparison_the_next_step_is_named_and_no_file_is_made(tmp_path: Path) -> None:
    sentence = write(tmp_path)

    assert sentence == "There is nothing to report yet: run Reconcile Library (All) first"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_comparison_is_none_and_an_earlier_report_stays(tmp_path: Path) -> None:
    compare(tmp_path)
    write(tmp_path)
    before = page(tmp_path)
    (tmp_path / "comparison.db").write_bytes(b"no database" * 1000)

    assert "run Reconcile Library (All) first" in write(tmp_path)

    assert page(tmp_path) == before


def test_an_empty_comparison_is_a_report_of_nothing(tmp_path: Path) -> None:
    compare(tmp_path, [])

    sentence = write(tmp_path)

    assert sentence.endswith("0 only in Stash, 0 in both (0 differ), 0 only in Plex")
    assert document(tmp_path)["rows"] == []


def test_a_run_that_was_cut_short_is_told_as_such(tmp_path: Path) -> None:
    compare(tmp_path, ended=False, scope="recent")

    sentence = write(tmp_path)

    assert sentence.endswith("; the latest run did not come to its end")
    assert document(tmp_path)["summary"]["is_complete"] is False
    assert document(tmp_path)["summary"]["scope"] == "recent"
    assert document(tmp_path)["summary"]["ended_at"] is None


def test_a_scene_of_which_several_files_could_be_its_is_told_to_be_ambiguous() -> None:
    uncertain = Scene(SceneId(7), "2026-01-01T00:00:00Z", "T", "d", files=(SceneFile("/a.mkv"),))

    [row] = rows_of(Sides([uncertain], ambiguous={SceneId(7)}), {}, frozenset())

    assert row.state == "ambiguous"

"""The comparison on disk: what the last runs found, in three groups, kept by scene."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import TransientError
from reconciliation.comparison import FILE, Comparison, Row, Summary
from tests.reconciliation.comparisons import (
    differing,
    folder,
    held,
    ids,
    matched,
    missing,
    run,
    summary,
)

__all__ = ["folder"]


class TestGroups:
    def test_before_the_first_run_there_is_nothing(self, folder: Path) -> None:
        assert summary(folder) is None
        assert ids(folder) == {"stash_only": [], "matched": [], "plex_only": []}

    def test_every_group_holds_its_own_rows_by_id(self, folder: Path) -> None:
        run(folder, "all", matched(3), missing(2), differing(1), strangers=(9, 8))

        assert held(folder) == {
            "stash_only": [missing(2)],
            "matched": [differing(1), matched(3)],
            "plex_only": [
                Row("plex_only", 8, "only_in_plex", 8, "", "/plex/8.mp4", "", "", False),
                Row("plex_only", 9, "only_in_plex", 9, "", "/plex/9.mp4", "", "", False),
            ],
        }

    def test_the_summary_counts_by_state_and_says_when(self, folder: Path) -> None:
        shared = Row("matched", 6, "shared", None, "A", "/data/6.mp4")
        run(folder, "all", matched(1), matched(2), differing(3), missing(4), shared, strangers=(9,))

        assert summary(folder) == Summary(
            "all",
            57.0,
            {"in_step": 2, "differs": 1, "missing": 1, "shared": 1, "only_in_plex": 1},
        )

    @pytest.mark.parametrize(
        "text", ["nul\0nul", "“über” 🎬", "'); DROP TABLE side; --", "x" * 1_000_000, "\r\n\t"]
    )
    def test_any_text_comes_back_as_it_was(self, folder: Path, text: str) -> None:
        row = Row("matched", 1, "differs", 7, text, text, "title", text)
        run(folder, "all", row)

        assert held(folder)["matched"] == [row]

    def test_a_scene_and_an_item_with_the_same_number_are_two_rows(self, folder: Path) -> None:
        run(folder, "all", matched(5), strangers=(5,))

        assert ids(folder) == {"stash_only": [], "matched": [5], "plex_only": [5]}


class TestLaterRuns:
    def test_a_run_of_recent_scenes_updates_their_rows_only(self, folder: Path) -> None:
        run(folder, "all", matched(1), matched(2), missing(3), strangers=(9,))

        run(folder, "recent", matched(2, title="B"), now=90.0)

        assert held(folder)["matched"] == [matched(1), matched(2, title="B")]
        assert ids(folder) == {"stash_only": [3], "matched": [1, 2], "plex_only": [9]}
        assert summary(folder) == Summary(
            "recent", 97.0, {"in_step": 2, "missing": 1, "only_in_plex": 1}
        )

    @pytest.mark.parametrize("scope", ["recent", "recent_7days"])
    def test_a_recent_run_that_finds_nothing_leaves_everything(
        self, folder: Path, scope: str
    ) -> None:
        run(folder, "all", matched(1), missing(3), strangers=(9,))

        run(folder, scope)

        assert ids(folder) == {"stash_only": [3], "matched": [1], "plex_only": [9]}

    def test_a_run_of_all_replaces_all(self, folder: Path) -> None:
        run(folder, "all", matched(1), matched(2), missing(3), strangers=(8, 9))
        run(folder, "recent", missing(4))

        run(folder, "all", matched(2), strangers=(9,))

        assert ids(folder) == {"stash_only": [], "matched": [2], "plex_only": [9]}

    @pytest.mark.parametrize("scope", ["all", "recent"])
    def test_a_scene_that_plex_has_found_is_missing_no_more(self, folder: Path, scope: str) -> None:
        run(folder, "all", missing(1), matched(2))

        run(folder, scope, matched(1), matched(2))

        assert ids(folder) == {"stash_only": [], "matched": [1, 2], "plex_only": []}

    @pytest.mark.parametrize("scope", ["all", "recent"])
    def test_a_scene_that_plex_has_lost_is_missing(self, folder: Path, scope: str) -> None:
        run(folder, "all", matched(1), matched(2))

        run(folder, scope, missing(1), matched(2))

        assert ids(folder) == {"stash_only": [1], "matched": [2], "plex_only": []}

    def test_an_item_that_has_got_a_scene_is_in_plex_only_no_more(self, folder: Path) -> None:
        run(folder, "all", strangers=(101, 109))

        run(folder, "recent", matched(1))  # whose item is 101

        assert ids(folder) == {"stash_only": [], "matched": [1], "plex_only": [109]}

    def test_only_the_latest_run_is_remembered(self, folder: Path) -> None:
        for number in range(20):
            run(folder, "recent", matched(number + 1))

        with closing(sqlite3.connect(folder / FILE)) as connection:
            assert connection.execute("SELECT count(*) FROM run").fetchone() == (1,)


class TestRunsThatEndEarly:
    def test_a_run_that_is_under_way_has_not_ended(self, folder: Path) -> None:
        run(folder, "all", matched(1))

        with Comparison.begin(folder, "recent", 90.0) as comparison:
            comparison.add([matched(2)])

            assert summary(folder) == Summary("recent", None, {"in_step": 2})

    def test_what_a_run_has_not_met_stays_if_it_ends_early(self, folder: Path) -> None:
        run(folder, "all", matched(1), matched(2), missing(3), strangers=(9,))

        with Comparison.begin(folder, "all", 90.0) as comparison:
            comparison.add([missing(1)])

        assert ids(folder) == {"stash_only": [1, 3], "matched": [2], "plex_only": [9]}
        assert summary(folder) == Summary(
            "all", None, {"missing": 2, "in_step": 1, "only_in_plex": 1}
        )

    def test_a_run_of_all_after_one_that_ended_early_clears_up(self, folder: Path) -> None:
        run(folder, "all", matched(1), missing(3), strangers=(9,))
        with Comparison.begin(folder, "all", 90.0) as comparison:
            comparison.add([missing(7)])

        run(folder, "all", matched(1))

        assert ids(folder) == {"stash_only": [], "matched": [1], "plex_only": []}

    def test_a_page_that_fails_in_the_middle_is_not_kept_by_halves(self, folder: Path) -> None:
        run(folder, "all", missing(1), matched(2))
        broken = matched(2, title="B")._replace(title=None)  # type: ignore[arg-type]

        with (
            Comparison.begin(folder, "recent", 90.0) as comparison,
            pytest.raises(TransientError, match="the comparison cannot be kept"),
        ):
            comparison.add([matched(1), broken])

        assert held(folder)["stash_only"] == [missing(1)]
        assert held(folder)["matched"] == [matched(2)]


class TestPages:
    def test_a_page_begins_after_the_last_row(self, folder: Path) -> None:
        run(folder, "all", *(matched(scene) for scene in range(1, 451)))

        with closing(Comparison(folder)) as comparison:
            pages = [comparison.page("matched", after=after) for after in (0, 200, 400, 450)]

        assert [len(page) for page in pages] == [200, 200, 50, 0]
        assert [page[0].id for page in pages[:3]] == [1, 201, 401]

    def test_a_page_of_200_of_100000_rows_reads_200_rows_by_an_index(self, folder: Path) -> None:
        run(folder, "all", *(matched(scene) for scene in range(1, 100_001)))
        asked: list[str] = []
        with closing(Comparison(folder)) as comparison:
            comparison._db.set_trace_callback(asked.append)
            page = comparison.page("matched", after=70_000)
            comparison._db.set_trace_callback(None)
            (plan,) = comparison._db.execute(f"EXPLAIN QUERY PLAN {asked[0]}").fetchall()

        assert [page[0].id, page[-1].id] == [70_001, 70_200]
        # The rows come in their order, so nothing is sorted, and reading ends with the limit.
        assert plan[3] == "SEARCH side USING PRIMARY KEY (place=? AND id>?)"

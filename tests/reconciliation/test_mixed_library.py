"""A library in which much has happened unseen is as Stash says after one reconciliation."""

import pytest

from tests.reconciliation.mixed import MixedLibrary, Shown
from tests.reconciliation.reconciler import Reconciler, kinds
from tests.worker.stage import Stage

UNTOUCHED: Shown = {
    "studio": "", "summary": "", "date": None, "cast": [], "genres": [], "collections": [],
}  # fmt: skip


def described(kind: str, n: int) -> Shown:
    """What Plex must show of a scene that nothing has befallen."""
    return {
        "title": f"{kind} {n}",
        "studio": "Studio",
        "summary": f"Words {n}.",
        "date": "2020-05-17",
        "cast": ["Ann"],
        "genres": ["all", f"{kind} tag"],
        "collections": ["Studio"],
    }


def expected(size: int, *, missing_came: bool) -> dict[str, Shown]:
    """What Plex must show in the end, by path."""
    shown: dict[str, Shown] = {}
    for n in range(0, size, 10):
        shown |= {
            f"/data/in step/{n}.mp4": described("in step", n),
            f"/data/stranger/{n}.mp4": {"title": f"{n}", **UNTOUCHED},
            f"/data/empty/{n + 1}.mp4": described("empty", n + 1),
            f"/data/changed/{n + 2}.mp4": {
                "title": f"Changed {n + 2}",
                "studio": "Studio",
                "summary": "",
                "date": "2020-05-17",
                "cast": ["Ann"],
                "genres": ["all", "fresh"],
                "collections": ["Studio"],
            },
            # Stash's words win; a tag that is in Plex alone stays.
            f"/data/other words/{n + 3}.mp4": {
                **described("other words", n + 3),
                "genres": ["all", "old", "other words tag"],
            },
            f"/data/scanned late/{n + 5}.mp4": described("scanned late", n + 5),
            f"/data/renamed/{n + 6}.mp4": {**described("renamed", n + 6), "cast": ["New Name"]},
            f"/data/merged/{n + 7}.mp4": described("merged", n + 7),
            f"/data/source/{n + 7}.mp4": described("merged", n + 7),
            f"/data/made anew/{n + 8}.mp4": described("made anew", n + 8),
            f"/data/undescribed/{n + 9}.mp4": {"title": f"{n + 9}", **UNTOUCHED},
        }
        if missing_came:
            shown[f"/data/missing/{n + 4}.mp4"] = described("missing", n + 4)
    return shown


def reconcile_twice(stage: Stage, reconciler: Reconciler, size: int) -> None:
    tenth = size // 10
    library = MixedLibrary(stage, size)
    library.build()

    first = reconciler.run()
    assert first.errors == []
    assert first.scenes_checked == size
    assert kinds(first) == {"empty": 3 * tenth, "stale": 4 * tenth, "missing": tenth}
    assert first.skipped_no_metadata == tenth
    assert first.skipped_already_queued == tenth  # rested, and their files have come
    assert first.enqueued_count == 7 * tenth
    assert (first.skipped_given_up, first.unconfirmed_count) == (0, 0)
    assert first.gone_count == tenth  # merged into others

    stage.drain_until_idle()
    assert stage.dead() == {}
    assert library.shown() == expected(size, missing_came=False)

    second = reconciler.run()
    assert second.errors == []
    assert second.scenes_checked == size
    assert kinds(second) == {"missing": tenth}
    assert (second.enqueued_count, second.unconfirmed_count, second.gone_count) == (0, 0, 0)
    assert second.skipped_given_up == tenth
    assert list(reconciler.found("stash_only")) == library.scenes["missing"]
    assert set(reconciler.found("plex_only")) >= set(library.strangers)
    stage.forget_requests()
    stage.drain()
    assert (stage.world.plex.requests, stage.world.stash.requests) == ([], [])

    library.scan_the_missing()
    third = reconciler.run()
    assert (third.missing_count, third.enqueued_count) == (0, 0)
    assert third.skipped_already_queued == tenth
    stage.drain()
    assert library.shown() == expected(size, missing_came=True)
    assert kinds(reconciler.run()) == {}


def test_a_mixed_library_is_as_stash_says_after_one_run_and_the_second_finds_what_is_missing(
    stage: Stage, reconciler: Reconciler
) -> None:
    reconcile_twice(stage, reconciler, 300)


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_a_mixed_library_of_10000_scenes_is_as_stash_says_after_one_run(
    stage: Stage, reconciler: Reconciler
) -> None:
    reconcile_twice(stage, reconciler, 10_000)

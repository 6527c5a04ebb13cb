"""A comparison that cannot be kept, and one that a smaller run must not hide."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from domain.plex_item import RatingKey
from reconciliation import comparison as kept
from reconciliation import engine
from reconciliation.comparison import FILE, Comparison
from tests.reconciliation.reconciler import Reconciler, add_synced
from tests.worker.stage import Stage


def test_a_comparison_that_cannot_be_opened_does_not_stop_the_repair(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", title="A")
    _ = stage.worker
    (stage.world.data_dir / FILE).mkdir()

    result = reconciler.run()

    assert reconciler.queued() == [scene]
    assert (result.is_complete, result.failure) == (True, None)
    (error,) = result.errors
    assert "the report will lack this run" in error


def test_a_damaged_one_does_not_stop_the_repair_and_is_begun_anew(
    stage: Stage, reconciler: Reconciler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PAGE", 1)
    add_synced(stage, *"ab")
    reconciler.run()
    scene = stage.world.add("c", title="C")
    file = stage.world.data_dir / FILE
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(bytes(content))

    damaged, anew = reconciler.run(), reconciler.run()

    assert reconciler.queued() == [scene]
    assert damaged.is_complete
    (error,) = damaged.errors
    assert "was damaged, and is begun anew" in error
    assert anew.errors == []
    assert list(reconciler.found("matched")) == [1, 2, 3]


def test_a_run_of_recent_scenes_does_not_hide_that_one_of_all_is_unfinished(
    tmp_path: Path,
) -> None:
    with Comparison.begin(tmp_path, "all", 1.0):
        pass
    with Comparison.begin(tmp_path, "recent", 2.0) as recent:
        recent.finish(3.0)

    assert _summary(tmp_path) == ("all", None)

    with Comparison.begin(tmp_path, "all", 4.0) as whole:
        whole.finish(5.0)
    assert _summary(tmp_path) == ("all", 5.0)

    with Comparison.begin(tmp_path, "recent", 6.0) as recent:
        recent.finish(7.0)
    assert _summary(tmp_path) == ("recent", 7.0)


def test_strangers_are_kept_a_batch_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_BATCH", 10)
    seen_at: list[int] = []

    with Comparison.begin(tmp_path, "all", 1.0) as comparison:

        def items() -> Iterator[tuple[RatingKey, str]]:
            for number in range(1, 36):
                if number % 10 == 1:
                    seen_at.append(len(comparison.page("plex_only", limit=100)))
                yield RatingKey(number), f"/plex/{number}.mp4"

        comparison.add_plex_only(items())

        assert seen_at == [0, 10, 20, 30]
        assert len(comparison.page("plex_only", limit=100)) == 35


def _summary(folder: Path) -> tuple[str, float | None]:
    with closing(Comparison(folder)) as comparison:
        found = comparison.summary()
    assert found is not None
    return found.scope, found.ended_at

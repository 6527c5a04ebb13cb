"""What make bench says of reconciliations: a run that breaks a budget is a miss."""

from dataclasses import replace

from tests.bench.reconcile import Run, after_rename, first_run, in_step, linear

KEPT = Run(
    scenes=100_000, seconds=90.0, cpu=20.0, peak=150.0,
    requests={"plex GET": 110, "stash graphql": 110},
)  # fmt: skip
SMALL = Run(scenes=1000, seconds=1.0, cpu=0.2, peak=50.0, requests={"plex GET": 5})


def misses(run: Run) -> list[str]:
    return [row.what.partition(": ")[2] for row in in_step(run, SMALL) if row.ok is False]


def test_100_000_scenes_may_cost_220_requests_90_seconds_and_150_mb() -> None:
    assert misses(KEPT) == []


def test_the_221st_request_for_100_000_scenes_is_a_miss_on_whichever_side() -> None:
    assert misses(replace(KEPT, requests={"plex GET": 111, "stash graphql": 110})) == ["requests"]
    assert misses(replace(KEPT, requests={"plex GET": 110, "stash graphql": 111})) == ["requests"]


def test_a_single_write_by_a_reconciliation_is_a_miss() -> None:
    wrote = {"plex GET": 100, "plex PUT": 1, "stash graphql": 100}

    assert misses(replace(KEPT, requests=wrote)) == ["writes"]


def test_a_second_or_a_megabyte_more_is_a_miss() -> None:
    assert misses(replace(KEPT, seconds=91.0)) == ["time"]
    assert misses(replace(KEPT, peak=151.0)) == ["memory at its peak"]


def test_a_first_run_over_10_000_scenes_may_cost_140_requests() -> None:
    run = replace(KEPT, scenes=10_000, requests={"plex GET": 127, "stash graphql": 13})
    more = replace(run, requests={"plex GET": 128, "stash graphql": 13})

    assert next(first_run(run)).ok is True
    assert next(first_run(more)).ok is False


def test_a_rename_that_10_000_scenes_show_may_cost_40_requests() -> None:
    run = replace(KEPT, scenes=10_000, requests={"plex GET": 27, "stash graphql": 13})
    more = replace(run, requests={"plex GET": 28, "stash graphql": 13})

    assert next(after_rename(run)).ok is True
    assert next(after_rename(more)).ok is False


def test_a_scene_that_costs_more_than_half_as_much_again_among_many_is_a_miss() -> None:
    assert linear(replace(KEPT, cpu=30.0), [SMALL]).ok is True
    assert linear(replace(KEPT, cpu=30.1), [SMALL]).ok is False

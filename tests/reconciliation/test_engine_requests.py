"""What a reconciliation costs: a page of Stash and of Plex per thousand scenes, and little else."""

from collections import Counter
from typing import Any

import pytest

from reconciliation import GapDetectionEngine, GapDetectionResult
from tests.reconciliation.reconciler import Reconciler, kinds
from tests.worker.stage import Stage

Bill = dict[str, int]

HOUR = 3600


def add_scenes(stage: Stage, count: int) -> list[int]:
    """Scenes whose items came to Plex one an hour."""
    world = stage.world
    scenes = []
    for n in range(count):
        facts: dict[str, Any] = {
            "title": f"Scene {n}",
            "tags": ["all", f"tag {n % 7}"],
            "performers": ["Ann"],
        }
        scenes.append(world.add(f"s{n}", in_plex=False, **facts))
        came = int(stage.clock.now()) - (count - n) * HOUR
        world.plex.add_item(f"/data/s{n}.mp4", 1000, world.section, added_at=came)
    stage.clock.move(10)
    return scenes


def reconcile(stage: Stage, scope: str = "all") -> GapDetectionResult:
    """A run with connections of its own, as a task makes them, that enqueues nothing."""
    services = stage.worker.services
    stage.forget_requests()
    return GapDetectionEngine(services.stash, services.config, services.folder).run(scope)


def bill(stage: Stage) -> Bill:
    """How often each thing was asked since the run began."""
    asked = Counter(f"Stash: {request.kind}" for request in stage.world.stash.requests)
    for request in stage.world.plex.requests:
        assert request.method == "GET"
        if request.path.startswith("/library/metadata/"):
            asked["Plex: items"] += 1
        elif request.path.endswith("/all"):
            asked["Plex: listing"] += 1
        else:
            asked[f"Plex: {request.path}"] += 1
    return dict(asked)


def total(stage: Stage) -> int:
    """How many requests both sides have had since the run began."""
    return len(stage.world.stash.requests) + len(stage.world.plex.requests)


def test_a_first_run_costs_one_request_per_hundred_items_beside_the_listings(
    stage: Stage,
) -> None:
    add_scenes(stage, 600)

    result = reconcile(stage)

    assert kinds(result) == {"empty": 600}
    assert bill(stage) == {
        "Stash: graphql": 2,  # how many scenes there are, one page of them
        "Plex: /": 1,
        "Plex: /library/sections": 1,
        "Plex: listing": 3,  # all, what changed meanwhile, how many there are
        "Plex: items": 6,
    }


def test_scenes_that_the_ledger_confirms_cost_a_listing_and_a_page_and_no_item_is_read(
    stage: Stage,
) -> None:
    scenes = add_scenes(stage, 600)
    stage.sync(*scenes)
    stage.clock.move(HOUR)

    result = reconcile(stage)

    assert (result.scenes_checked, kinds(result)) == (600, {})
    assert bill(stage) == {
        "Stash: graphql": 2,
        "Plex: /": 1,
        "Plex: /library/sections": 1,
        "Plex: listing": 1,
    }
    assert total(stage) <= 600 / 500 + 20


@pytest.mark.parametrize(("count", "pages"), [(999, 1), (1000, 2), (1001, 2), (2000, 3)])
def test_each_thousand_scenes_are_one_page_of_stash_and_one_of_plex(
    stage: Stage, count: int, pages: int
) -> None:
    add_scenes(stage, count)
    reconcile(stage)

    reconcile(stage)

    asked = bill(stage)
    assert asked["Stash: graphql"] == 1 + pages
    assert asked["Plex: listing"] == -(-count // 1000)
    assert asked["Plex: items"] == -(-count // 100)
    assert total(stage) <= count / 500 + 20 + count / 100


@pytest.mark.parametrize("count", [1, 600])
def test_a_run_over_the_last_day_costs_the_same_however_many_scenes_are_older(
    stage: Stage, count: int
) -> None:
    add_scenes(stage, count)
    stage.clock.move(25 * HOUR)
    reconcile(stage)

    result = reconcile(stage, "recent")

    assert (result.scenes_checked, result.errors) == (0, [])
    assert bill(stage) == {
        "Stash: graphql": 3,  # its clock too
        "Plex: /": 1,
        "Plex: /library/sections": 1,
        "Plex: listing": 2,  # what changed meanwhile, how many there are
    }


def test_a_renamed_performer_of_all_scenes_is_found_without_reading_an_item(
    stage: Stage,
) -> None:
    scenes = add_scenes(stage, 300)
    stage.sync(*scenes)
    stage.world.stash.rename_performer("Ann", "Anne")
    stage.clock.move(HOUR)

    result = reconcile(stage)

    assert kinds(result) == {"stale": 300}
    assert "Plex: items" not in bill(stage)
    assert total(stage) == 5


def test_only_the_items_of_which_nothing_is_confirmed_are_read(stage: Stage) -> None:
    scenes = add_scenes(stage, 400)
    stage.sync(*scenes[:250])
    stage.clock.move(HOUR)

    result = reconcile(stage)

    assert kinds(result) == {"empty": 150}
    assert bill(stage)["Plex: items"] == 2


def test_missing_and_undescribed_scenes_cost_no_request_of_their_own(stage: Stage) -> None:
    scenes = add_scenes(stage, 10)
    stage.sync(*scenes)
    stage.clock.move(HOUR)
    reconcile(stage)
    before = total(stage)
    for n in range(300):
        stage.world.add(f"missing{n}", in_plex=False)
        stage.world.add(f"undescribed{n}", studio=None, in_plex=False)

    result = reconcile(stage)

    assert (kinds(result), result.skipped_no_metadata) == ({"missing": 300}, 300)
    assert total(stage) == before


def test_an_item_in_each_hundred_that_is_gone_costs_few_requests_more(stage: Stage) -> None:
    scenes = add_scenes(stage, 300)
    reconcile(stage)
    # Gone after the listing that the run begins with.
    gone = [stage.world.key(scenes[n]) for n in (50, 150, 250)]
    stage.world.stash.before_answer = lambda _: [
        stage.world.plex.library.items.pop(key, None) for key in gone
    ]

    result = reconcile(stage)
    stage.world.stash.before_answer = None

    assert kinds(result) == {"empty": 297, "missing": 3}
    assert total(stage) <= 300 / 500 + 20 + 300 / 100


def test_to_enqueue_the_gaps_costs_no_request(stage: Stage, reconciler: Reconciler) -> None:
    add_scenes(stage, 300)
    reconciler.count()
    stage.forget_requests()
    reconciler.count()
    counting = total(stage)
    stage.forget_requests()

    result = reconciler.run()

    assert result.enqueued_count == 300
    assert total(stage) == counting


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_10000_scenes_cost_at_most_40_requests_and_a_first_run_100_more(stage: Stage) -> None:
    scenes = add_scenes(stage, 10_000)

    assert kinds(reconcile(stage)) == {"empty": 10_000}
    assert total(stage) <= 10_000 / 500 + 20 + 10_000 / 100

    stage.sync(*scenes)
    stage.clock.move(HOUR)
    assert kinds(reconcile(stage)) == {}
    assert total(stage) <= 10_000 / 500 + 20

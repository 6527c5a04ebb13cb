"""What a drain costs in requests: exactly for writes, at most for reads."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.worker.stage import Stage
from tests.world import FrozenClock, World, picture


@dataclass(frozen=True)
class Bill:
    """What one drain of *scenes* asked of both servers.

    Attributes:
        plex: requests by method.
        poster_reads: those of Plex's GETs that list the pictures of one item.
        images: scenes whose cover was asked for, by status.
    """

    scenes: int
    plex: Counter[str]
    poster_reads: int
    stash_reads: int
    images: Counter[int]
    puts_per_item: Counter[str]


@dataclass(frozen=True)
class Bills:
    """Three drains of all scenes: nothing had changed; again, in one process; all had."""

    unchanged: Bill
    unchanged_again: Bill
    changed: Bill


@pytest.fixture(scope="module", params=[100, 500])
def bills(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bills]:
    """The costs after a first sync; every second scene has a cover, and half of those change."""
    with World(tmp_path_factory.mktemp("budgets") / "config") as world:
        stage = Stage(world, FrozenClock())
        scenes = [add_scene(world, n) for n in range(request.param)]
        stage.clock.move(10)
        stage.sync()
        assert stage.is_idle()
        stage.reopen()
        unchanged, again = bill_of_a_sync(stage), bill_of_a_sync(stage)
        for n, scene in enumerate(scenes):
            cover = {"cover": picture(f"new {n}")} if n % 4 == 0 else {}
            world.stash.edit(scene, details="Changed.", tags=["b", "c"], **cover)
        stage.clock.move(10)
        stage.reopen()
        yield Bills(unchanged, again, changed=bill_of_a_sync(stage))
        assert world.plex.violations == []


def add_scene(world: World, n: int) -> int:
    cover = picture(f"cover {n}") if n % 2 == 0 else None
    return world.add(f"s{n}", title=f"Scene {n}", tags=["a", "b"], performers=["P"], cover=cover)


def bill_of_a_sync(stage: Stage) -> Bill:
    stage.forget_requests()
    stage.sync()
    assert stage.is_idle()
    plex, stash = stage.world.plex.requests, stage.world.stash.requests
    return Bill(
        scenes=len(stage.world.stash.library.ids),
        plex=Counter(r.method for r in plex),
        poster_reads=sum(r.method == "GET" and r.path.endswith("/posters") for r in plex),
        stash_reads=sum(r.kind == "graphql" for r in stash),
        images=Counter(r.status for r in stash if r.kind == "image"),
        puts_per_item=Counter(r.args["id"] for r in plex if r.method == "PUT"),
    )


def test_a_changed_scene_costs_exactly_one_put(bills: Bills) -> None:
    assert len(bills.changed.puts_per_item) == bills.changed.scenes
    assert set(bills.changed.puts_per_item.values()) == {1}


def test_a_changed_cover_costs_exactly_one_post(bills: Bills) -> None:
    assert bills.changed.plex["POST"] == bills.changed.scenes / 4


def test_a_changed_scene_costs_at_most_a_twentieth_of_a_read_on_either_side(bills: Bills) -> None:
    assert bills.changed.plex["GET"] - bills.changed.poster_reads <= 0.05 * bills.changed.scenes
    assert bills.changed.stash_reads <= 0.05 * bills.changed.scenes


def test_a_changed_cover_costs_no_read_of_plex(bills: Bills) -> None:
    assert bills.changed.poster_reads == 0


def test_a_changed_scene_costs_one_image_request_which_carries_nothing_if_the_cover_is_the_same(
    bills: Bills,
) -> None:
    scenes = bills.changed.scenes

    assert bills.changed.images == {200: scenes / 4, 304: scenes * 3 / 4}


def test_an_unchanged_scene_costs_no_write(bills: Bills) -> None:
    assert set(bills.unchanged.plex) == {"GET"}
    assert set(bills.unchanged_again.plex) == {"GET"}


def test_an_unchanged_scene_costs_a_hundredth_of_a_read_on_either_side(bills: Bills) -> None:
    assert bills.unchanged_again.plex["GET"] == bills.unchanged.scenes / 100
    assert bills.unchanged_again.stash_reads == bills.unchanged.scenes / 100
    assert not bills.unchanged_again.images


def test_a_new_process_adds_two_reads_of_plex_and_none_of_stash(bills: Bills) -> None:
    assert bills.unchanged.plex["GET"] == bills.unchanged.scenes / 100 + 2
    assert bills.unchanged.stash_reads == bills.unchanged.scenes / 100

"""A reconciliation while something fails: what was seen is told, nothing is concluded from silence.

A false "missing" would send scenes that Plex has into the parking lot, and tell their owner that
his library is gone.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from plex.index import PathIndex
from reconciliation import GapDetectionEngine, GapDetectionResult
from stash.client import StashClient
from stash.connection import Connection
from tests.reconciliation.due import at_page
from tests.reconciliation.reconciler import Reconciler, kinds
from tests.servers.plex import Sky
from tests.servers.stash.weather import Weather
from tests.world import World
from validation.config import load_config

Trouble = tuple[Callable[[World], object], str]


def weather(sky: Sky) -> Callable[[World], object]:
    return lambda world: world.plex.weather(sky)


PLEX_TROUBLES: dict[str, Trouble] = {
    "is down": (lambda world: world.plex.stop(), "no complete answer from Plex"),
    "hangs": (weather("hang"), "Plex did not answer in time"),
    "resets connections": (weather("reset"), "no complete answer from Plex"),
    "answers 503": (weather(503), "Plex answered 503"),
    "answers 500": (weather(500), "Plex answered 500"),
    "is in maintenance": (weather("maintenance"), "Plex answered 503"),
    "sends garbage": (weather("garbage"), "not Plex"),
    "refuses the token": (weather(401), "check plex_token"),
    "forbids": (weather(403), "use the owner's token"),
}
PLEX = pytest.mark.parametrize("trouble", PLEX_TROUBLES.values(), ids=PLEX_TROUBLES)

STASH: list[Weather] = ["hang", "reset", "locked", "panic", "garbage", "truncate", 401, 500, 503]


@pytest.fixture
def six(six: Reconciler) -> Reconciler:
    """The six scenes of all tests, and somebody who waits for a second and no longer."""
    six.stage.open(read_timeout=1)
    return six


@pytest.fixture
def in_step(six: Reconciler) -> Reconciler:
    """The same six after everything has been synced, and compared once."""
    six.stage.sync()
    assert kinds(six.run()) == {}
    assert list(six.found("matched")) == [1, 2, 3, 4, 5, 6]
    six.stage.forget_requests()
    return six


def assert_nothing_is_concluded(result: GapDetectionResult, why: str) -> None:
    """The run broke off, said why, and calls nothing missing."""
    assert result.missing_count == 0
    (error,) = result.errors
    assert why in error
    assert not result.is_complete


class TestPlexAtTheStart:
    @PLEX
    @pytest.mark.parametrize("scope", ["all", "recent"])
    def test_a_plex_that_fails_leaves_one_line_and_no_gap(
        self, six: Reconciler, trouble: Trouble, scope: str
    ) -> None:
        begin, why = trouble
        begin(six.stage.world)

        result = six.run(scope)

        assert_nothing_is_concluded(result, why)
        assert (result.total_gaps, result.enqueued_count, six.queued()) == (0, 0, [])

    def test_what_an_earlier_run_found_is_kept(self, in_step: Reconciler) -> None:
        in_step.stage.world.plex.weather(503)

        in_step.run()

        assert list(in_step.found("matched")) == [1, 2, 3, 4, 5, 6]

    def test_once_plex_is_back_the_next_run_finds_everything(self, six: Reconciler) -> None:
        six.stage.world.plex.stop()
        six.run()
        six.stage.world.plex.start()

        result = six.run()

        assert kinds(result) == {"empty": 6}
        assert (result.errors, result.is_complete) == ([], True)
        assert six.queued() == [1, 2, 3, 4, 5, 6]


class TestPlexInTheMiddle:
    @PLEX
    def test_what_was_seen_until_then_is_told_and_enqueued(
        self, six: Reconciler, trouble: Trouble
    ) -> None:
        begin, why = trouble
        at_page(six.stage.world, 2, lambda: begin(six.stage.world))

        result = six.run()

        assert_nothing_is_concluded(result, why)
        assert kinds(result) == {"empty": 2}
        assert six.queued() == [1, 2]

    @pytest.mark.parametrize(
        "trouble",
        [PLEX_TROUBLES[name] for name in PLEX_TROUBLES if name != "is down"],
        ids=[name for name in PLEX_TROUBLES if name != "is down"],
    )
    def test_items_that_plex_was_asked_for_are_not_missing(
        self, six: Reconciler, trouble: Trouble
    ) -> None:
        """It listed its libraries and fails from then on."""
        begin, why = trouble
        plex = six.stage.world.plex
        plex.on_request = lambda r: begin_at_items(six.stage.world, r.path, begin)

        result = six.run()

        assert_nothing_is_concluded(result, why)
        assert (result.total_gaps, six.queued()) == (0, [])


def clear_match_cache(path: Path) -> None:
    index = PathIndex(path)
    index.forget_all()
    index.close()


def begin_at_items(world: World, path: str, begin: Callable[[World], object]) -> None:
    if path.startswith("/library/metadata"):
        world.plex.on_request = None
        begin(world)


class TestLibraries:
    @pytest.mark.parametrize("scope", ["all", "recent"])
    def test_a_library_that_is_suddenly_empty_has_lost_nothing(
        self, in_step: Reconciler, scope: str
    ) -> None:
        for item in in_step.stage.world.plex.items():
            in_step.stage.world.plex.remove_item(item.key)

        result = in_step.run(scope)

        assert_nothing_is_concluded(result, 'suddenly shows library "Scenes" empty')
        assert in_step.queued() == []
        assert list(in_step.found("matched")) == [1, 2, 3, 4, 5, 6]

    @pytest.mark.parametrize("is_known", [False, True])
    @pytest.mark.parametrize("scope", ["all", "recent"])
    def test_one_library_of_two_that_cannot_be_listed_hides_nothing(
        self, six: Reconciler, is_known: bool, scope: str
    ) -> None:
        world = six.stage.world
        other = world.plex.add_section("Others", locations=("/others",))
        scene = world.stash.add_scene(
            files=[{"path": "/others/x.mp4", "size": 5}], studio="S", title="X"
        )
        world.plex.add_item("/others/x.mp4", 5, other)
        if is_known:
            assert kinds(six.count()) == {"empty": 7}
        world.plex.weather(500, path_prefix=f"/library/sections/{other}/all")

        result = six.run(scope)

        assert_nothing_is_concluded(result, "Plex answered 500")
        assert scene not in six.found("stash_only")

    def test_a_wrong_name_is_an_error_that_says_where_to_look(self, six: Reconciler) -> None:
        six.stage.reopen(plex_library="Scnes")

        result = six.run()

        assert_nothing_is_concluded(
            result, "Plex has no library Scnes (it has: Scenes): check plex_library"
        )
        assert (result.total_gaps, six.queued()) == (0, [])

    def test_a_cache_that_is_cleared_in_the_middle_makes_nothing_missing(
        self, in_step: Reconciler
    ) -> None:
        """Clear Match Cache is carried out by the background while a task reconciles."""
        path = in_step.stage.world.data_dir / "plex_index.db"
        at_page(in_step.stage.world, 2, lambda: clear_match_cache(path))

        result = in_step.run()

        assert_nothing_is_concluded(result, "the match cache was cleared meanwhile")
        assert list(in_step.found("matched")) == [1, 2, 3, 4, 5, 6]


class TestOneItem:
    @pytest.fixture
    def stumbling(self, six: Reconciler) -> Reconciler:
        """Plex answers 500 to whatever has to do with the item of the first scene."""
        key = six.stage.world.key(1)
        six.stage.world.plex.weather(500, path_prefix=f"/library/metadata/{key}")
        return six

    def test_an_item_that_plex_stumbles_over_is_not_missing(self, stumbling: Reconciler) -> None:
        result = stumbling.run()

        assert kinds(result) == {"empty": 5}
        assert stumbling.queued() == [2, 3, 4, 5, 6]
        assert stumbling.found("stash_only") == {}

    def test_an_item_that_plex_stumbles_over_is_told(self, stumbling: Reconciler) -> None:
        (error,) = stumbling.run().errors

        assert "500" in error

    def test_of_an_item_that_nobody_could_read_nothing_is_said(self, stumbling: Reconciler) -> None:
        stumbling.run()

        assert list(stumbling.found("matched")) == [2, 3, 4, 5, 6]


class TestStash:
    @pytest.mark.parametrize("sky", STASH)
    @pytest.mark.parametrize("scope", ["all", "recent"])
    def test_a_stash_that_fails_from_the_start_leaves_one_line(
        self, six: Reconciler, sky: Weather, scope: str
    ) -> None:
        six.stage.worker.services.stash.close()
        world = six.stage.world
        stash = StashClient(Connection.from_server(world.stash.connection()), read_timeout=0.5)
        world.stash.weather(sky)

        result = GapDetectionEngine(
            stash, load_config(world.stash.settings).config, world.data_dir
        ).run(scope)
        stash.close()

        assert_nothing_is_concluded(result, "Stash")
        assert (result.scenes_checked, result.total_gaps) == (0, 0)

    @pytest.mark.parametrize("sky", [one for one in STASH if one != "hang"])
    def test_a_stash_that_fails_in_the_middle_takes_no_scene_away(
        self, in_step: Reconciler, sky: Weather
    ) -> None:
        world = in_step.stage.world
        at_page(world, 1, lambda: world.stash.weather(sky))  # this answer goes out still

        result = in_step.run()

        assert_nothing_is_concluded(result, "Stash")
        assert result.scenes_checked == 2
        assert list(in_step.found("matched")) == [1, 2, 3, 4, 5, 6]
        assert in_step.found("plex_only") == {}

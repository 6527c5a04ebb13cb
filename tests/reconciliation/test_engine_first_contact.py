"""What the engine makes of items of which nothing is remembered, and of scenes without items."""

from tests.reconciliation.reconciler import FACTS, Reconciler, kinds
from tests.worker.stage import Stage
from tests.world import picture

# First contact


def test_gap_02_a_fresh_install_finds_items_that_show_something_else(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", **FACTS)
    stage.world.plex.user_edits(stage.world.key(scene), lock=False, studio="Old Studio")

    assert kinds(reconciler.run()) == {"stale": 1}

    stage.drain()
    assert stage.world.shown(scene)["studio"] == "Studio"


def test_at_first_contact_an_item_that_shows_what_stash_says_is_no_gap_but_is_confirmed(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", studio="Studio", title="a", cover=picture("a"))
    key = stage.world.key(scene)
    stage.world.plex.user_edits(key, studio="Studio", titleSort="a", collection=["Studio"])
    stage.clock.move(10)

    result = reconciler.run()

    assert kinds(result) == {}
    assert (result.unconfirmed_count, result.enqueued_count) == (1, 1)
    stage.forget_requests()
    stage.drain()
    assert stage.plex_saw("PUT") == 0
    assert stage.plex_saw("POST") == 1  # the poster
    result = reconciler.run()
    assert (result.unconfirmed_count, result.enqueued_count) == (0, 0)


def test_at_first_contact_what_is_in_plex_alone_is_no_difference(
    stage: Stage, reconciler: Reconciler
) -> None:
    scene = stage.world.add("a", studio="Studio", title="a")
    key = stage.world.key(scene)
    stage.world.plex.user_edits(
        key,
        studio="Studio", titleSort="a", collection=["Studio", "Mine"], summary="Mine", genre=["x"],
    )  # fmt: skip

    result = reconciler.run()

    assert (kinds(result), result.unconfirmed_count) == ({}, 1)


def test_a_text_that_a_user_has_locked_in_plex_is_no_gap_if_it_is_to_stay(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.open(preserve_plex_edits=True)
    scene = stage.world.add("a", studio="Studio", title="a")
    key = stage.world.key(scene)
    stage.world.plex.user_edits(key, studio="Mine", titleSort="a", collection=["Studio"])

    result = reconciler.run()

    assert (kinds(result), result.unconfirmed_count) == ({}, 1)


# Missing


def test_gap_03_a_scene_that_plex_does_not_have_is_missing(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.world.add("there")
    scene = stage.world.add("missing", in_plex=False)

    result = reconciler.run()

    assert kinds(result) == {"empty": 1, "missing": 1}
    assert scene in reconciler.queued()


def test_gap_03_a_synced_scene_whose_item_is_gone_from_plex_is_missing(
    stage: Stage, reconciler: Reconciler, synced: int
) -> None:
    other = stage.world.add("b")
    stage.world.plex.remove_item(stage.world.key(synced))

    assert kinds(reconciler.run()) == {"missing": 1, "empty": 1}
    assert reconciler.queued() == [synced, other]


def test_gap_03_a_file_of_the_same_name_in_another_folder_is_not_the_scenes(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.world.add("2019/clip", in_plex=False, size=1000)
    stage.world.plex.add_item("/data/2020/clip.mp4", 2000, stage.world.section)

    assert kinds(reconciler.count()) == {"missing": 1}


def test_gap_03_an_item_that_goes_after_plex_was_listed_is_missing_and_no_longer_known(
    stage: Stage, reconciler: Reconciler
) -> None:
    world = stage.world
    scene, other = world.add("a"), world.add("b")
    key = world.key(scene)
    world.stash.before_answer = lambda _: world.plex.library.items.pop(key, None)

    result = reconciler.run()

    assert kinds(result) == {"missing": 1, "empty": 1}
    assert reconciler.found("stash_only")[scene].rating_key is None
    assert list(reconciler.found("matched")) == [other]
    assert not stage.worker.services.index.candidates("a.mp4")


# Nothing to do


def test_scenes_without_a_word_or_without_a_file_are_counted_and_left_alone(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.world.add("a", title="Only a title", studio=None, rating100=80)
    stage.world.stash.add_scene(title="No file", studio="Studio", files=[])

    result = reconciler.run()

    assert (result.scenes_checked, result.skipped_no_metadata) == (2, 2)
    assert (kinds(result), result.enqueued_count, result.errors) == ({}, 0, [])


def test_an_empty_stash_has_no_gaps(stage: Stage, reconciler: Reconciler) -> None:
    stage.world.plex.add_item("/data/stranger.mp4", 1000, stage.world.section)

    result = reconciler.run()

    assert (result.scenes_checked, result.total_gaps, result.is_complete) == (0, 0, True)


def test_no_run_writes_to_plex(stage: Stage, reconciler: Reconciler, synced: int) -> None:
    stage.world.add("empty", **FACTS)
    stage.world.stash.change_silently(synced, title="Another")
    stage.forget_requests()

    reconciler.run()

    assert {request.method for request in stage.world.plex.requests} == {"GET"}


# Only in Plex


def test_the_item_of_a_scene_that_nobody_has_described_is_not_only_in_plex(
    stage: Stage, reconciler: Reconciler
) -> None:
    stage.world.add("a", studio=None)
    stranger = stage.world.plex.add_item("/data/stranger.mp4", 1000, stage.world.section)

    reconciler.run()

    assert list(reconciler.found("plex_only")) == [stranger]

"""A job about a tag, performer, studio or group becomes jobs of the scenes that have it."""

import json
from collections.abc import Callable

import pytest

from domain.errors import StashUnavailable
from domain.job import JobKey, SceneId
from domain.ledger import LedgerEntry
from domain.plex_item import RatingKey
from sync_queue import inbox
from sync_queue.due import GONE, is_reconciliation_due, word_of_loss
from sync_queue.retry import load_job
from tests.servers.plex import Request as PlexRequest
from tests.servers.stash import Request
from tests.servers.stash.weather import Weather
from tests.worker.stage import Killed, MortalClock, Stage, hook

TAG = JobKey("tag", 1)


@pytest.fixture
def clock() -> MortalClock:
    return MortalClock()


def one_batch() -> Callable[[], bool]:
    """To drain until the first batch is done."""
    return iter([True, False]).__next__


def jobs(stage: Stage, queue: str) -> list[tuple[str, int]]:
    """What waits in a queue, in order."""
    rows = stage.queue.db.rows(f"SELECT data FROM ack_queue_{queue} WHERE status < 2 ORDER BY _id")
    documents = [json.loads(bytes(data)) for (data,) in rows]
    return [(document["kind"], document["id"]) for document in documents]


def pages(stage: Stage) -> list[Request]:
    """The questions for scenes of a thing."""
    return [each for each in stage.world.stash.requests if "query Uses" in each.text]


def at_page(stage: Stage, number: int, happens: Callable[[], object]) -> None:
    """Let something happen once Stash has answered that page."""

    def before_answer(_: Request) -> None:
        if len(pages(stage)) == number:
            stage.world.stash.before_answer = None
            happens()

    stage.world.stash.before_answer = before_answer


@pytest.fixture
def many(stage: Stage) -> Stage:
    """A tag on every other scene, 2,500 in all, written under another name. Its job waits."""
    ledger = stage.worker.services.ledger
    with stage.queue.db.transaction():
        for n in range(5000):
            scene = stage.world.stash.add_scene(tags=[] if n % 2 else ["t"])
            ledger.store(LedgerEntry("plex", RatingKey(scene), SceneId(scene), content_hash="old"))
    stage.queue.put([TAG])
    return stage


ITS_SCENES = [("scene", number) for number in range(1, 5000, 2)]


# Many scenes


def test_the_scenes_of_a_tag_wait_once_each_in_the_bulk_queue(many: Stage) -> None:
    many.worker.drain(go_on=one_batch())

    assert jobs(many, "bulk") == ITS_SCENES
    assert jobs(many, "default") == []
    assert not (many.world.data_dir / GONE).exists()


def test_they_are_asked_for_a_page_at_a_time_and_each_once(many: Stage) -> None:
    many.worker.drain(go_on=one_batch())

    assert len(pages(many)) <= 4
    after = [page.variables["filter"]["id"]["value"] for page in pages(many)]
    assert after == sorted(set(after))
    assert {page.variables["limit"] for page in pages(many)} == {1000}


def test_scenes_of_two_tags_and_scenes_that_wait_already_wait_once(many: Stage) -> None:
    stash = many.world.stash
    for scene in range(1, 2000, 2):
        stash.scene(scene).tags.append(stash.library.tags.named("u"))
    many.enqueue(1, 3, 5, queue="bulk")
    many.queue.put([JobKey("tag", 2)])

    many.worker.drain(go_on=one_batch())

    assert jobs(many, "bulk") == ITS_SCENES


def test_a_thing_that_no_scene_has_costs_one_question(stage: Stage) -> None:
    stage.world.stash.library.tags.named("t")
    stage.queue.put([TAG])

    stage.drain()

    assert len(pages(stage)) == 1
    assert stage.is_idle()
    assert stage.plex_saw("GET") == 0


def test_a_save_goes_before_the_scenes_of_a_tag(stage: Stage) -> None:
    world = stage.world
    scenes = [world.add(f"n{n}", title=f"T{n}", tags=["old"]) for n in range(30)]
    stage.sync(*scenes)
    world.stash.rename_tag("old", "new")
    stage.forget_requests()

    def save_the_last(request: PlexRequest) -> None:
        if request.method == "PUT":
            world.plex.on_request = None
            world.stash.edit(scenes[-1], title="Saved")
            hook(world, scenes[-1])

    world.plex.on_request = save_the_last
    stage.queue.put([TAG])
    stage.drain()

    written = [int(each.args["id"]) for each in world.plex.requests if each.method == "PUT"]
    assert written[1] == world.key(scenes[-1])
    assert sorted(written) == sorted(map(world.key, scenes))
    assert world.shown(scenes[-1])["title"] == "Saved"


# Interrupted


@pytest.mark.parametrize("page", [1, 2, 3])
def test_killed_at_a_page_it_is_done_again_and_no_scene_waits_twice(
    many: Stage, clock: MortalClock, page: int
) -> None:
    at_page(many, page, lambda: setattr(clock, "is_over", True))
    with pytest.raises(Killed):
        many.drain()
    assert len(jobs(many, "bulk")) == (page - 1) * 1000

    many.reopen().drain(go_on=one_batch())

    assert jobs(many, "bulk") == ITS_SCENES
    assert jobs(many, "default") == []
    assert not load_job(many.queue, TAG).alone


@pytest.mark.parametrize("weather", [500, 503, "reset", "locked", "panic", "truncate"])
def test_stash_that_fails_at_a_page_costs_nothing_and_the_rest_follows(
    many: Stage, weather: Weather
) -> None:
    at_page(many, 1, lambda: many.world.stash.weather(weather))
    with pytest.raises(StashUnavailable):
        many.drain()
    assert jobs(many, "default") == [("tag", 1)]
    assert many.stats["waiting"] == many.stats["failed"] == many.stats["in_progress"] == 0

    many.world.stash.weather("fine")
    many.worker.drain(go_on=one_batch())

    assert jobs(many, "bulk") == ITS_SCENES
    assert jobs(many, "default") == []


def test_stash_that_fails_puts_the_scenes_of_the_batch_back_too(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", tags=["t"])
    stage.queue.put([TAG, JobKey("scene", scene), JobKey("studio", 1)])
    stage.world.stash.weather(503)

    with pytest.raises(StashUnavailable):
        stage.drain()

    waiting = [("scene", scene), ("studio", 1), ("tag", 1)]
    assert sorted(jobs(stage, "default")) == waiting
    assert stage.attempts(scene) == 0
    assert stage.stats["waiting"] == 0


# Beside scenes


def test_a_batch_of_things_and_scenes_is_done_as_a_whole(stage: Stage) -> None:
    world = stage.world
    saved = world.add("saved", title="Saved", studio="Else")
    scenes = {
        "tag": world.add("tag", tags=["x"], studio="Else"),
        "performer": world.add("performer", performers=["x"], studio="Else"),
        "studio": world.add("studio", studio="x"),
        "group": world.add("group", groups=["x"], studio="Else"),
    }
    stage.open(collect_groups=True)
    stage.sync(*scenes.values())
    for rename in ("tag", "performer", "studio", "group"):
        getattr(world.stash, f"rename_{rename}")("x", "y")
    stage.forget_requests()
    stage.queue.put([TAG, JobKey("scene", saved), JobKey("performer", 1)])
    stage.queue.put([JobKey("studio", 2), JobKey("group", 1)])

    stage.drain()

    assert world.shown(saved)["title"] == "Saved"
    assert world.shown(scenes["tag"])["genres"] == ["y"]
    assert world.shown(scenes["performer"])["cast"] == ["y"]
    assert world.shown(scenes["studio"])["studio"] == "y"
    assert "y" in world.shown(scenes["group"])["collections"]
    assert stage.is_idle()
    assert stage.plex_saw("PUT") == 5


def test_a_saved_scene_whose_tag_was_renamed_at_the_same_time_is_written_once(
    stage: Stage,
) -> None:
    scene = stage.world.add("a", title="A", tags=["old"])
    stage.world.stash.rename_tag("old", "new")

    stage.queue.put([JobKey("scene", scene), TAG])
    stage.drain()

    assert stage.world.shown(scene)["genres"] == ["new"]
    assert stage.plex_saw("PUT") == 1
    assert stage.is_idle()


def test_a_tag_with_the_number_of_a_scene_that_waits_for_a_retry_leaves_it_alone(
    stage: Stage,
) -> None:
    world = stage.world
    failing, other = world.add("a", title="A"), world.add("b", title="B", tags=["old"])
    assert failing == TAG.id
    stage.sync(other)
    world.stash.rename_tag("old", "new")
    world.plex.chokes_on(world.key(failing))
    stage.sync(failing)
    waiting = stage.waiting()

    stage.queue.put([TAG])
    stage.drain()

    assert world.shown(other)["genres"] == ["new"]
    assert stage.attempts(failing) == 1
    assert stage.waiting() == waiting
    assert list(waiting) == [failing]


def test_a_rename_while_its_scene_is_written_is_written_too(stage: Stage) -> None:
    world = stage.world
    scene = world.add("a", title="A", tags=["old"])

    def rename(request: PlexRequest) -> None:
        if request.method == "PUT":
            world.plex.before_answer = None
            world.stash.rename_tag("old", "new")
            inbox.record(str(world.data_dir), inbox.payload("tag", 1))

    world.plex.before_answer = rename
    stage.sync(scene)

    assert world.shown(scene)["genres"] == ["new"]
    assert stage.is_idle()


@pytest.mark.parametrize("kind", ["gallery", "movie", "Tag", ""])
def test_a_kind_that_nobody_knows_is_dropped_and_a_reconciliation_is_due(
    stage: Stage, kind: str
) -> None:
    stage.queue.db.execute(inbox.INSERT, (inbox.payload(kind, 1), 0.0))

    stage.drain()

    assert stage.is_idle()
    assert is_reconciliation_due(stage.world.data_dir)
    assert word_of_loss(stage.world.data_dir, GONE) is None

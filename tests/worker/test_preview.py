"""Preview: what would change is said in the log, and nothing is written."""

import logging
from collections.abc import Iterable
from itertools import islice

import pytest

from domain.job import JobKey, QueueName
from sync_queue import previewed
from sync_queue.clearing import clear_pending_items, undo_clear
from tests.servers.plex import Request
from tests.worker.conftest import Live, Run
from tests.worker.stage import EventfulClock, Killed, Stage, hook
from tests.world import World, picture
from worker.foreground import sync_all
from worker.preview import end_preview


@pytest.fixture(autouse=True)
def _listen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def preview(stage: Stage, *scenes: int, **settings: object) -> None:
    stage.reopen(dry_run=True, **settings)
    stage.sync(*scenes)


def writes(stage: Stage) -> int:
    return sum(stage.plex_saw(method) for method in ("PUT", "POST", "DELETE"))


def end(stage: Stage, **settings: object) -> None:
    """Turn the preview off, as the next process finds it."""
    end_preview(stage.reopen(**settings).services)
    stage.drain()


def test_each_change_is_said_as_before_and_after(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage.world.add("a", title="a")
    stage.sync(scene)
    stage.edit(scene, title="b")
    caplog.clear()

    preview(stage, scene)

    assert f'scene {scene}: title "a" → "b"' in caplog.messages


def test_names_that_come_and_go_are_said(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    scene = stage.world.add("a", title="A", tags=["Old", "Kept"])
    stage.sync(scene)
    stage.edit(scene, tags=["Kept", "New"])

    preview(stage, scene)

    assert f'scene {scene}: tags +"New" -"Old"' in caplog.messages


def test_nothing_is_written_to_plex(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", cover=picture("first"))

    preview(stage, scene)

    assert writes(stage) == 0
    assert stage.world.shown(scene)["title"] != "A"


def test_a_new_cover_is_said(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    scene = stage.world.add("a", title="A", cover=picture("first"))

    preview(stage, scene)

    assert f"scene {scene}: poster → the cover in Stash" in caplog.messages


def test_a_cover_that_plex_has_from_us_is_not_said(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    scene = stage.world.add("a", title="A", cover=picture("first"))
    stage.clock.move(10)
    stage.sync(scene)
    stage.edit(scene, title="B")

    preview(stage, scene)

    assert not [line for line in caplog.messages if "poster →" in line]


def test_a_plex_that_knows_the_file_not_yet_is_not_told_to_scan(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", in_plex=False)

    preview(stage, scene, trigger_plex_scan=True)

    assert [r for r in stage.world.plex.requests if r.path.endswith("/refresh")] == []


def test_nothing_is_remembered_as_written(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", tags=["T"], cover=picture("first"))

    preview(stage, scene)

    assert stage.queue.db.rows("SELECT * FROM ledger") == []


def test_what_was_previewed_waits_and_is_counted(stage: Stage) -> None:
    preview(stage, stage.world.add("a", title="A"))

    assert (stage.stats["previewed"], stage.stats["pending"]) == (1, 0)


def test_it_is_written_once_the_preview_ends(stage: Stage) -> None:
    scene = stage.world.add("a", title="A", tags=["T"], cover=picture("first"))
    preview(stage, scene)

    end(stage)

    assert stage.world.shown(scene)["title"] == "A"
    assert stage.stats["previewed"] == 0


def test_it_stays_as_it_is_while_the_preview_lasts(stage: Stage) -> None:
    preview(stage, stage.world.add("a", title="A"))

    end(stage, dry_run=True)

    assert stage.stats["previewed"] == 1


def test_an_edit_is_previewed_again(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    scene = stage.world.add("a", title="A")
    preview(stage, scene)
    stage.edit(scene, title="B")
    caplog.clear()

    stage.drain()

    assert any('→ "B"' in line for line in caplog.messages)
    assert stage.stats["previewed"] == 1


def test_a_scene_whose_item_belongs_to_another_is_looked_at_again(stage: Stage) -> None:
    """Nothing was written, so nobody has the item yet."""
    first, second = stage.world.add("a", title="A"), stage.world.add("a", title="B", in_plex=False)
    preview(stage, first, second)

    assert stage.stats["previewed"] == 2


def test_a_process_killed_while_it_ends_the_preview_loses_none(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenes = [stage.world.add(name, title=name) for name in "abc"]
    preview(stage, *scenes)
    queue = stage.reopen().services.queue
    put = queue.put

    def put_and_die(keys: Iterable[JobKey], name: QueueName) -> int:
        put(islice(keys, 2), name)
        raise Killed

    monkeypatch.setattr(queue, "put", put_and_die)
    with pytest.raises(Killed):
        previewed.rearm(queue)
    end(stage)

    assert [stage.world.shown(scene)["title"] for scene in scenes] == ["a", "b", "c"]


def test_a_preview_is_not_slowed_down_after_an_outage(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pace protects Plex from writes."""
    scenes = [stage.world.add(name, title=name) for name in "abcdef"]
    monkeypatch.setattr(stage.reopen(dry_run=True), "pace", _no_pace)

    stage.sync(*scenes)

    assert stage.stats["previewed"] == len(scenes)


def _no_pace(*_: object) -> None:
    raise AssertionError("a preview asked for its turn")


def test_a_background_that_lingers_notices_that_the_preview_ended(
    world: World, live: Live, clock: EventfulClock
) -> None:
    scene = world.add("a", title="A")
    world.stash.settings["dry_run"] = True
    hook(world, scene)
    clock.events = [lambda: None] * 20 + [lambda: world.stash.settings.pop("dry_run")]

    live()

    assert world.shown(scene)["title"] == "A"


def test_what_plex_shows_already_is_ours_once_the_preview_ends(stage: Stage) -> None:
    """Else nobody would know that a tag, which Stash removes later, came from here."""
    scene = stage.world.add("a", title="A", tags=["X", "Y"])
    stage.sync(scene)
    with stage.queue.db.transaction():
        stage.queue.db.execute("DELETE FROM ledger")
    preview(stage, scene)
    end(stage)

    stage.edit(scene, tags=["X"])
    stage.drain()

    assert stage.world.shown(scene)["genres"] == ["X"]


def test_a_preview_can_be_discarded_and_brought_back(stage: Stage) -> None:
    scene = stage.world.add("a", title="A")
    preview(stage, scene)

    assert clear_pending_items(stage.queue).queued == 1
    end(stage)
    assert stage.world.shown(scene)["title"] != "A"

    undo_clear(stage.queue)
    end(stage)
    assert stage.world.shown(scene)["title"] == "A"


class TestSettingsThatChangeInTheMiddle:
    """Who sees wrong writes turns on Preview or Pause at once."""

    @pytest.fixture
    def scenes(self, world: World) -> list[int]:
        return [world.add(f"s{n}", title=f"S{n}") for n in range(150)]

    @pytest.fixture(autouse=True)
    def _slow_plex(self, world: World, clock: EventfulClock) -> None:
        """Each write takes two seconds, and before the third the user turns Preview on."""

        def on_request(request: Request) -> None:
            if request.method == "PUT":
                clock.move(2)
                if world.plex.count("PUT") == 2:
                    world.stash.settings["dry_run"] = True

        world.plex.on_request = on_request

    def test_the_background_stops_writing_within_seconds(
        self, world: World, live: Live, scenes: list[int]
    ) -> None:
        for scene in scenes:
            hook(world, scene)

        live()

        assert world.plex.count("PUT") < 10

    def test_a_watched_drain_stops_writing_within_seconds(
        self, world: World, run: Run, scenes: list[int]
    ) -> None:
        run(sync_all)

        assert world.plex.count("PUT") < 10

"""A tag that many scenes have is followed page by page, and a save in between does not wait."""

import pytest

from domain.job import JobKey
from stash.client import StashClient
from sync_queue import inbox
from tests.servers.stash import Request
from tests.worker.stage import Stage, hook

PAGE = 2


@pytest.fixture
def nine(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Nine scenes that Plex shows, with a tag that has another name now; looked at two by two."""
    pages = StashClient.scenes_of

    def small(self: StashClient, thing: JobKey, *, after: int = 0, limit: int = PAGE) -> object:
        return pages(self, thing, after=after, limit=PAGE)

    monkeypatch.setattr(StashClient, "scenes_of", small)
    scenes = [stage.world.add(f"n{n}", tags=["old"]) for n in range(9)]
    stage.clock.move(10)
    stage.sync(*scenes)
    stage.clock.move(60)
    stage.world.stash.rename_tag("old", "new")
    stage.queue.put([JobKey("tag", 1)])
    stage.forget_requests()
    return scenes


class Watch:
    """Notes each page and each write in their order; at a page, something happens."""

    def __init__(self, stage: Stage, happens: dict[int, object]) -> None:
        self.seen: list[str] = []
        self.pages = 0
        self._happens = happens
        stage.world.stash.before_answer = self._page
        stage.world.plex.on_request = self._write

    def _page(self, request: Request) -> None:
        if "query Uses" in request.text:
            self.pages += 1
            self.seen.append("page")
            if callable(do := self._happens.get(self.pages)):
                do()

    def _write(self, request: object) -> None:
        if getattr(request, "method", "") == "PUT":
            self.seen.append("write")


def genres(stage: Stage, scenes: list[int]) -> list[list[str]]:
    return [stage.world.shown(scene)["genres"] for scene in scenes]


def test_a_save_between_two_pages_is_written_before_the_next_one(
    stage: Stage, nine: list[int]
) -> None:
    saved = stage.world.add("saved", title="Saved")
    watch = Watch(stage, {2: lambda: hook(stage.world, saved)})

    stage.drain()

    assert watch.seen[:4] == ["page", "page", "write", "page"]
    assert stage.world.shown(saved)["title"] == "Saved"
    assert genres(stage, nine) == [["new"]] * 9
    assert stage.is_idle()


def test_it_goes_on_where_it_made_way(stage: Stage, nine: list[int]) -> None:
    saved = stage.world.add("saved", title="Saved")
    # Whoever saves all the time must not make it begin anew each time.
    always = {number: lambda: hook(stage.world, saved) for number in range(1, 5)}
    watch = Watch(stage, dict(always))

    stage.drain()

    assert watch.pages == 5
    assert genres(stage, nine) == [["new"]] * 9


def test_it_begins_anew_if_it_has_changed_again_meanwhile(stage: Stage, nine: list[int]) -> None:
    saved = stage.world.add("saved", title="Saved")

    def rename() -> None:
        hook(stage.world, saved)
        stage.world.stash.rename_tag("new", "newest")
        inbox.record(str(stage.world.data_dir), inbox.payload("tag", 1))

    watch = Watch(stage, {2: rename})

    stage.drain()

    assert watch.pages == 7
    assert genres(stage, nine) == [["newest"]] * 9


def test_another_process_begins_anew(stage: Stage, nine: list[int]) -> None:
    saved = stage.world.add("saved", title="Saved")
    Watch(stage, {2: lambda: hook(stage.world, saved)})
    stage.worker.drain(go_on=iter([True, False]).__next__)
    assert stage.stats["pending"] >= 1

    stage.reopen()
    stage.drain()

    assert genres(stage, nine) == [["new"]] * 9
    assert stage.is_idle()

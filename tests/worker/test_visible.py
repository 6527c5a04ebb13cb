"""The background process leaves word of what it does, and a task repeats its last warning once."""

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from stash.scrubber import Scrubber
from sync_queue.manager import QueueManager
from tests.worker.conftest import Live
from tests.worker.damage import NO_TIME, UNREADABLE
from tests.worker.stage import EventfulClock, hook, last_word
from tests.world import PLEX_TOKEN, FrozenClock, World
from validation.config import load_config
from worker.logs import log_to_file
from worker.status import report
from worker.visible import Trace, WarningsToTrace, Word, repeat_warning
from worker.visible import last_word as word_of

log = logging.getLogger("worker.test")

COOKIE = "cookie-of-the-session"
REFUSED = "Plex refused the token when connecting: check plex_token"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def scrubber() -> Scrubber:
    return Scrubber(obfuscate_paths=True)


@pytest.fixture
def trace(folder: Path, clock: FrozenClock, scrubber: Scrubber) -> Trace:
    return Trace(folder, clock, scrubber)


@pytest.fixture
def listening(loggers_as_before: None, folder: Path, clock: FrozenClock) -> None:
    """Log as the background does: to background.log and to the trace."""
    logs = log_to_file(folder, {"SessionCookie": {"Value": COOKIE}})
    logs.also(WarningsToTrace(Trace(folder, clock, logs.scrubber)))
    settings = {"plex_url": "http://127.0.0.1:1", "plex_token": PLEX_TOKEN}
    logs.follow(load_config({**settings, "obfuscate_paths": True}).config)


def stored(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "background.json").read_text())
    return document


def write(folder: Path, **word: object) -> None:
    (folder / "background.json").write_text(json.dumps(word))


class TestLife:
    """background.json from the start of a process to its end."""

    def test_at_its_start_it_says_who_it_is_and_since_when_it_lives(
        self, trace: Trace, folder: Path, clock: FrozenClock
    ) -> None:
        trace.began()

        assert stored(folder) == {
            "pid": os.getpid(), "started_at": clock.now(), "ended_at": None, "why": "",
            "not_before": 0.0,
        }  # fmt: skip

    def test_a_warning_is_kept_with_its_time(
        self, trace: Trace, folder: Path, clock: FrozenClock
    ) -> None:
        trace.began()
        clock.move(10)
        trace.warned("Plex is slow")
        clock.move(10)
        trace.warned("Plex does not answer")

        word = stored(folder)
        assert (word["warning"], word["warned_at"]) == ("Plex does not answer", clock.now())
        assert word["started_at"] == clock.now() - 20

    def test_the_last_warning_outlives_the_process_and_the_next_ones_start(
        self, trace: Trace, folder: Path, clock: FrozenClock
    ) -> None:
        trace.warned("Plex does not answer")
        trace.ended("")

        Trace(folder, clock).began()

        assert stored(folder)["warning"] == "Plex does not answer"

    def test_a_life_is_told_from_its_start_to_its_end(
        self, world: World, live: Live, clock: EventfulClock
    ) -> None:
        began = clock.now()
        seen: list[dict[str, Any]] = []
        clock.events = [lambda: seen.append(last_word(world))]

        live()

        assert seen[0] == {
            "pid": os.getpid(), "started_at": began, "ended_at": None, "why": "",
            "not_before": 0.0,
        }  # fmt: skip
        assert last_word(world) == {
            **seen[0], "ended_at": clock.now(), "why": "", "held_off": 0.0,
            "not_before": clock.now(),
        }  # fmt: skip

    def test_no_path_stands_in_the_reason_for_which_it_gave_up(
        self, trace: Trace, folder: Path
    ) -> None:
        trace.ended("path_map: /data/private/clip.mp4 is not a rule")

        assert word_of(folder).why.startswith("path_map: ")
        assert "private" not in (folder / "background.json").read_text()

    def test_of_many_warnings_at_once_only_some_are_written_and_at_last_the_last(
        self, trace: Trace, folder: Path, clock: FrozenClock
    ) -> None:
        trace.warned("first")
        clock.move(0.5)
        trace.warned("second")
        assert stored(folder)["warning"] == "first"
        clock.move(0.6)
        trace.warned("third")
        assert stored(folder)["warning"] == "third"
        trace.warned("fourth")

        trace.rests()
        assert stored(folder)["warning"] == "fourth"
        trace.warned("last")
        trace.ended("")
        assert stored(folder)["warning"] == "last"

    def test_a_process_that_only_the_user_can_help_says_so(self, world: World, live: Live) -> None:
        world.plex.token = "changed"
        hook(world, world.add("a"))

        live()

        assert word_of(world.data_dir).why == REFUSED

    @pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
    def test_a_file_that_cannot_be_read_is_begun_anew(
        self, content: bytes, folder: Path, clock: FrozenClock
    ) -> None:
        (folder / "background.json").write_bytes(content)
        assert word_of(folder) == Word()

        Trace(folder, clock).began()

        assert word_of(folder) == Word(started_at=clock.now())

    def test_a_disk_that_takes_nothing_does_not_stop_the_work(
        self, folder: Path, clock: FrozenClock
    ) -> None:
        (folder / "file").touch()
        trace = Trace(folder / "file", clock)

        trace.began()
        trace.warned("Plex does not answer")
        trace.ended("")

    @pytest.mark.parametrize("kind", NO_TIME)
    def test_a_time_that_makes_no_sense_stops_neither_a_task_nor_the_status(
        self, kind: str, folder: Path, clock: FrozenClock
    ) -> None:
        content = b'{"warning": "w", "warned_at": %s}' % NO_TIME[kind]
        (folder / "background.json").write_bytes(content)

        repeat_warning(folder, clock)
        report(QueueManager(folder, clock=clock), None, None)


class TestWarnings:
    """What the background logs as a warning reaches the trace, and no secret with it."""

    def test_a_warning_that_is_logged_is_kept(self, listening: None, folder: Path) -> None:
        log.info("an event")
        log.warning("scene %d: given up", 7)
        log.info("another event")

        assert stored(folder)["warning"] == "scene 7: given up"

    def test_an_error_is_kept_by_its_first_line(self, listening: None, folder: Path) -> None:
        log.error("incident 12ab: KeyError\n  File x, line 1\n  File y, line 2")

        assert stored(folder)["warning"] == "incident 12ab: KeyError"

    def test_no_secret_and_no_path_stands_in_it(self, listening: None, folder: Path) -> None:
        log.warning("refused %s and %s for /data/private/clip.mp4", PLEX_TOKEN, COOKIE)

        text = (folder / "background.json").read_text()
        assert "refused " in text
        for secret in (PLEX_TOKEN, COOKIE, "private"):
            assert secret not in text

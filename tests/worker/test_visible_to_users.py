"""What others read of the background: a task repeats its last warning, the status has a section."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync_queue.manager import QueueManager
from tests.invocation.circumstances import record
from tests.invocation.witness import backgrounds
from tests.worker.damage import UNREADABLE
from tests.world import FrozenClock, World
from worker.status import report
from worker.visible import Trace, repeat_warning
from worker.visible import last_word as word_of

REFUSED = "Plex refused the token when connecting: check plex_token"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def trace(folder: Path, clock: FrozenClock) -> Trace:
    return Trace(folder, clock)


class TestRepetition:
    """The next task says the last warning once, for those who do not read background.log."""

    def warnings(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        return [r.getMessage() for r in caplog.records if r.name == "worker.visible"]

    def test_a_warning_is_repeated_once(
        self, trace: Trace, folder: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        trace.warned("Plex does not answer")
        clock.move(65)

        for _ in range(3):
            repeat_warning(folder, clock)

        assert self.warnings(caplog) == [
            "the background process warned 1m 5s ago: Plex does not answer"
        ]

    def test_the_same_words_at_another_time_are_another_warning(
        self, trace: Trace, folder: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _ in range(2):
            trace.warned("Plex does not answer")
            repeat_warning(folder, clock)
            clock.move(10)

        assert len(self.warnings(caplog)) == 2

    def test_without_a_warning_nothing_is_said_and_nothing_written(
        self, trace: Trace, folder: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        trace.began()
        trace.ended("")

        repeat_warning(folder, clock)

        assert self.warnings(caplog) == []
        assert [file.name for file in folder.iterdir()] == ["background.json"]

    @pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
    def test_a_damaged_memory_of_what_was_told_costs_a_repetition(
        self, content: bytes, trace: Trace, folder: Path, clock: FrozenClock,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        trace.warned("Plex does not answer")
        (folder / "background_told.json").write_bytes(content)

        for _ in range(2):
            repeat_warning(folder, clock)

        assert len(self.warnings(caplog)) == 1

    def test_a_task_repeats_it_and_the_next_task_does_not(self, world: World) -> None:
        world.plex.token = "changed"
        record(world, world.add("a"))
        world.hook(world.add("b"))
        world.until(lambda: word_of(world.data_dir).why)
        world.until(lambda: not backgrounds(world))
        # So that the processes which the tasks start have something else to warn of.
        world.stash.settings = {**world.stash.settings, "disabled": True}

        results = [world.task("outage_summary") for _ in range(2)]

        said = [[text for _, text in result.logs if REFUSED in text] for result in results]
        assert [len(lines) for lines in said] == [1, 0]
        assert said[0][0].startswith("the background process warned ")


class TestStatus:
    """The section in View Queue Status."""

    @pytest.fixture
    def section(
        self, folder: Path, clock: FrozenClock, caplog: pytest.LogCaptureFixture
    ) -> Iterator[Callable[[], list[str]]]:
        manager = QueueManager(folder, clock=clock)

        def section() -> list[str]:
            report(manager, None, None)
            lines = [r.getMessage() for r in caplog.records if r.name == "worker.status"]
            begin = lines.index("=== Background Process ===")
            return lines[begin + 1 : lines.index("Circuit breaker: CLOSED")]

        yield section
        manager.close()

    def test_its_last_warning_and_its_reason_stand_in_the_status(
        self, trace: Trace, clock: FrozenClock, section: Callable[[], list[str]]
    ) -> None:
        trace.warned("Plex is slow")
        trace.ended(REFUSED)
        clock.move(3600)

        assert section() == [
            f"Not running, because only you can help: {REFUSED}",
            "Last warning, 1h 0m ago: Plex is slow",
        ]

    def test_without_word_nothing_is_said_of_warnings(
        self, section: Callable[[], list[str]]
    ) -> None:
        assert section() == ["Not running, and nothing is due"]

    def test_one_that_lives_is_told_with_its_age(self, world: World) -> None:
        world.hook(world.add("a", title="A"))
        world.until(lambda: world.shown(1)["title"] == "A")

        result = world.task("queue_status")

        lines = [text for _, text in result.logs]
        assert any(line.startswith("Running, started ") for line in lines)
        (pid,) = backgrounds(world)
        assert json.loads((world.data_dir / "background.json").read_text())["pid"] == pid

"""What a save in Stash waits for: the hook, against the interpreter that does nothing."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from sync_queue.wake import DRAIN_LOCK
from tests.bench.runner import Measured, Runner
from tests.bench.sizes import Sizes
from tests.bench.table import TIMES, Row, at_most, exactly
from tests.servers.stash.runner import as_stdin
from tests.world import JPEG, MARK, World

ONES = 5  # single hooks for each burst they are compared with
LARGE = 256 * 1024  # bytes of stdin
COVER = JPEG + bytes((LARGE - 2048) // 4 * 3 - len(JPEG))  # in base64, with the rest: LARGE


@dataclass(slots=True)
class Bench:
    """One world, and hooks of its scenes."""

    world: World
    runner: Runner
    scenes: list[int] = field(default_factory=list)

    def documents(self, count: int = 1, **changes: Any) -> list[bytes]:
        """The input of the hooks of so many scenes, each saved once more."""
        while len(self.scenes) < count:
            self.scenes.append(self.world.add(f"scene {len(self.scenes)}"))
        changes.setdefault("title", f"at {time.monotonic()}")
        return [as_stdin(self.world.stash.edit(s, **changes)) for s in self.scenes[:count]]

    def hooks(self, documents: list[bytes], expect: str = "") -> Measured:
        """Hooks at once; each must have recorded its edit."""
        measured = self.runner.hooks(documents, {MARK: str(self.world.folder)})
        for output in measured.outputs:
            assert '"recorded; background ' in output or '"spooled; background ' in output, output
            assert expect in output, output
        return measured

    def idle(self) -> None:
        """No background process."""
        self.world.kill_background()

    def lingering(self) -> None:
        """A background process that has nothing to do."""
        if not self.draining():
            self.hooks(self.documents())
        self.world.until_drained()

    def draining(self) -> int:
        """How many background processes have the drain lock open.

        What one of them starts is, until it is a program of its own, a second one in name only:
        plexapi asks ``uname`` when it is imported.
        """
        parents = {pid: _parent(pid) for pid in self.world.processes() if _holds_drain_lock(pid)}
        return sum(parent not in parents for parent in parents.values())


def _holds_drain_lock(pid: int) -> bool:
    process = Path(f"/proc/{pid}")
    try:
        if b"\0--background" not in (process / "cmdline").read_bytes():
            return False
        return any(each.readlink().name == DRAIN_LOCK for each in (process / "fd").iterdir())
    except OSError:  # it has ended
        return False


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@contextmanager
def bench(folder: Path, runner: Runner) -> Iterator[Bench]:
    """A world of its own."""
    with World(folder) as world:
        yield Bench(world, runner)


def measure(folder: Path, runner: Runner, sizes: Sizes) -> Iterator[Row]:
    """All rows about hooks."""
    yield from _situations(folder, runner, sizes.hooks)
    yield from _at_once(folder / "burst", runner, sizes)


def _situations(folder: Path, runner: Runner, runs: int) -> Iterator[Row]:
    with bench(folder / "starting", runner) as it:
        yield from _rows("starts a background process", it, runs, it.idle, expect="started")
    with bench(folder / "alive", runner) as it:
        yield from _rows("background process alive", it, runs, it.lingering)
    with bench(folder / "down", runner) as it:
        it.lingering()
        it.world.plex.stop()
        yield from _rows("Plex down", it, runs)
    with bench(folder / "hanging", runner) as it:
        it.lingering()
        it.world.plex.weather("hang")
        yield from _rows("Plex hanging", it, runs)
    with bench(folder / "large", runner) as it:
        yield from _rows("256 kB on stdin, a cover", it, runs, it.lingering, cover=COVER)


def _nothing() -> None:
    """There is nothing to be set up before each run."""


def _rows(
    name: str,
    it: Bench,
    runs: int,
    set_up: Callable[[], None] = _nothing,
    *,
    expect: str = "running",
    **changes: Any,
) -> Iterator[Row]:
    floors, bare, hooks, document = [], [], [], [b""]
    for _ in range(runs):
        document = it.documents(**changes)
        set_up()
        floors.append(it.runner.floor())
        bare.append(it.runner.floor("-S"))
        hooks.append(it.hooks(document, expect))
    seconds = _seconds(hooks)
    cpu = median(m.cpu for m in hooks) / median(m.cpu for m in floors)
    alone = seconds / _seconds(bare)
    note = f" ({seconds * 1e3:.1f} ms; CPU {cpu:.1f}{TIMES}; {alone:.1f}{TIMES} `-S -c pass`)"
    yield at_most(f"hook: {name}", seconds / _seconds(floors), 3, f"{TIMES} floor", note)
    if "cover" in changes:
        assert abs(len(document[0]) - LARGE) < 4096, len(document[0])
        note = f" (the interpreter alone: {max(m.peak for m in floors):.1f} MB)"
        peak = max(m.peak for m in hooks)
        yield at_most("hook: memory at its peak, 256 kB on stdin", peak, 20, " MB", note)


def _seconds(runs: Sequence[Measured]) -> float:
    return median(run.seconds for run in runs)


def _at_once(folder: Path, runner: Runner, sizes: Sizes) -> Iterator[Row]:
    singles, bursts, started, spooled, most, shown = [], [], [], [], 0, []
    with bench(folder, runner) as it:
        for number in range(sizes.bursts):
            for _ in range(ONES):
                one = it.documents()
                it.idle()
                singles.append(it.hooks(one, "started").seconds)
                it.world.until_drained()
            it.idle()
            title = f"burst {number}"
            burst = it.hooks(it.documents(sizes.burst, title=title))
            bursts.append(burst.seconds)
            started.append(sum("started" in output for output in burst.outputs))
            spooled.append(sum("spooled" in output for output in burst.outputs))
            deadline = time.monotonic() + 30
            while it.world.due() and time.monotonic() < deadline:
                most = max(most, it.draining())
            shown.append(sum(it.world.shown(s)["title"] == title for s in it.scenes))
    single, burst_time = median(singles), median(bursts)
    many = f"{sizes.burst} hooks at once"
    note = f" ({burst_time:.2f} s for all; spooled: {max(spooled)})"
    limit = 45 * sizes.burst / 50
    yield at_most(many, burst_time / single, limit, f"{TIMES} one hook", note)
    yield exactly(f"{many}: scenes in Plex afterwards", min(shown), sizes.burst)
    yield exactly(f"{many}: background processes started", max(started), 1)
    yield at_most(f"{many}: processes draining at any moment", most, 1, "")

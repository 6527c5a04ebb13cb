"""What a reconciliation costs: requests, time and memory, as the library grows."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from reconciliation.comparison import Comparison
from tests.bench.grown import Grown, confirm, grown
from tests.bench.sizes import Sizes
from tests.bench.table import TIMES, Row, at_most, exactly
from tests.world import ROOT

REPEATS = 3
PAGE = 200  # rows of a comparison


@dataclass(frozen=True, slots=True)
class Run:
    """One reconciliation of all scenes.

    Attributes:
        seconds: of all, waiting for the servers included.
        cpu: seconds of CPU time of the reconciling process.
        peak: its largest resident size, in MB.
        requests: by server and method or kind.
    """

    scenes: int
    seconds: float
    cpu: float
    peak: float
    requests: dict[str, int]

    @property
    def asked(self) -> int:
        """Requests to both sides together."""
        return sum(self.requests.values())

    @property
    def writes(self) -> int:
        """Requests that change something in Plex."""
        return sum(self.requests.get(f"plex {method}", 0) for method in ("PUT", "POST", "DELETE"))


class Library:
    """Both servers, and the data folder of a plugin that has synced all of them."""

    def __init__(self, servers: Grown, folder: Path) -> None:
        self.data_dir = folder / "stash2plex"
        self._servers = servers
        self._folder = folder
        self._scenes = 0

    def grow(self, scenes: int) -> None:
        """Let there be so many scenes, all in step with Plex."""
        if scenes > self._scenes:
            self._servers.grow(scenes)
            confirm(self.data_dir, self._servers.connection(), after=self._scenes)
            self._scenes = scenes

    def reconcile(self) -> Run:
        """Reconcile; nothing is found."""
        return self._run(self.data_dir, gaps=0)

    def first(self) -> Run:
        """Reconcile as a plugin that has just been installed: nothing is in Plex yet."""
        return self._run(self._folder / "first", gaps=self._scenes)

    def renamed(self) -> Run:
        """Reconcile when every scene's studio has another name; afterwards it has not."""
        data_dir = self._folder / "renamed"
        shutil.copytree(self.data_dir, data_dir)
        self._servers.rename_studios("Studio", "House")
        run = self._run(data_dir, gaps=self._scenes)
        self._servers.rename_studios("House", "Studio")
        return run

    def violations(self) -> list[str]:
        """What Plex should never have been asked."""
        return self._servers.violations()

    def _run(self, data_dir: Path, gaps: int) -> Run:
        self._servers.requests()
        order = {"folder": str(data_dir), "connection": self._servers.connection()}
        process = subprocess.run(
            [sys.executable, "-m", "tests.bench.reconciler"],
            input=json.dumps(order).encode(), capture_output=True, cwd=ROOT, check=False,
        )  # fmt: skip
        assert process.returncode == 0, process.stderr.decode()
        taken = json.loads(process.stdout)
        assert taken["answer"].startswith(
            f"{gaps} gaps found in {self._scenes} scenes, {gaps} enqueued"
        ), taken["answer"] + process.stderr.decode()
        return Run(
            self._scenes, taken["seconds"], taken["cpu"], taken["peak"], self._servers.requests()
        )


def measure(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """All rows about reconciliations; the library grows from row to row."""
    with grown(folder) as servers:
        library = Library(servers, folder)
        library.grow(sizes.few // 10)
        small = [library.reconcile() for _ in range(REPEATS)]
        library.grow(sizes.few)
        few = [library.reconcile() for _ in range(REPEATS)]
        yield from first_run(library.first())
        yield from after_rename(library.renamed())
        library.grow(sizes.many)
        many = library.reconcile()
        yield from in_step(many, small[0])
        yield page_of(library.data_dir, sizes.many)
        library.grow(2 * sizes.many)
        most = library.reconcile()
        yield linear(most, small)
        yield linear(most, few)
        wrong = library.violations()
        assert not wrong, wrong


def in_step(run: Run, small: Run) -> Iterator[Row]:
    """A library of which the ledger confirms every scene."""
    name = f"reconcile {run.scenes:,} scenes in step"
    yield at_most(f"{name}: requests", run.asked, run.scenes / 500 + 20, "", _by_server(run))
    yield exactly(f"{name}: writes", run.writes, 0)
    note = f" ({run.scenes / run.seconds:,.0f} scenes/s, {_cpu(run)})"
    yield at_most(f"{name}: time", run.seconds, 90, " s", note)
    yield at_most(f"{name}: memory at its peak", run.peak, 150, " MB", f" ({_mb(small)})")


def first_run(run: Run) -> Iterator[Row]:
    """A library of which nothing is known: every item is read, a hundred with one request."""
    name = f"first reconcile of {run.scenes:,} scenes"
    budget = run.scenes / 500 + 20 + run.scenes / 100
    yield at_most(f"{name}: requests", run.asked, budget, "", _by_server(run))
    yield Row(f"{name}: speed", "none", f"{run.scenes / run.seconds:,.0f} scenes/s, {_cpu(run)}")


def after_rename(run: Run) -> Iterator[Row]:
    """A library of which no scene is what was written, although none was edited."""
    name = f"reconcile {run.scenes:,} scenes after a rename that all show"
    budget = run.scenes / 500 + 20
    yield at_most(f"{name}: requests", run.asked, budget, "", _by_server(run))
    yield Row(f"{name}: speed", "none", f"{run.scenes / run.seconds:,.0f} scenes/s, {_cpu(run)}")


def linear(run: Run, fewer: list[Run]) -> Row:
    """Whether a scene costs more where there are many; in CPU time, which others disturb least."""
    scenes = fewer[0].scenes
    cpu = run.cpu / run.scenes / (median(one.cpu for one in fewer) / scenes)
    seconds = run.seconds / run.scenes / (median(one.seconds for one in fewer) / scenes)
    what = f"reconcile: CPU time of one of {run.scenes:,} against one of {scenes:,}"
    return at_most(what, cpu, 1.5, TIMES, f" (in seconds {seconds:.2f}{TIMES})")


def page_of(data_dir: Path, rows: int) -> Row:
    """A page from the beginning, the middle and the end; opening the file is part of it."""
    slowest = max(_seconds_of_page(data_dir, after) for after in (0, rows // 2, rows - PAGE))
    size = (data_dir / "comparison.db").stat().st_size
    what = f"comparison of {rows:,} scenes: {PAGE} rows of it"
    return at_most(what, slowest * 1e3, 100, " ms", f" (file: {size / 1e6:.1f} MB)")


def _seconds_of_page(data_dir: Path, after: int) -> float:
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        with closing(Comparison(data_dir)) as comparison:
            found = comparison.page("matched", after=after, limit=PAGE)
        times.append(time.perf_counter() - started)
        assert [row.id for row in found] == list(range(after + 1, after + PAGE + 1))
        assert {row.state for row in found} == {"in_step"}
    return median(times)


def _by_server(run: Run) -> str:
    plex = sum(number for kind, number in run.requests.items() if kind.startswith("plex"))
    return f" ({plex} to Plex, {run.asked - plex} to Stash)"


def _cpu(run: Run) -> str:
    return f"{run.cpu / run.scenes * 1000:.2f} ms CPU"


def _mb(run: Run) -> str:
    return f"of {run.scenes:,}: {run.peak:.0f} MB"

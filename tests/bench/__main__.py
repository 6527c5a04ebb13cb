"""make bench: the budgets of the design, measured against loopback servers."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench import aged, drains, hooks, reconcile, rows, saves
from tests.bench.runner import Runner, clean_interpreter
from tests.bench.sizes import FULL, QUICK, Sizes
from tests.bench.table import Row, markdown, write
from tests.world import ROOT

REPORT = ROOT / "docs" / "performance.md"


def main() -> int:
    """Measure, print a table; 1 if a budget was missed (a quick run proves nothing, so 0)."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="also put it into docs/performance.md")
    parser.add_argument("--quick", action="store_true", help="see whether it runs, in seconds")
    options = parser.parse_args()
    if options.write and options.quick:
        parser.error("what a quick run measures is not worth keeping")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="stash2plex-bench-") as folder:
        measured = [_told(row) for row in measure(Path(folder), QUICK if options.quick else FULL)]
    missed = [row for row in measured if row.ok is False]
    report = (
        f"{machine()}; {time.monotonic() - started:.0f} s; "
        f"{len(missed) or 'no'} budget{'' if len(missed) == 1 else 's'} missed.\n\n"
        f"{markdown(measured)}"
    )
    print(report, end="", flush=True)
    if options.write:
        write(REPORT, report)
    return int(bool(missed) and not options.quick)


def measure(folder: Path, sizes: Sizes) -> Iterator[Row]:
    """All rows; the quickest first."""
    python = clean_interpreter(folder / "venv")
    yield from rows.measure(folder / "rows", sizes)
    yield from aged.measure(folder / "aged", sizes)
    yield from saves.measure(folder / "saves", python, sizes)
    with Runner(python, folder) as runner:
        yield from hooks.measure(folder / "hooks", runner, sizes)
    yield from drains.measure(folder / "drains", sizes)
    yield from reconcile.measure(folder / "reconcile", sizes)


def machine() -> str:
    """The machine in general terms, and how busy others kept it."""
    load = os.getloadavg()[0]
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()}, "
        f"{os.cpu_count()} cores, load {load:.1f} at the end"
    )


def _told(row: Row) -> Row:
    """Say on stderr how far it is: the whole takes minutes."""
    print(f"{row.what}: {row.measured} {row.verdict}", file=sys.stderr, flush=True)
    return row


if __name__ == "__main__":
    sys.exit(main())

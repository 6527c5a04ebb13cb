"""The report as files: who may read them, when they are replaced, and what writing them takes."""

import resource
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from domain.errors import TransientError
from tests.reconciliation.reports import compare, document, library, page, write
from tests.world import ROOT

_DIES_AT_WORK = """
import resource, signal, sys
from pathlib import Path
from reconciliation.report import write_report
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
write_report(Path(sys.argv[1]), obfuscate_paths=False, now=0.0)
"""


def test_both_files_are_for_the_owners_eyes_whatever_stood_there(tmp_path: Path) -> None:
    compare(tmp_path)
    for name in ("reconciliation_report.html", "reconciliation_report.json"):
        (tmp_path / name).write_text("old")
        (tmp_path / name).chmod(0o644)

    write(tmp_path)

    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.glob("*report*")}
    assert modes == {"reconciliation_report.html": 0o600, "reconciliation_report.json": 0o600}


def test_who_reads_the_earlier_report_reads_it_to_its_end(tmp_path: Path) -> None:
    compare(tmp_path)
    write(tmp_path)
    before = page(tmp_path)

    with (tmp_path / "reconciliation_report.html").open(encoding="utf-8") as reader:
        compare(tmp_path, library(10))
        write(tmp_path)

        assert reader.read() == before
    assert "Film 10" in page(tmp_path)


def test_a_disk_that_is_full_leaves_both_earlier_files_and_no_draft(tmp_path: Path) -> None:
    compare(tmp_path)
    write(tmp_path)
    before = page(tmp_path), document(tmp_path)
    compare(tmp_path, library(3000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        with pytest.raises(TransientError, match="the report cannot be written"):
            write(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert (page(tmp_path), document(tmp_path)) == before
    assert list(tmp_path.glob("*.tmp")) == []


def test_a_process_that_is_killed_while_it_writes_leaves_the_earlier_report(
    tmp_path: Path,
) -> None:
    compare(tmp_path)
    write(tmp_path)
    before = page(tmp_path), document(tmp_path)
    compare(tmp_path, library(3000))

    # The kernel ends it where the files have grown to 200,000 bytes.
    writer = subprocess.run([sys.executable, "-c", _DIES_AT_WORK, str(tmp_path)], cwd=ROOT)

    assert writer.returncode == -signal.SIGXFSZ
    assert (page(tmp_path), document(tmp_path)) == before


def test_100000_rows_are_written_in_less_than_10_megabytes(tmp_path: Path) -> None:
    compare(tmp_path, library(100_000))

    tracemalloc.start()
    try:
        sentence = write(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 10_000_000
    assert "100000 in both" in sentence
    assert len(document(tmp_path)["rows"]) == 100_000

"""Each reason why packages cannot be installed is told in one sentence that says what to do."""

import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import NotInstalled
from tests.invocation.circumstances import mounted
from tests.packages.conftest import make_python
from tests.packages.index import LoopbackIndex
from tests.packages.installing import install
from tests.packages.wheels import made_up
from worker.installer import PATIENCE
from worker.pip_failures import UNBUILT, cause_of

PASSWORD = "mirror-SECRET-51ab"


def failure(script: Path, target: Path, *, patience: float = PATIENCE) -> str:
    """What is told when it does not work; nothing that counts is left."""
    with pytest.raises(NotInstalled) as caught:
        install(script, target, patience=patience)
    assert not target.exists()
    assert not target.parent.is_dir() or list(target.parent.iterdir()) == []
    said = str(caught.value)
    assert said.startswith("Stash2Plex lacks a Python package (no thing), and could not install")
    assert "\n" not in said
    return said


def command(said: str) -> list[str]:
    """What is to be run by hand."""
    assert said.endswith("; edits are recorded meanwhile")
    return shlex.split(said.partition("By hand: ")[2].rpartition("; edits")[0])


def test_the_command_to_run_by_hand_works_where_names_have_blanks(
    small: Path, small_index: LoopbackIndex, tmp_path: Path
) -> None:
    script = small.parent.rename(tmp_path / "my plügins") / small.name
    target = tmp_path / "my data" / "packages" / "set"
    small_index.status = 403
    said = failure(script, target)
    small_index.status = 200

    subprocess.run(command(said), check=True, capture_output=True)

    assert (target / "thing.py").exists()


def test_a_file_with_another_hash_than_the_index_announces_is_refused(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    small_index.lies = True

    assert "(wrong hash), and was refused" in failure(small, target)

    assert small_index.given == ["thing-1.0-py3-none-any.whl"]  # no other version is tried


def test_no_network(
    small: Path, small_index: LoopbackIndex, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as knock:
        knock.bind(("127.0.0.1", 0))
        closed = knock.getsockname()[1]
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{closed}/simple/")

    assert "the package index does not answer (no network?)" in failure(small, target)


@pytest.mark.parametrize("status", [401, 403])
def test_a_mirror_that_refuses_is_named_without_its_credentials(
    small: Path,
    small_index: LoopbackIndex,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", small_index.url(f"somebody:{PASSWORD}@"))
    monkeypatch.setenv("PIP_QUIET", "2")
    small_index.status = status

    said = failure(small, target)

    assert "the package index refuses to let pip in" in said
    assert PASSWORD not in said
    assert "somebody" not in said


def test_nothing_built_for_this_system(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    (small_index.wheels / "thing-1.0-py3-none-any.whl").unlink()
    made_up("thing", "1.0", small_index.wheels, tag="cp399-cp399-musllinux_9_9_armv7l")
    (small_index.wheels / "thing-1.1.tar.gz").write_bytes(b"sources, which nobody shall build")

    assert UNBUILT in failure(small, target)


def test_no_pip(
    small: Path,
    small_index: LoopbackIndex,
    target: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    python = make_python(tmp_path / "no pip", has_pip=False)
    monkeypatch.setattr(sys, "executable", str(python))

    said = failure(small, target)

    assert "this Python has no pip (Alpine: apk add py3-pip, Debian: " in said
    assert command(said)[0] == str(python)


def test_an_index_that_hangs_costs_a_limited_time(
    small: Path, small_index: LoopbackIndex, target: Path
) -> None:
    small_index.goes_on.clear()

    assert "pip took more than 3 s" in failure(small, target, patience=3.0)


def test_a_data_folder_that_cannot_be_written(
    small: Path, small_index: LoopbackIndex, tmp_path: Path
) -> None:
    (tmp_path / "data").touch()

    said = failure(small, tmp_path / "data" / "packages" / "set")

    folder = tmp_path / "data" / "packages"
    assert said.endswith(
        f": {folder} cannot be written (Not a directory): let the user that Stash runs as write "
        "there"
    )
    assert small_index.asked == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, with room for 300 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, "size=300k"):
        yield folder


def test_a_full_disk(small: Path, small_index: LoopbackIndex, disk: Path) -> None:
    made_up("thing", "1.0", small_index.wheels, files={"thing.py": b"#" * 400_000})

    assert "the disk is full" in failure(small, disk / "packages" / "set")


def test_a_read_only_disk(small: Path, small_index: LoopbackIndex, disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    said = failure(small, disk / "packages" / "set")

    assert f"{disk / 'packages'} cannot be written (Read-only file system)" in said


@pytest.mark.parametrize(
    ("output", "cause"),
    [
        ("Could not fetch URL https://x/: There was a problem confirming the ssl certificate: "
         "[SSL: CERTIFICATE_VERIFY_FAILED] - skipping\nNo matching distribution found",
         "this system does not trust the package index's certificate"),
        ("WARNING: The repository located at mirror is not a trusted or secure host and is being "
         "ignored.\nERROR: No matching distribution found",
         "the package index has no https, and pip's configuration does not trust it"),
        ("ERROR: HTTP error 403 while getting https://x/y.whl",
         "the package index refuses to let pip in: check the credentials in pip's configuration"),
        ("Could not fetch URL https://x/: 407 Client Error: Proxy Authentication Required",
         "the package index refuses to let pip in: check the credentials in pip's configuration"),
        ("Could not fetch URL https://x/: HTTPSConnectionPool(host='x', port=443): Max retries "
         "exceeded with url: /secret/ (Caused by ResponseError('too many 500 error responses'))",
         "the package index does not answer (no network?)"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied",
         "pip may not write to the disk"),
        ("Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('<x>: Failed to "
         "establish a new connection: [Errno 13] Permission denied')': /simple/x/",
         "the package index does not answer (no network?)"),
        ("ERROR: ResolutionImpossible: for help visit", UNBUILT),
        ("Segmentation fault at https://u:p@x/", "pip failed for a reason that only it can tell"),
    ],
)  # fmt: skip
def test_what_pip_says_is_told_in_our_words(output: str, cause: str) -> None:
    assert cause_of(output) == cause

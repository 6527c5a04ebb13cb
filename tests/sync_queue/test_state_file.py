"""A small document is the old one or the new one, whatever happens while it is written."""

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from sync_queue.state_file import StateFile, moment
from tests.world import ROOT


@pytest.fixture
def path(tmp_path: Path, as_the_entrypoint: None) -> Path:
    return tmp_path / "data" / "state.json"


@pytest.fixture
def state(path: Path) -> StateFile:
    return StateFile(path)


def beside(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if file != path)


def test_a_document_is_read_as_it_was_written(state: StateFile) -> None:
    document = {"text": "Ein Tïtel 🏳️‍🌈 שלום", "none": None, "list": [1, 2.5, {"a": True}]}

    state.write(document)

    assert state.read() == document


def test_a_document_that_was_never_written_is_empty(state: StateFile, path: Path) -> None:
    assert state.read() == {}
    assert not path.parent.exists()


def test_the_last_document_stays(state: StateFile) -> None:
    state.write({"number": 1})
    state.write({"number": 2})

    assert state.read() == {"number": 2}


def test_writing_leaves_nothing_beside_the_document(state: StateFile, path: Path) -> None:
    state.write({"number": 1})
    state.write({"number": 2})

    assert beside(path) == []


def test_a_document_is_for_its_owner_only(state: StateFile, path: Path) -> None:
    state.write({})

    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_document_that_replaces_a_public_one_is_for_its_owner_only(
    state: StateFile, path: Path
) -> None:
    path.parent.mkdir()
    path.touch()
    path.chmod(0o644)

    state.write({})

    assert path.stat().st_mode & 0o777 == 0o600


DAMAGED = {
    "empty": b"",
    "half": b'{"a": 1',
    "not json": b"hello",
    "not utf-8": b'{"a": "\xff\xfe"}',
    "list": b"[1]",
    "null": b"null",
    "number": b"7",
    "deep": b"[" * 100_000,
    "zeros": bytes(4096),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_document_is_empty_and_is_set_aside(
    content: bytes, state: StateFile, path: Path
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    assert state.read() == {}

    [kept] = beside(path)
    assert kept.startswith("state.damaged-")
    assert (path.parent / kept).read_bytes() == content
    assert not path.exists()


def test_a_folder_in_place_of_a_document_is_set_aside(state: StateFile, path: Path) -> None:
    path.mkdir(parents=True)

    assert state.read() == {}
    state.write({"a": 1})

    assert state.read() == {"a": 1}


def test_a_document_can_be_written_after_a_damaged_one_was_set_aside(
    state: StateFile, path: Path
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"garbage")
    state.read()

    state.write({"a": 1})

    assert state.read() == {"a": 1}


def test_what_cannot_be_set_aside_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert StateFile(tmp_path / "file" / "state.json").read() == {}


def test_what_is_no_document_is_refused_and_the_old_one_stays(state: StateFile, path: Path) -> None:
    state.write({"a": 1})

    with pytest.raises(TypeError):
        state.write({"a": object()})

    assert state.read() == {"a": 1}
    assert beside(path) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(FileExistsError):
        StateFile(tmp_path / "file" / "state.json").write({})


FULL_DISK = """
    import json, resource, signal, sys
    from pathlib import Path
    from sync_queue.state_file import StateFile, moment

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    try:
        StateFile(Path(sys.argv[1])).write({"text": "x" * 10_000})
    except OSError as error:
        print(error.strerror)
"""


def test_a_full_disk_keeps_the_old_document(state: StateFile, path: Path) -> None:
    state.write({"number": 1})

    command = [sys.executable, "-c", textwrap.dedent(FULL_DISK), str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == os.strerror(27)  # EFBIG, the full disk of a limited process
    assert state.read() == {"number": 1}
    assert beside(path) == []


def test_a_reader_never_sees_half_a_document(state: StateFile, path: Path) -> None:
    state.write({"number": 0, "text": ""})
    seen: list[dict[str, object]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.append(state.read())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(50):
        state.write({"number": number, "text": "x" * 1000 * number})
    done.set()
    reader.join()

    assert {len(str(one["text"])) - 1000 * int(str(one["number"])) for one in seen} == {0}


def test_two_writers_at_once_do_not_disturb_each_other(state: StateFile, path: Path) -> None:
    """Each draft has a name of its own."""
    errors: list[BaseException] = []

    def write(number: int) -> None:
        try:
            for _ in range(20):
                StateFile(path).write({"number": number})
        except BaseException as error:  # noqa: BLE001 -- shown by the assert
            errors.append(error)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert errors == []
    assert state.read()["number"] in range(4)
    assert beside(path) == []


@pytest.mark.parametrize("seconds", [32_503_680_000.0, -1.0, float("nan")])
def test_a_time_for_which_some_system_has_no_date_is_none(seconds: float) -> None:
    with pytest.raises(ValueError, match="no time"):
        moment(seconds)

"""Locks between processes: one holder, until it gives the lock back or dies, however it dies."""

import os
import select
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync_queue import host
from tests.world import ROOT

HOLDER = """
    import sys
    from sync_queue import host
    assert host.try_lock(sys.argv[1]) is not None
    print("held", flush=True)
    sys.stdin.read()
"""

# Takes the lock, hands it to a process that waits for a file to appear, and ends.
STARTER = """
    import os, sys
    from sync_queue import host
    lock, stop = sys.argv[1:]
    descriptor = host.try_lock(lock)
    assert descriptor is not None
    child = (
        "import os, sys, time\\n"
        "open(sys.argv[1] + '.stdin', 'wb').write(sys.stdin.buffer.read())\\n"
        "os.write(1, b'to nowhere')\\n"
        "os.write(2, b'last words\\\\n')\\n"
        "end = time.monotonic() + 60\\n"
        "while not os.path.exists(sys.argv[1]) and time.monotonic() < end: time.sleep(0.01)\\n"
    )
    host.start_detached(
        [sys.executable, "-S", "-c", child, stop], stdin=b"hello", stderr=stop + ".log",
        keep=descriptor,
    )
"""

ADDER = """
    import sys
    from sync_queue import host
    lock, counter = sys.argv[1:]
    for _ in range(100):
        descriptor = host.wait_lock(lock, patience=60)
        with open(counter) as file:
            number = int(file.read())
        with open(counter, "w") as file:
            file.write(str(number + 1))
        host.unlock(descriptor)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "some.lock")


def python(program: str, *args: str) -> list[str]:
    return [sys.executable, "-S", "-c", textwrap.dedent(program), *args]


@pytest.fixture
def holder(path: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another process, which holds the lock."""
    with subprocess.Popen(
        python(HOLDER, path), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.01)


def is_free(path: str) -> bool:
    lock = host.try_lock(path)
    if lock is not None:
        host.unlock(lock)
    return lock is not None


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_a_lock_has_one_holder(path: str, holder: subprocess.Popen[bytes]) -> None:
    assert host.try_lock(path) is None


def test_a_lock_has_one_holder_within_a_process_too(path: str) -> None:
    lock = host.try_lock(path)
    assert lock is not None

    assert host.try_lock(path) is None
    host.unlock(lock)


def test_a_lock_that_was_given_back_is_free(path: str) -> None:
    lock = host.try_lock(path)
    assert lock is not None

    host.unlock(lock)

    assert is_free(path)


def test_a_lock_dies_with_its_holder(path: str, holder: subprocess.Popen[bytes]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert is_free(path)


def test_a_stopped_holder_keeps_its_lock(path: str, holder: subprocess.Popen[bytes]) -> None:
    holder.send_signal(signal.SIGSTOP)

    assert not is_free(path)
    holder.send_signal(signal.SIGCONT)


def test_waiting_for_a_lock_ends_when_patience_does(
    path: str, holder: subprocess.Popen[bytes]
) -> None:
    assert host.wait_lock(path, patience=0.05) is None


def test_waiting_for_a_lock_ends_when_its_holder_does(
    path: str, holder: subprocess.Popen[bytes]
) -> None:
    assert holder.stdin is not None
    holder.stdin.close()

    lock = host.wait_lock(path, patience=30)

    assert lock is not None
    host.unlock(lock)


def test_a_free_lock_needs_no_patience(path: str) -> None:
    lock = host.wait_lock(path, patience=0)

    assert lock is not None
    host.unlock(lock)


def test_a_lock_file_is_never_deleted(path: str) -> None:
    """A lock on an unlinked file would admit a second holder."""
    before = host.try_lock(path)
    assert before is not None
    inode = os.fstat(before).st_ino

    host.unlock(before)

    assert Path(path).stat().st_ino == inode


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        host.try_lock(str(tmp_path / "missing" / "some.lock"))


def test_a_refused_lock_leaves_no_descriptor_open(
    path: str, holder: subprocess.Popen[bytes]
) -> None:
    before = open_descriptors()

    for _ in range(10):
        host.try_lock(path)

    assert open_descriptors() == before


def test_four_processes_that_share_a_lock_lose_no_update(path: str, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    adders = [subprocess.Popen(python(ADDER, path, str(counter)), cwd=ROOT) for _ in range(4)]
    for adder in adders:
        assert adder.wait() == 0

    assert counter.read_text() == "400"


def test_a_program_we_start_does_not_inherit_our_lock(path: str) -> None:
    lock = host.try_lock(path)
    assert lock is not None
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as child:
        host.unlock(lock)

        assert is_free(path)
        child.kill()


@pytest.fixture
def stop(tmp_path: Path) -> Iterator[Path]:
    """When this file appears, detached processes end."""
    stop = tmp_path / "stop"
    yield stop
    stop.touch()
    until(lambda: is_free(str(tmp_path / "some.lock")))


def test_a_lock_handed_to_a_child_survives_its_parent(path: str, stop: Path) -> None:
    subprocess.run(python(STARTER, path, str(stop)), cwd=ROOT, check=True)
    assert not is_free(path)

    stop.touch()

    until(lambda: is_free(path))


def test_a_detached_child_holds_none_of_its_parents_streams(path: str, stop: Path) -> None:
    """Stash waits until every copy of our stdout is closed."""
    done = subprocess.run(
        python(STARTER, path, str(stop)), cwd=ROOT, capture_output=True, check=True
    )

    assert not is_free(path)  # the child is alive, and yet run() has seen the end of both streams
    assert (done.stdout, done.stderr) == (b"", b"")


def test_a_detached_child_reads_what_it_was_sent_and_its_words_are_kept(
    path: str, stop: Path
) -> None:
    log = Path(f"{stop}.log")
    log.write_text("earlier words\n")

    subprocess.run(python(STARTER, path, str(stop)), cwd=ROOT, check=True)

    until(lambda: log.read_text() == "earlier words\nlast words\n")
    assert Path(f"{stop}.stdin").read_bytes() == b"hello"


def test_starting_a_child_leaves_no_descriptor_open(tmp_path: Path) -> None:
    before = open_descriptors()

    pid = host.start_detached(
        [sys.executable, "-S", "-c", "input()"], stdin=b"\n", stderr=str(tmp_path / "log")
    )
    os.waitpid(pid, 0)

    assert open_descriptors() == before


def test_a_child_may_be_sent_more_than_a_pipe_holds(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    program = f"import os, sys; os.write({writer}, b'%d' % len(sys.stdin.buffer.read()))"

    pid = host.start_detached(
        [sys.executable, "-S", "-c", program], stdin=b"x" * 300_000, stderr=str(tmp_path / "log")
    )

    assert select.select([reader], [], [], 30)[0]
    assert os.read(reader, 100) == b"300000"
    os.waitpid(pid, 0)
    os.close(reader)
    os.close(writer)

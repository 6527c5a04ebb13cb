"""What differs between operating systems: exclusive locks and detached processes.

Part of the hook path: cheap standard modules only.
"""

import os
import sys
import time

POSIX = os.name == "posix"

PIPE = 16384  # bytes that every system's pipe takes at once

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def try_lock(path: str) -> int | None:
    """Take the exclusive lock *path*; the descriptor holds it, None means that another does.

    The lock dies with the last copy of the descriptor, however its process ends. The file is
    never deleted: a lock on an unlinked file would admit a second holder.

    Raises:
        OSError: the file cannot be created or opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        _lock(descriptor)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def wait_lock(path: str, *, patience: float) -> int | None:
    """Like try_lock, but ask again for *patience* seconds."""
    deadline = time.monotonic() + patience
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            return None
        # Jitter of 0.3 to 2 ms, or processes that arrived together would go on meeting.
        # (The random module would cost a sixth of a hook.)
        time.sleep(0.0003 + os.urandom(1)[0] / 150_000)  # noqa: TID251 -- a hook has no Clock
    return descriptor


def unlock(descriptor: int) -> None:
    """Give the lock back."""
    os.close(descriptor)


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def start_detached(argv: list[str], *, stdin: bytes, stderr: str, keep: int | None = None) -> int:
    """Start a process that outlives us and holds none of our streams; return its pid.

    Stash waits until every copy of our stdout is closed (facts of Stash, section 0.3), so all
    three streams are redirected.

    Args:
        argv: the program and its arguments; they are visible to every user of the machine.
        stdin: what the process reads; with more than PIPE bytes we wait for it.
        stderr: file to which the process's last words are appended, if it can be.
        keep: a descriptor that the process inherits under the same number.

    Raises:
        OSError: no process could be started, or it died before it had read *stdin*.
    """
    reader, writer = os.pipe()
    sink = os.open(os.devnull, os.O_RDWR)
    words = _open_log(stderr)
    try:
        stdin = stdin[os.write(writer, stdin[:PIPE]) :]
        pid = _spawn(argv, (reader, sink, sink if words is None else words), keep)
    finally:
        for descriptor in (reader, sink, words):
            if descriptor is not None:
                os.close(descriptor)
    try:
        while stdin:
            stdin = stdin[os.write(writer, stdin) :]
    finally:
        os.close(writer)
    return pid


def _open_log(path: str) -> int | None:
    """A disk without room for a file must not keep a process from starting."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError:
        return None


if sys.platform == "win32":

    def _spawn(argv: list[str], streams: tuple[int, int, int], keep: int | None) -> int:
        import subprocess  # noqa: PLC0415 -- dear, and POSIX does without it

        del keep  # the process takes the lock itself
        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        stdin, stdout, stderr = streams
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and file
            argv, stdin=stdin, stdout=stdout, stderr=stderr, creationflags=flags
        )
        return process.pid

else:

    def _spawn(argv: list[str], streams: tuple[int, int, int], keep: int | None) -> int:
        if keep is not None:
            os.set_inheritable(keep, True)
        actions = [(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)]
        return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)

"""What differs between operating systems; no other module asks which one it runs on.

Part of the hook path: cheap standard modules only.
"""

import errno
import os
import sys
import time

WINDOWS = sys.platform == "win32"

# Bytes that every system's pipe takes at once: a page where CreatePipe is asked for no size.
PIPE = 4096

PATIENCE = 1.0  # seconds in which Windows lets us at a file that somebody else is just using

# What a file system answers that knows no locks.
NO_LOCKS = (errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


def try_lock(path: str) -> int | None:
    """Take the exclusive lock *path*; the descriptor holds it, None means that another does.

    The lock dies with the last copy of the descriptor, however its process ends. The file is
    never deleted: a lock on an unlinked file would admit a second holder.

    Raises:
        OSError: the file cannot be created or opened, or its file system knows no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
    except OSError as error:
        os.close(descriptor)
        if error.errno in NO_LOCKS:
            raise
        return None  # how "another has it" is called differs between systems and mounts
    return descriptor


def wait_lock(path: str, *, patience: float) -> int | None:
    """Like try_lock, but ask again for *patience* seconds."""
    deadline = time.monotonic() + patience
    while (descriptor := try_lock(path)) is None:
        if time.monotonic() >= deadline:
            return None
        # Jitter of 0.3 to 2 ms, or processes that arrived together would go on meeting.
        # (The random module would cost a sixth of a hook.)
        time.sleep(0.0003 + os.urandom(1)[0] / 150_000)
    return descriptor


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def unlock(descriptor: int) -> None:
        """Give the lock back."""
        # Closing alone frees it too, but at some later time (LockFile in the Windows API).
        try:
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
        finally:
            os.close(descriptor)

else:

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(descriptor: int) -> None:
        """Give the lock back."""
        os.close(descriptor)  # not LOCK_UN, which would take it from a process that inherited it


def hand_over(lock: int, argv: list[str], *, stdin: bytes, stderr: str) -> None:
    """Start a detached process that holds *lock* next; it is not ours afterwards.

    The descriptor's number becomes the last argument. Windows hands no lock over: there the
    number is missing, and the process takes the lock itself unless somebody is faster.

    Raises:
        OSError: as start_detached; the lock is free.
    """
    if WINDOWS:
        unlock(lock)
        start_detached(argv, stdin=stdin, stderr=stderr)
        return
    try:
        start_detached([*argv, str(lock)], stdin=stdin, stderr=stderr, keep=lock)
    finally:
        unlock(lock)  # the process's copy of the descriptor keeps it


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


def inherited(descriptor: int) -> tuple[int, ...]:
    """What subprocess calls pass_fds, for a child that keeps *descriptor*; Windows knows none."""
    return () if WINDOWS else (descriptor,)


def command_line(argv: list[str]) -> str:
    """A command as it is typed into this system's terminal."""
    if WINDOWS:
        import subprocess  # noqa: PLC0415 -- dear, and a hook types nothing

        return subprocess.list2cmdline(argv)
    import shlex  # noqa: PLC0415 -- likewise

    return shlex.join(argv)


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
        # Not DETACHED_PROCESS: each program that it starts would open a console window.
        flags = subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
        stdin, stdout, stderr = streams
        process = subprocess.Popen(  # noqa: S603 -- our own interpreter and file
            argv, stdin=stdin, stdout=stdout, stderr=stderr, creationflags=flags
        )
        return process.pid

    def leave_session() -> None:
        """Nothing to leave: the process was started in a console and a group of its own."""

else:

    def _spawn(argv: list[str], streams: tuple[int, int, int], keep: int | None) -> int:
        if keep is not None:
            os.set_inheritable(keep, True)
        actions = [(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)]
        return os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)

    def leave_session() -> None:
        """Let a signal to the session of whoever started us be none to us; once per process."""
        os.setsid()


def replace(source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Like os.replace, but patient on Windows, which refuses while anybody has either file open.

    Raises:
        OSError: it is refused for good; both files are still there.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            os.replace(source, target)
        except PermissionError:
            if not _may_pass(deadline):
                raise
        else:
            return


def read(path: str | os.PathLike[str]) -> bytes:
    """The whole file; patient on Windows, which refuses while it is being replaced.

    Raises:
        OSError: it cannot be read.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with open(path, "rb") as file:
                return file.read()
        except PermissionError:
            if not _may_pass(deadline):
                raise


def _may_pass(deadline: float) -> bool:
    """Whether a refusal is worth another try; waits a little if so."""
    if not WINDOWS or time.monotonic() >= deadline:
        return False
    time.sleep(0.01)
    return True


if sys.platform == "darwin":

    def sync_file(descriptor: int) -> None:
        """Return when a power cut cannot undo what was written."""
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:  # a network mount
            os.fsync(descriptor)

else:

    def sync_file(descriptor: int) -> None:
        """Return when a power cut cannot undo what was written."""
        os.fsync(descriptor)


def sync_folder(path: str) -> None:
    """Make a new name in a folder durable; Windows has no such call and needs none."""
    if not WINDOWS:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            sync_file(descriptor)
        finally:
            os.close(descriptor)

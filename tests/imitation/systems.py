"""What can be imitated here of Windows and macOS, within a process of its own.

Windows: sys.platform; modules and functions that it lacks; its locks, by the kernel's own locks;
that it neither renames nor deletes an open file; its small pipes; that a child inherits no
descriptor. Not: its paths, its consoles, its rights.
(os.name stays: pathlib would make paths that exist nowhere. The product may not ask for it.)
"""

import importlib
import os
import signal
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

WITHOUT_LOCKS = "IMITATION_WITHOUT_LOCKS"
"""A variable of the environment: the file system knows no locks."""

_MISSING = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")

_MISSING_IN_OS = (
    "O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "chown", "fork", "getpgid", "getsid", "getuid",
    "geteuid", "mkfifo", "posix_spawn", "setsid", "statvfs", "sync", "uname",
)  # fmt: skip

# They look for the system when they are imported, and would look for what is not here.
_BEFORE = (
    "asyncio", "ctypes.util", "getpass", "http.cookiejar", "logging.handlers", "mimetypes",
    "multiprocessing", "platform", "selectors", "shutil", "socket", "sqlite3", "ssl", "tempfile",
    "urllib.request", "uuid", "webbrowser", "zipfile",
)  # fmt: skip

_FLAGS = {"CREATE_NO_WINDOW": 0x08000000, "CREATE_NEW_PROCESS_GROUP": 0x00000200}


def become(system: str) -> None:
    """Let this process be of "win32" or "darwin" from now on."""
    for name in _BEFORE:
        importlib.import_module(name)
    sysconfig.get_config_vars()
    if system == "win32":
        sys.modules["msvcrt"] = _msvcrt()
        _pipes_are_small()
        _without_posix()
        _files_that_are_open_stay()
        _start_processes_as_windows_does()
    else:
        import fcntl

        fcntl.F_FULLFSYNC = 51  # type: ignore[attr-defined]  # unknown here, as to a network mount
    sys.platform = system


def _msvcrt() -> ModuleType:
    import fcntl

    def locking(descriptor: int, mode: int, count: int) -> None:
        if os.environ.get(WITHOUT_LOCKS):
            raise OSError(22, "Invalid argument")
        kind = fcntl.F_UNLCK if mode == 0 else fcntl.F_WRLCK
        start = os.lseek(descriptor, 0, os.SEEK_CUR)
        # Owned by the opened file, as there: another handle of the same process is refused too.
        region = struct.pack("hhqqi0q", kind, os.SEEK_SET, start, count, 0)
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, region)
        except BlockingIOError:
            raise PermissionError(13, "Permission denied") from None

    module: Any = ModuleType("msvcrt")
    module.locking, module.LK_UNLCK, module.LK_NBLCK = locking, 0, 2
    return module  # type: ignore[no-any-return]


def _without_posix() -> None:
    for name in _MISSING:
        sys.modules[name] = None  # type: ignore[assignment]  # so that importing it fails
    for name in _MISSING_IN_OS:
        delattr(os, name)
    del signal.SIGKILL


def _files_that_are_open_stay() -> None:
    for name in ("replace", "rename", "unlink", "remove"):
        setattr(os, name, _refusing(getattr(os, name)))


def _refusing(act: Callable[..., None]) -> Callable[..., None]:
    def guarded(*paths: Any, **options: Any) -> None:
        for path in () if options else paths:
            if _is_open(Path(path).absolute()):
                raise PermissionError(13, "The process cannot access the file", path)
        act(*paths, **options)

    return guarded


def _is_open(path: Path) -> bool:
    for process in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(descriptor.readlink() == path for descriptor in process.iterdir()):
                return True
        except OSError:
            continue  # gone, or not ours
    return False


def _pipes_are_small() -> None:
    import fcntl

    pipe, resize = os.pipe, fcntl.fcntl

    def small() -> tuple[int, int]:
        reader, writer = pipe()
        resize(writer, fcntl.F_SETPIPE_SZ, 4096)  # CreatePipe without a size: a page
        return reader, writer

    os.pipe = small


def _start_processes_as_windows_does() -> None:
    for name, value in _FLAGS.items():
        setattr(subprocess, name, value)

    class Popen(subprocess.Popen[bytes]):
        def __init__(self, argv: list[str], *, creationflags: int = 0, **options: Any) -> None:
            assert not creationflags & ~sum(_FLAGS.values())
            assert not options.get("pass_fds")
            super().__init__(argv, **options)

    subprocess.Popen = Popen  # type: ignore[misc,assignment]

"""Logging to Stash's log, and to a file of our own.

Stash reads stderr line by line: ``\\x01<level>\\x02text`` (pkg/logger/plugin.go). Its reader
ends for good at a line of 64 KiB.
"""

import io
import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO, Any

from stash.scrubber import Scrubber, ScrubbingFormatter

MAX_LINE = 60_000
"""Bytes, mark and line end included."""


class StashHandler(logging.Handler):
    """Writes records to Stash's log.

    Attributes:
        debug: whether debug records are shown as info; Stash itself hides them unless its own
            log level is Debug.
    """

    def __init__(
        self, scrubber: Scrubber, *, stream: IO[Any] | None = None, debug: bool = False
    ) -> None:
        """Write to *stream*, text or binary; None for stderr."""
        super().__init__()
        self.debug = debug
        self._stream = stream
        self.setFormatter(ScrubbingFormatter(scrubber))

    def emit(self, record: logging.LogRecord) -> None:
        """Write each line of the record as a line of its level."""
        level, prefix = _level(record.levelno), ""
        if self.debug and record.levelno < logging.INFO:
            level, prefix = "i", "[DEBUG] "
        lines = (line for line in self.format(record).splitlines() if line.strip())
        _write(self._stream, b"".join(_line(level, prefix + line) for line in lines))


def background_handler(path: Path, scrubber: Scrubber) -> logging.Handler:
    """Return a handler that writes to *path*, for our eyes only, in two files of 1 MB at most."""
    handler = _PrivateFileHandler(
        path, maxBytes=1_000_000, backupCount=1, encoding="utf-8", errors="replace", delay=True
    )
    handler.setFormatter(ScrubbingFormatter(scrubber, "%(asctime)s %(levelname)s %(message)s"))
    return handler


class _PrivateFileHandler(RotatingFileHandler):
    def _open(self) -> io.TextIOWrapper:
        file = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(file, "a", encoding=self.encoding, errors=self.errors)

    def rotate(self, source: str, dest: str) -> None:
        """Copy: the background's own stderr has the file open, and Windows renames no open file."""
        copy = os.open(dest, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(copy, "wb") as file:
            file.write(Path(source).read_bytes())
        os.truncate(source, 0)

    def handleError(self, record: logging.LogRecord) -> None:
        """A full disk must not stop the work, nor become a traceback in Stash's log."""


def _level(number: int) -> str:
    for level, letter in (
        (logging.ERROR, "e"),
        (logging.WARNING, "w"),
        (logging.INFO, "i"),
        (logging.DEBUG, "d"),
    ):
        if number >= level:
            return letter
    return "t"


def _line(level: str, text: str) -> bytes:
    # errors: a lone surrogate of a file name must not cost the line.
    data = f"\x01{level}\x02{text}".encode("utf-8", "replace")
    if len(data) >= MAX_LINE:
        data = data[: MAX_LINE - 4].decode("utf-8", "ignore").encode() + "…".encode()
    return data + b"\n"


def _write(stream: IO[Any] | None, data: bytes) -> None:
    """Write at a stroke, so that lines of two threads do not mix."""
    try:
        text: Any = sys.stderr if stream is None else stream
        binary = getattr(text, "buffer", text)
        binary.write(data.decode() if isinstance(binary, io.TextIOBase) else data)
        binary.flush()
    except (OSError, ValueError, AttributeError):
        pass  # nobody listens any more, or there is no stderr: the work goes on

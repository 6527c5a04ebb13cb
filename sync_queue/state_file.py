"""Small documents that must be known tomorrow: one JSON file each, never half written."""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from sync_queue import host

SENSELESS = (KeyError, TypeError, ValueError, OverflowError)
"""What reading a document raises that another program wrote, or a broken clock."""

END_OF_CALENDAR = 32_503_680_000.0  # the year 3000, after which Windows has no dates


def moment(value: Any) -> float:
    """A time or a span in a document, in seconds.

    Raises:
        TypeError, ValueError, OverflowError: it is none, such as NaN or a thousand years.
    """
    seconds = float(value)
    if not 0 <= seconds < END_OF_CALENDAR:
        raise ValueError("no time")
    return seconds


class StateFile:
    """One document; a reader sees the old one or the new one."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        """The document; {} if there is none. One that cannot be read is set aside."""
        document = self.look()
        if document is None:
            self.set_aside()
        return document or {}

    def look(self) -> dict[str, Any] | None:
        """Like read, but None for one that cannot be read, which stays where it is."""
        try:
            document = json.loads(host.read(self._path))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None

    def write(self, document: dict[str, Any]) -> None:
        """Replace the document.

        Raises:
            OSError: it could not be written; the old one is still there.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, neighbour = tempfile.mkstemp(dir=self._path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                json.dump(document, out, indent=2)
                out.flush()
                os.fsync(out.fileno())
            host.replace(neighbour, self._path)
        finally:
            Path(neighbour).unlink(missing_ok=True)  # gone already if all went well

    def set_aside(self) -> None:
        """Keep what cannot be read under another name, for whoever wants to know why."""
        try:
            self._path.replace(self._path.with_suffix(f".damaged-{int(time.time())}"))
        except OSError:
            pass  # a folder that cannot be written keeps the bad file; the default serves

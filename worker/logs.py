"""Where the log of a task or of the background goes; secrets are blacked out on the way."""

import logging
import os
import traceback
from collections.abc import Mapping
from pathlib import Path

from stash.log import StashHandler, background_handler
from stash.scrubber import Scrubber, ScrubbingFormatter
from sync_queue.wake import LOG
from validation.config import Stash2PlexConfig

OURS = ("doctor", "domain", "plex", "reconciliation", "stash", "sync_queue", "transport",
        "validation", "worker")  # fmt: skip


class Logs:
    """The handlers of this process, attached to our own loggers and to nobody else's."""

    def __init__(self, scrubber: Scrubber, *handlers: logging.Handler) -> None:
        """Attach *handlers* in the place of earlier ones: a process may live several times."""
        self._handlers: tuple[logging.Handler, ...] = ()
        self.scrubber = scrubber
        for name in OURS:
            logger = logging.getLogger(name)
            for earlier in logger.handlers[:]:
                logger.removeHandler(earlier)
                earlier.close()
            logger.setLevel(logging.INFO)
            logger.propagate = False
        self.also(*handlers)

    def also(self, *handlers: logging.Handler) -> None:
        """Attach further handlers."""
        self._handlers = (*self._handlers, *handlers)
        for name in OURS:
            for handler in handlers:
                logging.getLogger(name).addHandler(handler)

    def follow(self, config: Stash2PlexConfig) -> None:
        """Log as the settings say."""
        self.scrubber.register(config.plex_token.get_secret_value())
        self.scrubber.obfuscate_paths = config.obfuscate_paths
        for handler in self._handlers:
            if isinstance(handler, StashHandler):
                handler.debug = config.debug_logging
        level = logging.DEBUG if config.debug_logging else logging.INFO
        for name in OURS:
            logging.getLogger(name).setLevel(level)

    def close(self) -> None:
        """Detach and close the handlers."""
        for handler in self._handlers:
            for name in OURS:
                logging.getLogger(name).removeHandler(handler)
            handler.close()


def log_to_stash(connection: Mapping[str, object]) -> Logs:
    """Log to Stash's log, for a task."""
    scrubber = _scrubber(connection)
    return Logs(scrubber, StashHandler(scrubber))


def log_to_file(folder: Path, connection: Mapping[str, object]) -> Logs:
    """Log to background.log, for a process whose stderr nobody reads."""
    scrubber = _scrubber(connection)
    return Logs(scrubber, background_handler(folder / LOG, scrubber))


def log_to_terminal(*secrets: str, level: int) -> Logs:
    """Log to stderr, for a process that somebody has started by hand, or cron.

    Args:
        level: of the least important lines that are shown.
    """
    scrubber = Scrubber()
    scrubber.register(*secrets)
    handler = logging.StreamHandler()
    handler.setLevel(level)
    handler.setFormatter(ScrubbingFormatter(scrubber, "%(asctime)s %(levelname)s %(message)s"))
    return Logs(scrubber, handler)


def _scrubber(connection: Mapping[str, object]) -> Scrubber:
    scrubber = Scrubber()
    cookie = connection.get("SessionCookie")
    if isinstance(cookie, Mapping):
        scrubber.register(str(cookie.get("Value") or ""))
    return scrubber


def record_incident(error: Exception) -> str:
    """Log a bug with its traceback; return the number under which it is found.

    The frames only: the text of a foreign exception may hold what nobody should read.
    """
    incident = os.urandom(4).hex()
    frames = "".join(traceback.format_tb(error.__traceback__))
    logging.getLogger(__name__).error("incident %s: %s\n%s", incident, type(error).__name__, frames)
    return incident

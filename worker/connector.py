"""Keeps one process connected: reads the settings again and rebuilds what depends on them."""

import logging
from collections.abc import Callable
from pathlib import Path

from domain.clock import Clock
from stash.client import StashClient
from stash.connection import Connection
from sync_queue.manager import QueueManager
from sync_queue.quarantine import begin_anew, open_queue
from validation.config import Stash2PlexConfig, load_config
from worker.services import Services, connect

log = logging.getLogger(__name__)


class Connector:
    """Owns the connections of one process.

    Attributes:
        stash: Stash, where the invocation said it is.
        queue_manager: the queue, opened at its first use.
    """

    def __init__(
        self,
        folder: Path,
        connection: Connection,
        clock: Clock,
        on_settings: Callable[[Stash2PlexConfig], None] = lambda _: None,
    ) -> None:
        """Ask nobody anything yet; *on_settings* is told whenever the settings have changed."""
        self._on_settings = on_settings
        self.stash = StashClient(connection)
        self.queue_manager = QueueManager(folder, clock=clock)
        self._settings: dict[str, object] | None = None
        self._config: Stash2PlexConfig | None = None
        self._services: Services | None = None

    def read_settings(self) -> Stash2PlexConfig:
        """Ask Stash for the settings; one request.

        Raises:
            BadSettings: the address or the token of Plex is missing or malformed.
            StashUnavailable.
        """
        settings = self.stash.start().settings
        if self._config is None or settings != self._settings:
            self._disconnect()
            loaded = load_config(settings)
            for warning in loaded.warnings:
                log.warning("%s", warning)
            self._config, self._settings = loaded.config, settings
            self._on_settings(loaded.config)
        return self._config

    def has_new_settings(self) -> bool:
        """Whether they are others than when they were read last; one request.

        Raises:
            StashUnavailable.
        """
        return self.stash.start().settings != self._settings

    def services(self) -> Services:
        """Everything a drain needs, by the settings of this moment; the same until they change.

        Raises:
            UserError, StashUnavailable, QueueUnusable, QueueBusy.
        """
        config = self.read_settings()
        if self._services is None:
            self._services = connect(config, self.stash, self.queue_manager)
        return self._services

    def open_queue(self) -> None:
        """Open the queue; for the holder of the drain lock (sync_queue.quarantine)."""
        before = self.queue_manager.opened
        open_queue(self.queue_manager)
        if self.queue_manager.opened is not before:
            self._disconnect()

    def replace_queue(self) -> None:
        """Begin a new queue in place of a damaged one; for the holder of the drain lock."""
        self._disconnect()
        begin_anew(self.queue_manager)

    def close(self) -> None:
        """Close everything."""
        self._disconnect()
        self.queue_manager.close()
        self.stash.close()

    def _disconnect(self) -> None:
        if self._services is not None:
            self._services.close()
            self._services = None

"""What a drain works with: the two servers, the queue, and what we remember."""

import logging
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from domain.clock import Clock
from domain.errors import BadSettings, UserError
from domain.job import JobKey
from plex.client import PlexClient
from plex.index import PathIndex
from plex.paths import PathMap
from stash.client import StashClient
from sync_queue.ledger import Ledger
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.state_file import StateFile
from validation.config import Stash2PlexConfig

log = logging.getLogger(__name__)


class SyncingPaused(UserError):
    """The user has paused syncing; edits are still recorded."""


@dataclass(frozen=True, slots=True)
class Services:
    """Put together by connect(); close() gives back what that opened.

    Attributes:
        unfinished: of jobs whose expansion made way for saves, the number of the row in which
            each waits again, and the scene after which to go on (worker/things.py).
    """

    folder: Path
    config: Stash2PlexConfig
    queue: SyncQueue
    ledger: Ledger
    stash: StashClient
    plex: PlexClient
    index: PathIndex
    path_map: PathMap
    clock: Clock
    unfinished: dict[JobKey, tuple[int, int]] = field(default_factory=dict)

    def close(self) -> None:
        """Close Plex and its index; queue and Stash belong to the caller."""
        self.plex.close()
        self.index.close()


def connect(config: Stash2PlexConfig, stash: StashClient, manager: QueueManager) -> Services:
    """Everything a drain needs; asks nobody anything yet.

    Raises:
        SyncingPaused: the user does not want a drain now.
        BadSettings: the path map cannot be understood.
        NewerDatabase, QueueUnusable, QueueBusy.
    """
    if not config.enabled:
        raise SyncingPaused("syncing is paused in the plugin's settings; edits are recorded")
    try:
        path_map = PathMap.parse(config.path_map)
    except ValueError as error:
        raise BadSettings(f"{error}: check path_map") from error
    queue = manager.get_queue()
    return Services(
        folder=manager.folder,
        config=config,
        queue=queue,
        ledger=Ledger(queue.db),
        stash=stash,
        plex=plex_client(config, manager.folder),
        index=PathIndex(manager.folder / "plex_index.db"),
        path_map=path_map,
        clock=manager.clock,
    )


def plex_client(config: Stash2PlexConfig, folder: Path) -> PlexClient:
    """Plex as the settings say it; asks nothing yet."""
    return PlexClient(
        config.plex_url,
        config.plex_token.get_secret_value(),
        client_identifier=client_identifier(folder),
        connect_timeout=config.connect_timeout,
        read_timeout=config.read_timeout,
    )


def client_identifier(folder: Path) -> str:
    """The name under which Plex knows this installation; made once.

    A new one at each start would show as a new device each time (lessons, X2); one for all
    users would let them act for each other.
    """
    file = StateFile(folder / "device_id.json")
    known = file.read().get("client_identifier")
    if isinstance(known, str) and known:
        return known
    made = str(uuid.uuid4())
    try:
        file.write({"client_identifier": made})
    except OSError as error:
        log.warning("the client identifier cannot be kept: %s", error.strerror)
    return made

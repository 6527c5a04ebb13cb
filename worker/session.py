"""What a task begins with: the log as Stash reads it, the connections, the settings."""

from pathlib import Path

from domain.clock import SystemClock
from domain.errors import StashUnavailable, UserError
from stash.client import StashClient
from stash.connection import Connection
from sync_queue.manager import QueueManager
from validation.config import Stash2PlexConfig
from worker.connector import Connector
from worker.logs import log_to_stash
from worker.visible import repeat_warning

Session = tuple[Stash2PlexConfig | None, StashClient, QueueManager]


def begin(data_dir: str, connection: dict[str, object], *, may_lack_settings: bool) -> Session:
    """Log to Stash, and ask it for the settings.

    Returns:
        settings, Stash, queue; no settings if that is allowed and Stash does not tell them, or
        they are not filled in.

    Raises:
        UserError, StashUnavailable: nothing of that kind can be passed over.
    """
    folder, clock = Path(data_dir), SystemClock()
    follow = log_to_stash(connection).follow
    connector = Connector(folder, Connection.from_server(connection), clock, follow)
    repeat_warning(folder, clock)
    try:
        config = connector.read_settings()
    except (StashUnavailable, UserError):
        if not may_lack_settings:
            raise
        return None, connector.stash, connector.queue_manager
    return config, connector.stash, connector.queue_manager

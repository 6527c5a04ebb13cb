"""Whether Plex is there, and how quickly it answers."""

from domain.errors import Stash2PlexError
from plex.client import PlexClient


def check_plex_health(plex_client: PlexClient, timeout: float = 5.0) -> tuple[bool, float]:
    """Return whether Plex answers, and in how many milliseconds; (False, 0.0) if it does not.

    This needs no token: PlexClient.confirm proves that as well.

    Args:
        timeout: seconds to connect, and again to answer.
    """
    try:
        return True, plex_client.latency(timeout)
    except Stash2PlexError:
        return False, 0.0

"""What Health Check says: each link of the chain to Plex, and the remedy for one that is broken."""

import logging

from domain.errors import (
    BadSettings,
    PlexNotFound,
    PlexRefused,
    PlexServerDown,
    TransientError,
    UserError,
)
from plex.client import PlexClient
from plex.health import check_plex_health
from sync_queue.manager import QueueManager
from sync_queue.operations import get_stats
from validation.config import Stash2PlexConfig
from worker.circuit_breaker import CircuitBreaker
from worker.libraries import choose
from worker.outage_report import breaker_line
from worker.plex_watch import BREAKER
from worker.services import plex_client

log = logging.getLogger(__name__)

WELL = "Plex is well"

AGAIN = 5.0  # seconds for Plex to tell its name


def check_health(config: Stash2PlexConfig, manager: QueueManager) -> str:
    """Look at Plex, breaker and queue; report and change nothing.

    Returns:
        One sentence; the details are in the log.
    """
    log.info("=== Health Check ===")
    plex = plex_client(config, manager.folder)
    try:
        trouble = _look_at_plex(plex, config)
    finally:
        plex.close()
    _look_at_breaker_and_queue(manager)
    return f"Plex is not well: {trouble}" if trouble else WELL


def _look_at_plex(plex: PlexClient, config: Stash2PlexConfig) -> str:
    """Ask from the outside in; what is wrong and what to do about it, or ""."""
    reachable, latency = check_plex_health(plex)
    try:
        if not reachable:
            latency = plex.latency(AGAIN)  # once more, to hear why
        log.info("Plex: reachable (%.0f ms)", latency)
        known = plex.sections()
        log.info("Token: accepted")
        sections = choose(known, config.plex_library)
    except PlexRefused as error:
        return _told("Token: not accepted", str(error))
    except (PlexServerDown, TransientError) as error:
        if not (reachable or getattr(error, "answered", False)):
            return _told(
                "Plex: not reachable",
                "start Plex, and see that plex_url is its address as this machine reaches it",
            )
        # It tells its name to anybody and serves nobody: starting, or busy with its database.
        return _told("Plex: answers, but serves nothing yet", f"wait a few minutes ({error})")
    except BadSettings as error:
        return _told("Plex: something else answers", str(error))
    except (PlexNotFound, UserError) as error:
        return _told("Libraries: not found", str(error))
    for section in sections:
        log.info("Library: %s%s", section.title, " (being scanned)" if section.scanning else "")
    return ""


def _told(what: str, remedy: str) -> str:
    log.warning("%s: %s", what, remedy)
    return f"{what}: {remedy}"


def _look_at_breaker_and_queue(manager: QueueManager) -> None:
    breaker = CircuitBreaker.as_onlooker(manager.folder / BREAKER, manager.clock)
    stats = get_stats(manager.folder / "queue")
    log.info("%s", breaker_line(breaker, manager.folder, manager.clock.now()))
    log.info("Queue: %d pending, %d waiting for retry", stats["pending"], stats["waiting"])
    if stats["pending"] and breaker is not None and not breaker.is_closed:
        log.warning("%d jobs wait until Plex answers again; nothing is lost", stats["pending"])

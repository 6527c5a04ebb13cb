"""What the user is told of an error that ended a task; importable without any package."""

from domain.errors import Stash2PlexError
from stash import protocol


def explain(error: Exception) -> str:
    """One sentence: our own errors say what to do, anything else is a bug with a number."""
    if isinstance(error, (Stash2PlexError, protocol.BadInvocation)):
        return str(error)
    try:
        from worker.logs import record_incident  # noqa: PLC0415 -- it needs the packages
    except ImportError:  # as in a hook
        record_incident = protocol.record_incident
    return f"bug in Stash2Plex ({type(error).__name__}, incident {record_incident(error)})"

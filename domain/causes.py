"""Why scenes are given up: the names that stand in the dead letters, and what to do about each.

docs/dead-letters.md has a section for every row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

WORKER_DIED = "WorkerDied"
"""The cause of a job that was at work, alone, whenever a worker died; no error says so."""

FailureClass = Literal["permanent", "temporary", "server", "crash"]


@dataclass(frozen=True, slots=True)
class Cause:
    """What a cause means for the user.

    Attributes:
        failure: "permanent" is wrong until somebody mends it; "temporary" ran out of attempts;
            "server" fell into an outage; "crash" ended our own process.
        next_step: one sentence.
    """

    failure: FailureClass
    next_step: str


CAUSES: Mapping[str, Cause] = MappingProxyType(
    {
        "AmbiguousMatch": Cause(
            "permanent",
            "tell the files apart with path_map or plex_library, then run Retry Dead Letters",
        ),
        "PlexBadRequest": Cause(
            "permanent", "look for an unusual value in the scene, correct it in Stash and save it"
        ),
        "UnreadableScene": Cause("permanent", "open the scene in Stash, correct it and save it"),
        "PlexTemporaryError": Cause(
            "temporary", "look at the item in Plex; if it plays there, run Retry Dead Letters"
        ),
        "PlexNotFound": Cause(
            "temporary", "see that Plex has the file, then run Retry Dead Letters"
        ),
        "PlexServerDown": Cause(
            "server", "look in Plex's log why it fell at that item, then run Retry Dead Letters"
        ),
        WORKER_DIED: Cause(
            "crash", "run Retry Dead Letters; if it comes back, report it with background.log"
        ),
    }
)

_OTHER = Cause("permanent", "save the scene in Stash, or run Retry Dead Letters")


def cause_of(name: str) -> Cause:
    """What to make of a cause; one that another version wrote counts as permanent."""
    return CAUSES.get(name, _OTHER)

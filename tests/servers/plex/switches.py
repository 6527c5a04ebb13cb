"""How the loopback Plex behaves where real servers differ; tests set these."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.servers.plex.journal import Request

TagMode = Literal["additive", "replace"]

#: What a listing shows of each kind of tag: at most so many; kinds not named, none.
LISTING_CAPS = {
    "genre": 2,
    "actor": 3,
    "country": 2,
    "director": 2,
    "writer": 2,
    "collection": 1_000,
}


@dataclass(kw_only=True, eq=False, repr=False)
class Switches:
    """Everything a test may set on a running server; all durations in seconds."""

    token: str = "plex-token"
    #: May read, gets 403 for every write; empty for none.
    read_only_token: str = ""
    machine_identifier: str = "loopback0000000000000000000000000000plex"
    version: str = "1.43.2.10000-loopback"

    #: What an indexed list does to the tags that are there already.
    tag_mode: TagMode = "additive"
    #: The same for ``PUT /library/metadata/{ids}``; None follows ``tag_mode``.
    metadata_tag_mode: TagMode | None = None
    #: Field or kind of tag -> what Plex makes of a value as it stores it.
    normalise: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    capitalises_labels: bool = True
    bump_updated_at: Literal["always", "on_change"] = "always"
    #: What the agent writes into unlocked fields; what is not named, it clears.
    agent_writes: dict[str, Any] = field(
        default_factory=lambda: {"summary": "From the agent.", "genre": ["Agent Genre"]}
    )

    listing_caps: Mapping[str, int] = field(default_factory=lambda: dict(LISTING_CAPS))
    max_page: int = 1000
    ignore_filters: bool = False
    ignores_slimming: bool = False
    reject_sort_and_filter: bool = False
    reject_missing_container_headers: bool = False
    #: Send characters that XML forbids as they are, as real servers have done.
    sends_illegal_characters: bool = False

    max_url: int = 8000  # characters of the request target
    long_url_status: int = 414
    max_upload: int = 10 * 1024 * 1024  # bytes; more gets 500

    latency: float = 0.0
    drip_interval: float = 1.0
    #: For so long after an edit, reads show what was there before.
    read_lag: float = 0.0
    #: An upload takes effect, but its answer is kept back until the client hangs up.
    slow_uploads: bool = False
    #: A refresh only sets ``refreshing``; new files wait for ``finish_scan()``.
    slow_scan: bool = False

    clock: Callable[[], float] = time.time
    #: Called in the handler's thread when a request arrives.
    on_request: Callable[[Request], None] | None = None
    #: Called after a change took effect and before it is answered.
    before_answer: Callable[[Request], None] | None = None

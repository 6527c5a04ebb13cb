"""What View Queue Status says, in the log and as a document."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from domain.causes import cause_of
from domain.clock import Clock
from domain.errors import StashUnavailable, UserError
from domain.job import SceneId
from stash.client import StashClient
from stash.scrubber import Scrubber
from sync_queue.due import is_reconciliation_due
from sync_queue.manager import QueueManager
from sync_queue.survey import Survey, survey
from validation.config import Stash2PlexConfig
from worker.circuit_breaker import CircuitBreaker
from worker.foreground import estimate, is_draining
from worker.outage_history import format_elapsed_since
from worker.outage_report import breaker_line, status_lines
from worker.plex_watch import BREAKER
from worker.stats import FILE as STATS
from worker.stats import SyncStats
from worker.visible import Word, last_word

log = logging.getLogger(__name__)

Titles = Callable[[Sequence[SceneId]], Mapping[SceneId, str]]
"""What scenes are called; those that cannot be asked for are absent."""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything a user may want to know of the queue.

    Attributes:
        read_at: Unix seconds.
        is_draining: whether a process is at it.
        background: what the last background process has left.
        breaker: state of the circuit breaker; "unknown" if its file makes no sense.
        breaker_line: the same, and since when Plex is away.
        probe_in: seconds until an open breaker lets Plex be asked again; 0 otherwise.
        has_lost_events: whether all scenes will be checked, because events were lost.
        hides_parked: whether the user wants to hear nothing of scenes that are not in Plex.
        outages: what is to be said of them, line by line.
    """

    read_at: float
    queue: Survey
    titles: Mapping[SceneId, str]
    stats: SyncStats
    is_draining: bool
    background: Word
    breaker: str
    breaker_line: str
    probe_in: float
    has_lost_events: bool
    hides_parked: bool
    outages: tuple[str, ...] = ()

    @property
    def helpless(self) -> str:
        """Why the last background process gave up, which only the user can mend; "" if not so."""
        return "" if self.is_draining else self.background.why

    @property
    def seconds_left(self) -> float:
        """How long what is due will take."""
        return self.queue.due * self.stats.avg_processing_time


def read_status(
    folder: Path, clock: Clock, titles: Titles = lambda _: {}, *, hides_parked: bool = False
) -> Status:
    """Look at everything; no job is touched.

    Raises:
        QueueUnusable: the queue's file cannot be read.
    """
    draining = is_draining(folder)  # before counting: see there
    found = survey(folder, clock.now())
    breaker = CircuitBreaker.as_onlooker(folder / BREAKER, clock)
    word = last_word(folder)
    return Status(
        read_at=clock.now(),
        queue=found,
        titles=titles([letter.scene for letter in found.newest]) if found.newest else {},
        stats=SyncStats.load_from_file(folder / STATS),
        is_draining=draining,
        background=word,
        breaker=breaker.peek().value if breaker else "unknown",
        breaker_line=breaker_line(breaker, folder, clock.now()),
        probe_in=breaker.due_in() if breaker else 0.0,
        has_lost_events=is_reconciliation_due(folder),
        hides_parked=hides_parked,
        outages=tuple(status_lines(folder, clock, breaker.due_in() if breaker else 0.0)),
    )


def report(
    manager: QueueManager,
    stash: StashClient | None,
    config: Stash2PlexConfig | None,
    further: Iterable[str] = (),
) -> dict[str, Any]:
    """Write the status to the log, and return it for programs.

    Args:
        stash: asked what scenes are called.
        config: None if the settings are not known.
        further: lines of what this layer does not know.
    """

    def titles(scenes: Sequence[SceneId]) -> Mapping[SceneId, str]:
        try:
            return stash.scene_titles(scenes) if stash else {}
        except (StashUnavailable, UserError):
            return {}  # numbers must do

    hides_parked = config is not None and config.hide_not_found
    status = read_status(manager.folder, manager.clock, titles, hides_parked=hides_parked)
    # Where nobody knows whether paths may be shown, they are not.
    scrub = Scrubber(obfuscate_paths=config is None or config.obfuscate_paths).text
    for line in chain(lines(status), further):
        log.info("%s", scrub(line))
    return as_document(status, scrub)


def lines(status: Status) -> Iterator[str]:
    """The status as it stands in the log."""
    yield from _queue_lines(status)
    yield from _background_lines(status)
    yield from status.outages
    yield from _dead_letter_lines(status)


def _queue_lines(status: Status) -> Iterator[str]:
    queue, counts = status.queue, status.queue.counts
    yield "=== Queue Status ==="
    yield f"Pending: {counts['pending'] + queue.spooled}"
    yield f"Due now: {queue.due}"
    at_work = ""
    if queue.at_work is not None and queue.at_work_since is not None:
        at_work = f" (scene {queue.at_work} for {status.read_at - queue.at_work_since:.0f} s)"
    yield f"In progress: {counts['in_progress']}{at_work}"
    retry = ""
    if queue.next_retry_at is not None:
        retry = f" (the next is due in {max(0.0, queue.next_retry_at - status.read_at):.0f} s)"
    yield f"Waiting for retry: {counts['waiting']}{retry}"
    yield from _resting_lines(status)
    if queue.spooled:
        yield f"In the spool, because the database could not be written: {queue.spooled}"
    if status.has_lost_events:
        yield "Events were lost: all scenes will be checked"
    if status.stats.is_measured:
        yield f"Throughput: {1 / max(status.stats.avg_processing_time, 1e-6):.1f} items/sec"
    yield f"Estimated time left: {estimate(status.stats, queue.due)}"
    if queue.clearings:
        yield f"Clearings that can be undone: {queue.clearings}"


def _resting_lines(status: Status) -> Iterator[str]:
    counts = status.queue.counts
    if not status.hides_parked:
        yield f"Not in Plex: {counts['parked']}"
    if counts["previewed"]:
        yield f"Previewed, and written once Preview is off: {counts['previewed']}"


def _background_lines(status: Status) -> Iterator[str]:
    yield "=== Background Process ==="
    background, now = status.background, status.read_at
    if status.is_draining:
        since = background.started_at
        yield "Running" + (f", started {format_elapsed_since(since, now)}" if since else "")
    elif status.helpless:
        yield f"Not running, because only you can help: {status.helpless}"
    elif status.queue.due or status.queue.counts["in_progress"]:
        yield "Not running although something is due: the next event or task starts it"
    else:
        yield "Not running, and nothing is due"
    if background.warned_at is not None:
        when = format_elapsed_since(background.warned_at, now)
        yield f"Last warning, {when}: {background.warning}"
    yield status.breaker_line


def _dead_letter_lines(status: Status) -> Iterator[str]:
    yield "=== Dead Letter Queue ==="
    if not status.queue.causes:
        yield "Empty"
        return
    yield f"Dead letters: {status.queue.counts['failed']}"
    for cause, count in status.queue.causes.items():
        yield f"  {cause}: {count} ({cause_of(cause).failure}): {cause_of(cause).next_step}"
    yield f"The newest {len(status.queue.newest)}:"
    for letter in status.queue.newest:
        title = status.titles.get(letter.scene)
        name = f'scene {letter.scene} "{title}"' if title else f"scene {letter.scene}"
        yield f"  {name}: {letter.reason} ({letter.cause}, attempts: {letter.attempts})"


def as_document(status: Status, scrub: Callable[[str], str] = lambda text: text) -> dict[str, Any]:
    """The status for programs; times are Unix seconds, spans seconds.

    Args:
        scrub: takes out of a text what must not be shown.
    """
    queue = status.queue
    return {
        **queue.counts,
        "spooled": queue.spooled,
        "due": queue.due,
        "next_retry_at": queue.next_retry_at,
        "at_work": queue.at_work,
        "at_work_since": queue.at_work_since,
        "draining": status.is_draining,
        "helpless": scrub(status.helpless),
        "circuit_breaker": status.breaker,
        "probe_in": status.probe_in,
        "lost_events": status.has_lost_events,
        "seconds_per_item": status.stats.avg_processing_time,
        "seconds_per_item_is_measured": status.stats.is_measured,
        "seconds_left": status.seconds_left,
        "clearings": queue.clearings,
        "dead_letters": {
            cause: {"count": count, **asdict(cause_of(cause))}
            for cause, count in queue.causes.items()
        },
        "newest_dead_letters": [
            {
                **asdict(letter),
                "reason": scrub(letter.reason),
                "title": scrub(status.titles.get(letter.scene, "")),
                "next_step": cause_of(letter.cause).next_step,
            }
            for letter in queue.newest
        ],
    }

"""Finds what the hooks missed, and puts it into the queue: one walk along both sides."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from domain.clock import DAY
from domain.errors import PlexTemporaryError, Stash2PlexError, UserError
from domain.job import SceneId
from domain.plex_item import Section
from domain.scene import Scene
from reconciliation.comparison import rows_of
from reconciliation.detector import GapDetector, GapResult
from reconciliation.enqueue import enqueue, put
from reconciliation.record import Record
from reconciliation.result import GapDetectionResult
from reconciliation.sides import SideBySide, Sides
from stash.client import Found, StashClient
from sync_queue import parked
from sync_queue.due import GONE, reconciliation_done, word_of_loss
from sync_queue.manager import QueueManager, SyncQueue
from sync_queue.standing import known_between, known_last
from validation.config import Stash2PlexConfig
from worker.libraries import chosen_sections
from worker.services import Services, connect

__all__ = ["GapDetectionEngine", "GapDetectionResult"]

PAGE = 1000  # scenes that Stash is asked for at once

CLEARED = "the match cache was cleared meanwhile, so nothing more is concluded"

WINDOWS = {"all": None, "recent": DAY, "recent_7days": 7 * DAY}
"""How far back each scope reaches, in seconds by Stash's clock; None means without end."""


class Interrupted(Stash2PlexError):
    """Something more urgent has come, or newer code; the run is due again."""


class GapDetectionEngine:
    """One run over the scenes of one scope."""

    def __init__(
        self,
        stash: StashClient,
        config: Stash2PlexConfig,
        data_dir: str | Path,
        queue: SyncQueue | None = None,
        *,
        services: Services | None = None,
        on_progress: Callable[[float], None] = lambda _: None,
        between: Callable[[], bool] = lambda: True,
        only_empty: bool = False,
        thorough: bool = True,
    ) -> None:
        """Ask nobody anything yet.

        Args:
            queue: takes the gaps; None only counts them.
            services: what is connected already; None connects for this run.
            between: called between two pages; False ends the run.
            only_empty: enqueue scenes of which Plex shows nothing, and no others.
            thorough: list all of Plex's libraries before looking at all scenes.
        """
        self._stash = stash
        self._config = config
        self._data_dir = Path(data_dir)
        self._queue = queue
        self._services = services
        self._on_progress = on_progress
        self._between = between
        self._only_empty = only_empty
        self._thorough = thorough
        self._detector = GapDetector()

    def run(self, scope: str = "all") -> GapDetectionResult:
        """Look at all scenes, or at those that changed lately.

        Args:
            scope: "all", "recent" or "recent_7days".

        Returns:
            What was found; a server that fails ends the run with a line in ``errors``, and
            nothing is concluded from what it did not show.
        """
        result = GapDetectionResult()
        try:
            with self._connected() as services:
                self._walk(services, scope, result)
        except Stash2PlexError as error:
            result.failure = error
            result.errors.append(str(error))
        return result

    @contextmanager
    def _connected(self) -> Iterator[Services]:
        if self._services is not None:
            yield self._services
            return
        with (
            closing(QueueManager(self._data_dir)) as manager,
            closing(connect(self._config, self._stash, manager)) as services,
        ):
            yield services

    def _walk(self, services: Services, scope: str, result: GapDetectionResult) -> None:
        self._on_progress(0.0)
        left_at = word_of_loss(self._data_dir, GONE)
        sections = self._list_plex(services, thorough=self._thorough and scope == "all")
        window = WINDOWS[scope]
        since = None if window is None else self._stash.start().now - window
        total = self._stash.count_scenes(since=since)
        both = SideBySide(services, sections, meets_all=since is None)
        gone: set[SceneId] = set()
        now, tell = services.clock.now(), result.errors.append
        with closing(Record(self._data_dir, scope, now, on_failure=tell)) as record:
            for page in self._pages(services, since, result, gone):
                unreadable = [key for key, one in page.items() if not isinstance(one, Scene)]
                sides = both.look(self._described(page, both, result), unreadable)
                if services.index.is_forgotten():
                    raise PlexTemporaryError(CLEARED)
                gaps = self._gaps(sides)
                self._count(gaps, result)
                enqueued: frozenset[SceneId] = frozenset()
                if self._queue is not None:
                    enqueued = enqueue(
                        self._queue, sides, gaps, result, only_empty=self._only_empty
                    )
                result.errors += [f"scene {key}: {why}" for key, why in sides.unread.items()]
                record.add(rows_of(sides, gaps, enqueued), keep=(*unreadable, *sides.unread))
                self._on_progress(min(1.0, result.scenes_checked / max(total, 1)))
                self._go_on()
            if since is None:
                self._finish_all(gone, left_at, result)
                record.add_plex_only(both.strangers())
            record.finish(services.clock.now())
        self._on_progress(1.0)
        result.is_complete = True

    def _finish_all(
        self, gone: set[SceneId], left_at: int | None, result: GapDetectionResult
    ) -> None:
        """All scenes have been met.

        Args:
            left_at: when word was left that a tag or the like was deleted, if it was.
        """
        result.gone_count = len(gone)
        if self._queue is None:
            return
        # Behind the others: who has their files now must know what was written.
        put(self._queue, sorted(gone))
        if left_at is not None and not self._only_empty:
            reconciliation_done(self._data_dir, left_at, GONE)

    def _go_on(self) -> None:
        if not self._between():
            raise Interrupted("the run was ended before it was through")

    def _list_plex(self, services: Services, *, thorough: bool) -> tuple[Section, ...]:
        """Bring the index up to date; what is parked and has come gets a job."""
        # What is listed only now need not be listed again.
        before = services.index.listed() if thorough else frozenset()
        sections = chosen_sections(services)
        titles = {section.title.casefold() for section in sections}
        if lacking := [n for n in services.config.plex_library if n.casefold() not in titles]:
            raise UserError(f"Plex has no library {', '.join(lacking)}: check plex_library")
        services.index.update(services.plex, sections, thorough=before, between=self._go_on)
        if self._queue is not None:
            parked.rearm(services.queue, services.index.news(sections))
        if not services.index.count():
            raise PlexTemporaryError(
                "Plex shows no file in the chosen libraries, so nothing is concluded: let it scan"
            )
        return sections

    def _pages(
        self,
        services: Services,
        since: float | None,
        result: GapDetectionResult,
        gone: set[SceneId],
    ) -> Iterator[dict[SceneId, Found]]:
        """All scenes, a page at a time; those of which only we know are added to *gone*."""
        newest = known_last(services.queue)
        after: int | None = 0
        while after is not None:
            first = after
            found, after = self._stash.walk(after=first, limit=PAGE, since=since)
            result.scenes_checked += len(found)
            if since is None and not self._only_empty:
                # Not above the newest that was known at first: it may have been made meanwhile.
                last = newest if after is None else after
                gone |= known_between(services.queue, first, last) - found.keys()
            yield found

    def _described(
        self, page: Mapping[SceneId, Found], both: SideBySide, result: GapDetectionResult
    ) -> list[Scene]:
        """The scenes that are to be compared; the others are counted."""
        described: list[Scene] = []
        for scene in page.values():
            if not isinstance(scene, Scene):
                result.errors.append(str(scene))
            elif scene.has_metadata and scene.files:
                described.append(scene)
            else:
                result.skipped_no_metadata += 1
                both.pass_over(scene)
        return described

    def _gaps(self, sides: Sides) -> dict[SceneId, GapResult]:
        """One gap per scene; empty rather than stale."""
        settled = sides.taken | sides.ambiguous
        own = [scene for scene in sides.scenes if scene.id not in settled]
        sure = [scene for scene in own if scene.id not in sides.unread]
        missing = self._detector.detect_missing(sure, sides.sync_timestamps, sides.matched_paths)
        stale = self._detector.detect_stale_syncs(own, sides.sync_timestamps, sides.differing)
        empty = self._detector.detect_empty_metadata(own, sides.shown)
        return {gap.scene_id: gap for gap in (*missing, *stale, *empty)}

    def _count(self, gaps: dict[SceneId, GapResult], result: GapDetectionResult) -> None:
        kinds = [gap.gap_type for gap in gaps.values()]
        result.empty_metadata_count += kinds.count("empty_metadata")
        result.stale_sync_count += kinds.count("stale_sync")
        result.missing_count += kinds.count("missing")
        result.total_gaps += len(kinds)

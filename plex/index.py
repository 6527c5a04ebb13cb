"""Which file is in which Plex item, known without asking Plex.

A cache: deleting its file costs one listing of each library.
"""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from domain.errors import PermanentError, PlexTemporaryError
from domain.plex_item import IndexedFile, RatingKey, Section, SectionKey
from plex.client import PlexClient
from plex.index_file import IndexFile, Listed
from plex.parse import Page
from plex.paths import SizedPath

log = logging.getLogger(__name__)

PAGE = 1000  # rows; more is refused or slow (facts of Plex, section 1.2)
SMALLEST_PAGE = 50
MARGIN = 60
"""Seconds that "changed since" reaches back: items may get their time before they can be seen."""


class PathIndex:
    """All files of the chosen libraries; for one thread of one process.

    Its methods raise TransientError if the file cannot be used, and what PlexClient raises.
    """

    def __init__(self, path: Path, *, patience: float = 30.0) -> None:
        """Open the index; nothing is asked of Plex.

        Args:
            patience: seconds to wait while another process writes.
        """
        self._file = IndexFile(path, patience)

    def candidates(self, base_name: str, *, path: str = "") -> tuple[IndexedFile, ...]:
        """Plex's files with a base name (plex/paths.py, base_name).

        Args:
            path: only those with exactly this path, and not in the trash; "" for all.
        """
        return self._file.candidates(base_name, path)

    def count(self, section: SectionKey | None = None) -> int:
        """How many items are known, in all or in one library."""
        return self._file.count(section)

    def all_files(self) -> list[SizedPath]:
        """Every file of every item, as Plex sees it."""
        return self._file.all_files()

    def listed(self) -> frozenset[SectionKey]:
        """The libraries that have been listed from end to end, unchanged meanwhile."""
        libraries = self._file.libraries().items()
        return frozenset(key for key, listed in libraries if listed.unindexed is not None)

    def is_forgotten(self) -> bool:
        """Whether a library is to be listed again because everything was dropped."""
        return Listed(0, None) in self._file.libraries().values()

    def all_items(self) -> Iterator[tuple[RatingKey, str]]:
        """Every item with one of its files, as Plex sees it."""
        return self._file.all_items()

    def forget(self, key: RatingKey) -> None:
        """Drop an item that is gone or has other files now; refresh brings it back."""
        self._file.forget(key)

    def forget_all(self) -> None:
        """Drop every item; prepare brings them back."""
        self._file.forget_all()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def prepare(self, client: PlexClient, sections: Sequence[Section]) -> None:
        """Make the index one of this server and these libraries, listing those it lacks."""
        self._file.belong_to(client.server(), [section.key for section in sections])
        failed: list[PlexTemporaryError | PermanentError] = []
        for section in sections:
            try:
                if self._file.listed(section.key).unindexed is None:
                    self._list_all(client, section)
            except (PlexTemporaryError, PermanentError) as error:
                # Nothing is concluded from its absence: refresh fails at it too.
                log.warning("library %s cannot be listed: %s", section.title, error)
                failed.append(error)
        if failed and len(failed) == len(sections):
            raise failed[0]

    def refresh(
        self,
        client: PlexClient,
        sections: Sequence[Section],
        *,
        thorough: bool = False,
    ) -> frozenset[str]:
        """Ask Plex for what is new, and return the base names that came since the last time."""
        self.update(client, sections, thorough=[one.key for one in sections if thorough])
        return self.news(sections)

    def update(
        self,
        client: PlexClient,
        sections: Sequence[Section],
        *,
        thorough: Collection[SectionKey],
        between: Callable[[], object] = lambda: None,
    ) -> None:
        """Ask Plex for what is new.

        Costs two requests per library, and a listing where the library's size does not agree
        with them: then Plex told us of too few changes, or items are gone.

        Args:
            thorough: the libraries that are listed in any case.
            between: called between two pages of that.

        Raises:
            PlexTemporaryError: a library that had files is empty; what is known is kept.
        """
        self._file.belong_to(client.server(), [section.key for section in sections])
        for section in sections:
            if section.key in thorough or not self._list_changed(client, section):
                self._list_all(client, section, between)

    def news(self, sections: Sequence[Section]) -> frozenset[str]:
        """The base names that came since this was asked last."""
        return frozenset().union(*(self._file.report_new(section.key) for section in sections))

    def _list_changed(self, client: PlexClient, section: Section) -> bool:
        """List what changed lately; return whether that explains the library's size."""
        listed = self._file.listed(section.key)
        if listed.unindexed is None:
            return False
        run = self._file.begin_run(section.key)
        newest = listed.newest
        try:
            for page in _pages(client, section, max(newest - MARGIN, 0)):
                self._file.store(page, section.key, run)
                newest = max(newest, page.newest)
        except PermanentError:  # a Plex that does not take the filter
            return False
        self._file.finish_run(section.key, Listed(newest, listed.unindexed))
        total = client.page(section.key, start=0, size=1).total
        return total == self._file.count(section.key) + listed.unindexed

    def _list_all(
        self,
        client: PlexClient,
        section: Section,
        between: Callable[[], object] = lambda: None,
    ) -> None:
        """List a library; forget what is gone only if no row can have been missed.

        A row that goes while we read moves all later ones up, and one is missed.
        """
        newest, total, seen = self._list_once(client, section, between)
        if seen != total:
            newest, total, seen = self._list_once(client, section, between)
        known = self._file.count(section.key)
        unindexed = None if total is None else total - known
        self._file.finish_run(section.key, Listed(newest, unindexed))

    def _list_once(
        self, client: PlexClient, section: Section, between: Callable[[], object]
    ) -> tuple[int, int | None, int]:
        """Return (time of the latest change, items by Plex's count, items that we saw).

        Plex's count is None if it changed while we read.
        """
        run = self._file.begin_run(section.key)
        newest, totals, fileless = 0, set[int | None](), 0
        for page in _pages(client, section):
            self._file.store(page, section.key, run)
            newest = max(newest, page.newest)
            totals.add(page.total)
            fileless += len(page.without_files)
            between()
        seen = self._file.found_in_run(section.key, run) + fileless
        if seen == 0 and self._file.count(section.key):
            raise PlexTemporaryError(
                f'Plex suddenly shows library "{section.title}" empty: what was known is kept; '
                "if it is meant to be empty, run Clear Match Cache"
            )
        total = totals.pop() if len(totals) == 1 else None
        if seen == total:
            self._file.drop_unseen(section.key, run)
        return newest, total, seen


def _pages(
    client: PlexClient, section: Section, changed_since: int | None = None
) -> Iterator[Page]:
    """Yield a listing piece by piece; where Plex is too slow for a piece, smaller ones."""
    start, size, last = 0, PAGE, None
    while True:
        try:
            page = client.page(section.key, start=start, size=size, changed_since=changed_since)
        except PlexTemporaryError:
            if size <= SMALLEST_PAGE:
                raise
            size = max(size // 2, SMALLEST_PAGE)
            continue
        if page == last:  # from a server that ignores where to start
            return
        yield page
        start, last = start + page.rows, page
        if not page.rows or (page.total is not None and start >= page.total):
            return

"""What a run leaves for the report; that this cannot be kept must not stop the repair."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from domain.errors import TransientError
from domain.job import SceneId
from domain.plex_item import RatingKey
from reconciliation.comparison import Comparison, Row


class Record:
    """The comparison of one run, as long as it can be written."""

    def __init__(
        self, folder: Path, scope: str, now: float, *, on_failure: Callable[[str], object]
    ) -> None:
        """Begin a run; if it cannot be kept, *on_failure* is told once, and nothing raises."""
        self._on_failure = on_failure
        self._opened = ExitStack()
        self._comparison: Comparison | None = None
        try:
            self._comparison = self._opened.enter_context(Comparison.begin(folder, scope, now))
        except TransientError as error:
            self._give_up(error)

    def close(self) -> None:
        """Close the file."""
        self._opened.close()

    def add(self, rows: Iterable[Row], *, keep: Iterable[SceneId]) -> None:
        """Remember a page; what was known of the scenes to *keep* stays."""

        def write(comparison: Comparison) -> None:
            comparison.keep(keep)
            comparison.add(rows)

        self._try(write)

    def add_plex_only(self, items: Iterable[tuple[RatingKey, str]]) -> None:
        """Remember items that are no scene's."""
        self._try(lambda comparison: comparison.add_plex_only(items))

    def finish(self, now: float) -> None:
        """The run is through."""
        self._try(lambda comparison: comparison.finish(now))

    def _try(self, write: Callable[[Comparison], None]) -> None:
        if self._comparison is None:
            return
        try:
            write(self._comparison)
        except TransientError as error:
            self._comparison = None
            self._give_up(error)

    def _give_up(self, error: TransientError) -> None:
        self._on_failure(f"{error}; the report will lack this run")

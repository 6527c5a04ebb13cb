"""Reads items from Plex, a hundred with one request; finds out which of them it stumbles over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from domain.errors import PermanentError, PlexTemporaryError
from domain.plex_item import PlexItem, RatingKey
from plex.client import PlexClient

PER_REQUEST = 100  # rating keys in one URL
MAX_FAILURES = 20  # requests that may fail until we stop looking for the culprits


@dataclass(frozen=True, slots=True)
class Unlisted:
    """Whether Plex has the scene's files cannot be said now.

    Attributes:
        why: for the log.
    """

    why: str


Unreadable = PlexTemporaryError | PermanentError
"""Why Plex, which answers, does not show an item."""


class ItemReader:
    """Reads each item once, so make a new one for each batch.

    Attributes:
        items: that were read; one that is gone is absent.
    """

    def __init__(self, plex: PlexClient) -> None:
        self._plex = plex
        self.items: dict[RatingKey, PlexItem] = {}
        self._unreadable: dict[RatingKey, Unreadable] = {}
        self._unread: dict[RatingKey, Unlisted] = {}
        self._failures = 0

    def read(self, keys: Iterable[RatingKey]) -> None:
        """Read those that were not read yet.

        Raises:
            PlexServerDown, UserError.
        """
        tried = self.items.keys() | self._unreadable.keys() | self._unread.keys()
        unread = sorted(set(keys) - tried)
        for start in range(0, len(unread), PER_REQUEST):
            self._read_together(unread[start : start + PER_REQUEST])

    def failure(self, key: RatingKey) -> Unreadable | Unlisted | None:
        """Why nothing can be said of an item; None if it was read, or is gone."""
        return self._unreadable.get(key) or self._unread.get(key)

    def _read_together(self, keys: Sequence[RatingKey]) -> None:
        """Read items with one request; if Plex fails at that, find out which of them it is."""
        try:
            self.items.update(self._plex.items(keys))
        except (PlexTemporaryError, PermanentError) as error:
            self._failures += 1
            if len(keys) == 1:
                self._unreadable[keys[0]] = error
                return
            if self._failures >= MAX_FAILURES:
                # Which of them it is remains unknown, so none is charged with it.
                self._unread.update(dict.fromkeys(keys, Unlisted(str(error))))
                return
            half = len(keys) // 2
            self._read_together(keys[:half])
            self._read_together(keys[half:])

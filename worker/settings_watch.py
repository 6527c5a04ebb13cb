"""Notices that the user has changed the settings while something long is going on."""

from collections.abc import Callable

from domain.clock import Clock


class SettingsWatch:
    """Asks now and then; what was seen once stays so.

    Attributes:
        has_changed: whether a change was seen.
    """

    def __init__(self, ask: Callable[[], bool], clock: Clock) -> None:
        """Begin.

        Args:
            ask: whether the settings are others than at the beginning; costs a request.
        """
        self._ask = ask
        self._clock = clock
        self._asked_at = clock.monotonic()
        self.has_changed = False

    def look(self, interval: float) -> bool:
        """Whether a change was seen; asks at most every *interval* seconds."""
        now = self._clock.monotonic()
        if not self.has_changed and now - self._asked_at >= interval:
            self._asked_at = now
            self.has_changed = self._ask()
        return self.has_changed

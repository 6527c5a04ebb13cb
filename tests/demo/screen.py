"""Lines for a person: aligned columns, and colours where there is a terminal."""

import os
import sys
import unicodedata
from collections.abc import Sequence

_COLOURS = {"bold": "1", "dim": "2", "green": "32", "red": "31", "yellow": "33"}


class Screen:
    """Standard output, whatever it can show."""

    def __init__(self) -> None:
        self._stream = sys.stdout
        if hasattr(self._stream, "reconfigure"):
            self._stream.reconfigure(errors="replace")  # a terminal that lacks letters still runs
        self._colourful = self._stream.isatty() and "NO_COLOR" not in os.environ

    def say(self, text: str = "", colour: str = "") -> None:
        """Write one line, at once."""
        if colour and self._colourful:
            text = f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"
        print(text, file=self._stream, flush=True)


class Table:
    """Columns of fixed widths; a negative width aligns to the right."""

    def __init__(self, screen: Screen, *columns: tuple[str, int]) -> None:
        self._screen = screen
        self._widths = [width for _, width in columns]
        self.row([name for name, _ in columns], "dim")

    def row(self, cells: Sequence[str], colour: str = "") -> None:
        """Write one row."""
        padded = [pad(cell, width) for cell, width in zip(cells, self._widths, strict=True)]
        self._screen.say("  " + "  ".join(padded).rstrip(), colour)


def pad(text: str, width: int) -> str:
    """Fill *text* up to so many columns of a terminal; East Asian letters take two."""
    # A combining mark takes none; none of ours is alone.
    taken = sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )
    blanks = " " * max(abs(width) - taken, 0)
    return blanks + text if width < 0 else text + blanks

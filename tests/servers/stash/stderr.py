"""A plugin's stderr as Stash reads it: levels, progress, and lines that are too long."""

from __future__ import annotations

# bufio.Scanner gives up when a line and its newline do not fit this buffer.
_LONGEST = 64 * 1024
_LEVELS = {
    ord("t"): "trace",
    ord("d"): "debug",
    ord("i"): "info",
    ord("w"): "warning",
    ord("e"): "error",
    ord("p"): "progress",
    0: "none",
}


class LogReader:
    """Reads stderr line by line.

    Attributes:
        gave_up: a line was too long: Stash has closed its end, further writes fail.
        lines: level and text, in order.
        progress: values between 0 and 1.
        raw: everything that was read.
    """

    def __init__(self, default_level: str):
        self._default = default_level if default_level in _LEVELS.values() else "error"
        self._rest = b""
        self.gave_up = False
        self.lines: list[tuple[str, str]] = []
        self.progress: list[float] = []
        self.raw = bytearray()

    def feed(self, chunk: bytes) -> None:
        """Read a piece of stderr."""
        self.raw += chunk
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        for line in whole:
            if len(line) >= _LONGEST:
                self._give_up()
                return
            self._take(line.removesuffix(b"\r"))
        if len(self._rest) >= _LONGEST:
            self._give_up()

    def end(self) -> None:
        """Take what stands behind the last newline."""
        if self._rest:
            self._take(self._rest.removesuffix(b"\r"))
            self._rest = b""

    def _give_up(self) -> None:
        self.gave_up = True
        self._rest = b""

    def _take(self, line: bytes) -> None:
        if not line:
            return
        level, text = self._split(line)
        if level == "progress":
            self._advance(text)
        elif level != "none":
            self.lines.append((level, text))

    def _split(self, line: bytes) -> tuple[str, str]:
        is_marked = len(line) >= 4 and line[0] == 1 and line[2] == 2 and line[1] in _LEVELS
        if not is_marked:
            return self._default, line.decode("utf-8", "replace")
        return _LEVELS[line[1]], line[3:].decode("utf-8", "replace").strip()

    def _advance(self, text: str) -> None:
        try:
            self.progress.append(min(max(float(text), 0.0), 1.0))
        except ValueError:
            message = f"Error parsing progress value '{text}': "
            self.lines.append(
                ("error", message + f'strconv.ParseFloat: parsing "{text}": invalid syntax')
            )

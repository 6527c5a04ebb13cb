"""What was measured against which budget, as a markdown table."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TIMES = "\N{MULTIPLICATION SIGN}"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        ok: whether the budget was kept; None where there is no budget.
    """

    what: str
    budget: str
    measured: str
    ok: bool | None = None

    @property
    def verdict(self) -> str:
        """As it stands in the last column."""
        return {True: "ok", False: "**MISSED**", None: ""}[self.ok]


def at_most(what: str, value: float, limit: float, unit: str, note: str = "") -> Row:
    """A row whose budget is an upper bound."""
    return Row(what, f"≤ {limit:g}{unit}", f"{_short(value)}{unit}{note}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str, note: str = "") -> Row:
    """A row whose budget is a lower bound."""
    return Row(what, f"≥ {limit:g}{unit}", f"{_short(value)}{unit}{note}", value >= limit)


def exactly(what: str, value: float, wanted: float, note: str = "") -> Row:
    """A row whose budget is one number."""
    return Row(what, f"exactly {wanted:g}", f"{value:g}{note}", value == wanted)


def markdown(rows: Iterable[Row]) -> str:
    """The whole table."""
    cells = [("what", "budget", "measured", "")]
    cells += [(row.what, row.budget, row.measured, row.verdict) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    head, *body = (_line(line, widths) for line in cells)
    return "\n".join([head, _line(["-" * width for width in widths], widths), *body]) + "\n"


def write(file: Path, report: str) -> None:
    """Put *report* between the markers of *file*; what is around them stays."""
    before, begin, rest = file.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{file.name} lacks the markers {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n{report}{END}{after}", "utf-8")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

"""What Check Setup found out about one link of the chain."""

import re
from dataclasses import dataclass

# What would end a line, or do something to the terminal that shows it. Blanks stay as they are:
# a path with two of them is typed with two.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line for the user.

    Attributes:
        what: what was looked at, and how it is.
        remedy: what to do about it; "" if all is well.
    """

    what: str
    remedy: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.remedy

    def __str__(self) -> str:
        """As it stands in the log."""
        text = f"{self.what}: {self.remedy}" if self.remedy else self.what
        return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)

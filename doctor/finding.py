"""What Check Setup found out about one link of the chain."""

from dataclasses import dataclass


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
        return f"{self.what}: {self.remedy}" if self.remedy else self.what

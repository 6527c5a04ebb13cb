"""What a drain has done so far, for progress and summary."""

from dataclasses import dataclass

from domain.outcome import Buried, Outcome, Parked, Waiting


@dataclass(slots=True)
class DrainReport:
    """What a drain has done so far.

    Attributes:
        stopped: why it ended before nothing was due; "" if it did not.
    """

    succeeded: int = 0
    failed: int = 0
    put_off: int = 0
    stopped: str = ""

    @property
    def processed(self) -> int:
        """Jobs that were settled."""
        return self.succeeded + self.failed + self.put_off

    def count(self, outcome: Outcome) -> None:
        """One more job is settled."""
        match outcome:
            case Buried():
                self.failed += 1
            case Waiting() | Parked():
                self.put_off += 1
            case _:
                self.succeeded += 1

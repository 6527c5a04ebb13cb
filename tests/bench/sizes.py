"""How much is measured: enough for figures, or just enough to see that it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Of one run.

    Attributes:
        hooks: interleaved runs of floor and hook in each situation.
        burst: hooks at once.
        bursts: how often.
        saves: until Plex shows them, in each situation.
        drains: scenes in a drain, each with how often it is measured.
        slow_drain: scenes in a drain at 5 ms.
        slow_drains: how often.
        few, many: rows whose costs are compared.
        processed: jobs that an old queue has seen.
    """

    hooks: int = 25
    burst: int = 50
    bursts: int = 3
    saves: int = 9
    drains: tuple[tuple[int, int], ...] = ((500, 3), (1000, 1))
    slow_drain: int = 500
    slow_drains: int = 3
    few: int = 10_000
    many: int = 100_000
    processed: int = 1_000_000


FULL = Sizes()
QUICK = Sizes(
    hooks=2, burst=4, bursts=1, saves=1, drains=((20, 1),), slow_drain=10, slow_drains=1,
    few=1000, many=2000, processed=2000,
)  # fmt: skip

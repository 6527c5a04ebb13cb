"""Files as Stash and Plex see them, and the rules proposed for them."""

from itertools import cycle

from plex.path_rules import Proposal, propose
from plex.paths import PathMap, SizedPath

LIBRARY = tuple(
    f"{studio}/{year}/{studio} {year} {number}.mp4"
    for studio in ("Amélie", "Bloom", "Cinder")
    for year in (2019, 2020)
    for number in range(3)
)


def under(root: str, files: tuple[str, ...] = LIBRARY) -> list[str]:
    r"""Files as a system shows them that has them at *root*; "\" at its end is for Windows."""
    paths = [root + file for file in files]
    return [path.replace("/", "\\") for path in paths] if root.endswith("\\") else paths


def proposed(stash: list[str], plex: list[str], present: str = "") -> Proposal:
    """The proposal for files that are all of one size."""
    return proposed_by_size(sized(stash), sized(plex), present)


def sized(paths: list[str], *sizes: int | None) -> list[SizedPath]:
    """Files of these sizes in turn; of 1000 bytes unless given."""
    return list(zip(paths, cycle(sizes or [1000])))


def proposed_by_size(stash: list[SizedPath], plex: list[SizedPath], present: str = "") -> Proposal:
    """The proposal, of which holds what holds for all."""
    result = propose(iter(stash), iter(plex), PathMap.parse(present))
    assert PathMap.parse(result.setting).rules == result.rules
    assert result.total == len(stash)
    assert result.matched_before <= result.matched_after <= result.total
    # A helpful one without rules empties the setting; an unhelpful one has none.
    assert result.helps or not result.rules
    return result


def meets_all(result: Proposal) -> bool:
    return result.helps and result.matched_after == result.total

"""Two lists of names compared: what to add, what to take away, and what the list is then.

Names are the same if their keys are (plex/text.py, name_key): another case or another blank is
no reason to write, and what goes is named as Plex spells it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from plex.text import name_key


@dataclass(frozen=True, slots=True)
class Difference:
    """What makes a list as wished.

    Attributes:
        final: the complete list, in order: right whether Plex adds to what is there or replaces it.
        added: names of it that Plex does not show yet.
        removed: what has to go, as Plex spells it. Leaving a name out removes it only from a
            Plex that replaces; ``[].tag.tag-`` removes it from either.
    """

    final: tuple[str, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is a difference."""
        return bool(self.added or self.removed)


def compare(shown: tuple[str, ...], wished: tuple[str, ...], ours: Iterable[str]) -> Difference:
    """Return what turns *shown* into *wished* and whatever in it is not *ours*.

    The order of *shown* is no difference: Plex keeps what it has where it is.

    Args:
        ours: names that we wrote, as we wrote them; all others are the user's.
    """
    have, want, wrote = by_key(shown), by_key(wished), by_key(ours)
    # A name whose case was changed in Stash since we wrote it is replaced by its new spelling.
    respelled = {
        key
        for key in have.keys() & want.keys() & wrote.keys()
        if want[key] not in (have[key], wrote[key])
    }
    added = {key for key in want if key not in have or key in respelled}
    removed = tuple(
        name
        for name in shown
        if (key := name_key(name)) in respelled or (key in wrote and key not in want)
    )
    kept = (name for name in shown if name_key(name) not in want and name not in removed)
    final = (name if key in added else have[key] for key, name in want.items())
    return Difference(
        final=(*final, *kept),
        added=tuple(name for key, name in want.items() if key in added),
        removed=tuple(name for name in removed if name not in want.values()),
    )


def by_key(names: Iterable[str]) -> dict[str, str]:
    """Spellings by key; of several spellings the last."""
    return {name_key(name): name for name in names}

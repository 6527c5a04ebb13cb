"""A plan as Plex's edit parameters, split so that no URL becomes too long."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from plex.fields import BY_NAME
from plex.names import Difference
from plex.plan import Plan
from plex.text import encoded

ROOM = 6900
"""Bytes of parameters in one edit. nginx takes 8 kB for method, URL and version together; the
rest is for path, type and ids, and for whatever a proxy puts in front."""

Query = tuple[tuple[str, str], ...]


def edit_queries(plan: Plan, *, room: int = ROOM) -> tuple[Query, ...]:
    """Return the parameters of each edit that *plan* needs; none for an empty plan.

    Usually one. Otherwise texts come first, then the lists of names; a list that is too long
    for one edit is spread over several. Those are right only because Plex adds to a list: a
    Plex that replaced it would keep the last part (facts of Plex, section 2.3).
    """
    queries: list[Query] = []
    used = room  # of an edit that does not exist yet
    for part in _parts(plan, room):
        needed = len("&") + _length(part)
        # Two pieces of one list, which count from 0 both, never meet: each is as long as can be.
        if used + needed <= room:
            queries[-1] += part
            used += needed
        else:
            queries.append(part)
            used = needed
    return tuple(queries)


def _parts(plan: Plan, room: int) -> Iterator[Query]:
    """Yield what has to stay together, in the order in which it is sent."""
    if plan.is_empty:
        return
    lists: list[tuple[str, Difference]] = []
    for name, change in plan.changes.items():
        plex = BY_NAME[name].plex
        if isinstance(change, Difference):
            lists.append((plex, change))
        else:
            yield (f"{plex}.value", change), _lock(plex)
    for name in plan.locks:
        yield (_lock(BY_NAME[name].plex),)
    for plex, difference in lists:
        yield from _slices(plex, difference, room)


def _slices(plex: str, difference: Difference, room: int) -> Iterator[Query]:
    """Yield a list of names in as few pieces as fit."""
    names = [(True, name) for name in difference.removed]
    names += [(False, name) for name in difference.final]
    while names:
        whole = _list(plex, names)
        if _length(whole) <= room:
            yield whole
            return
        ends = range(1, len(names))
        fitting = bisect_right(ends, room, key=lambda end: _length(_list(plex, names[:end])))
        taken = max(fitting, 1)
        yield _list(plex, names[:taken])
        names = names[taken:]


def _list(plex: str, names: Sequence[tuple[bool, str]]) -> Query:
    """Return an edit of one list; *names* says of each whether it goes.

    Plex decodes the value of ``tag-``, splits it at commas and decodes again
    (plexapi/mixins/edit.py, ``_tagHelper``).
    """
    stays = [name for goes, name in names if not goes]
    goes = ",".join(quote(name, errors="replace") for goes, name in names if goes)
    return (
        *((f"{plex}[{index}].tag.tag", name) for index, name in enumerate(stays)),
        *(((f"{plex}[].tag.tag-", goes),) if goes else ()),
        _lock(plex),
    )


def _lock(plex: str) -> tuple[str, str]:
    return f"{plex}.locked", "1"


def _length(query: Query) -> int:
    return len(encoded(query))

"""What must hold after a process was killed in the middle of a move, wherever that was."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tests.proof.crash_acts import Approach
from tests.sync_queue.store import Store

LATER = "99"  # the scene that is saved right after the crash

OWED = ("queued", "waiting", "suspect")  # a scene that is there is delivered by a drain

States = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Move:
    """Something that a process may be killed at.

    Attributes:
        prepare: leaves the data folder as the process finds it.
        approach: what the process does before; returns the move.
        before: where each scene is for the next process if nothing of it was done.
        after: likewise, if all of it was done.
        is_whole: whether it is one transaction.
        loses: whether what it meets means that all scenes must be checked.
    """

    prepare: Callable[[Store], object]
    approach: Approach
    before: Mapping[int, str]
    after: Mapping[int, str]
    is_whole: bool = False
    loses: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What there is after a process was killed at a point.

    Attributes:
        point: before or after what it was killed.
        content: a digest of all rows as the crash left them; "" if the move is not whole.
        recorded: what became of a save that came next.
        states: where each scene is once the next process has taken over.
        served: with which attempts a drain then got each scene, each time that it did.
        left: rows that are still there when nothing is due any more.
        integrity: SQLite's word.
        word: whether all scenes are to be checked.
    """

    point: str
    content: str
    recorded: str
    states: States
    served: Mapping[str, Sequence[int]]
    left: Mapping[str, int]
    integrity: str
    word: bool


def faults(move: Move, found: Sequence[Found]) -> Iterator[str]:
    """Everything that is wrong, with the point at which a process must be killed to see it."""
    before, after = _by_name(move.before), _by_name(move.after)
    if found[0].states != before:
        yield f"if nothing was done: {dict(found[0].states)} instead of {before}"
    if found[-1].states != after:
        yield f"if all was done: {dict(found[-1].states)} instead of {after}"
    for one in found:
        for fault in (*_damage(move, one), *_misplaced(one, before, after), *_served(one, found)):
            yield f"killed {one.point}: {fault}"
    if move.is_whole:
        yield from _half_done(found)


def _by_name(states: Mapping[int, str]) -> dict[str, str]:
    return {str(scene): state for scene, state in states.items()}


def _damage(move: Move, one: Found) -> Iterator[str]:
    if one.integrity != "ok":
        yield one.integrity
    if one.recorded != "recorded" and not (move.loses and one.recorded == "spooled"):
        yield f"the next save was {one.recorded}"
    if one.word != move.loses:
        yield f"all scenes are checked: {one.word}"
    if one.left:
        yield f"left behind for ever: {dict(one.left)}"


def _misplaced(one: Found, before: States, after: States) -> Iterator[str]:
    for scene in {*before, *after, *one.states}:
        allowed = {before.get(scene), after.get(scene)}
        if one.states.get(scene) not in allowed:
            yield f"scene {scene} is {one.states.get(scene, 'lost')}"


def _served(one: Found, found: Sequence[Found]) -> Iterator[str]:
    owed = {scene for scene, state in one.states.items() if state.startswith(OWED)} | {LATER}
    if set(one.served) != owed:
        yield f"a drain gets {sorted(one.served)} instead of {sorted(owed)}"
    for scene, attempts in one.served.items():
        if attempts not in (found[0].served.get(scene), found[-1].served.get(scene)):
            yield f"a drain gets scene {scene} with {list(attempts)} attempts"
        if len(attempts) != 1:
            yield f"a drain gets scene {scene} {len(attempts)} times"


def _half_done(found: Sequence[Found]) -> Iterator[str]:
    first, last = found[0].content, found[-1].content
    for earlier, later in pairwise(found):
        if later.content not in (earlier.content, last):
            yield f"killed {later.point}: half of it is done"
    if first == last:
        yield "it does nothing"

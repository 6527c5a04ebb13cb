"""Which rules of path_map make the most of Stash's files meet Plex's, found by comparing both.

A file in Stash and one in Plex that end alike ("x/a.mp4" in /data/x and /mnt/x) tell of a move,
here /data to /mnt, or if their sizes differ, against it. The cheapest way to give each folder the
move of its files, where a rule costs about as much as two files that do not meet, is the proposal.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from plex.path_pairs import FOLDER, NAME, Server, agreement, is_windows, partners
from plex.paths import FilePath, PathMap, SizedPath

TINY = 10
"""Files in Stash below which one pair is enough for a rule."""
RULE = 5  # what a rule must be worth: three names, or two with their folders
SHARE = 10  # and a tenth of what speaks for any move of its folder


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to write into path_map.

    A file meets if its path, as the rules change it, is one in Plex; under new rules another one
    than now only if the sizes may be the same.

    Attributes:
        rules: (beginning in Stash, beginning in Plex), the longest first.
        setting: the rules as they are typed.
        matched_before: how many of Stash's files meet under the rules of now.
        matched_after: how many would, by trial; never less.
        total: Stash's files.
    """

    rules: tuple[tuple[str, str], ...]
    setting: str
    matched_before: int
    matched_after: int
    total: int

    @property
    def helps(self) -> bool:
        """Whether to change the setting; with no rules, that means to empty it."""
        return self.matched_after > self.matched_before


@dataclass(frozen=True, slots=True, eq=False)
class _Move:
    """One place under two names, as high up as they differ; source and target as written."""

    source: str
    target: str
    depth: int  # components of source


_STAY = _Move("", "", 0)  # one path in both


@dataclass(slots=True, eq=False)
class _Folder:
    """A folder of Stash; costs are of all that is below it."""

    text: str
    parent: "_Folder | None"
    depth: int
    claims: int = 0  # what speaks for or against any move, except that of files which meet now
    cost: int = 0  # under a move that helps nothing here
    votes: Counter[_Move] = field(default_factory=Counter)  # what speaks for each
    savings: Counter[_Move] = field(default_factory=Counter)  # how much less it costs under each
    own: tuple[int, _Move] | None = None  # the least cost with a rule for this folder
    move: _Move = _STAY  # in force

    def add(self, moves: Iterable[_Move], worth: int, claims: int) -> None:
        """Add a file that meets under each of the moves, or that must not: worth is negative."""
        self.claims += claims
        self.cost += worth
        for move in moves:
            self.votes[move] += worth
            self.savings[move] += worth


def propose(stash: Iterable[SizedPath], plex: Iterable[SizedPath], present: PathMap) -> Proposal:
    """Find the rules to use instead of the present ones; no file that meets now is lost."""
    files = dict(stash)
    server = Server(plex)
    met = dict(_meeting(files, server, present))
    unchanged = Proposal((), "", len(met), len(met), len(files))
    if len(met) == len(files):
        return unchanged
    rules = _rules(files, server, met)
    setting = "; ".join(f"{source}={target}" for source, target in sorted(rules))
    path_map = PathMap.parse(setting)
    meeting = {
        file
        for file, mapped in _meeting(files, server, path_map)
        if not server.contradicts(mapped, files[file])
        # A replaced file keeps its place.
        or (file in met and server.key(mapped) == server.key(met[file]))
    }
    if not met.keys() < meeting:
        return unchanged
    return Proposal(path_map.rules, setting, len(met), len(meeting), len(files))


def _meeting(files: Iterable[str], server: Server, path_map: PathMap) -> Iterator[tuple[str, str]]:
    """Yield each file that meets, with its path in Plex."""
    rules = defaultdict[tuple[str, ...], list[tuple[str, str]]](list)
    for rule in path_map.rules:
        rules[FilePath.parse(rule[0]).folded].append(rule)
    lengths = sorted({len(source) for source in rules}, reverse=True)
    for file in files:
        folded = FilePath.parse(file).folded if rules else ()
        # Those of one file's folders, because there may be hundreds.
        some = [rule for length in lengths for rule in rules.get(folded[:length], ())]
        mapped = (PathMap(tuple(some)).apply(file) if some else None) or file
        if server.has(mapped):
            yield file, mapped


def _rules(
    files: Mapping[str, int | None], server: Server, met: Mapping[str, str]
) -> list[tuple[str, str]]:
    """Weigh what speaks for which move, and take the cheapest rules."""
    pairs = partners(files, server)
    tree, moves = _Tree(), _Moves(server)
    for file in files:
        alike, worth = pairs.get(file, ([], 0))
        claims = abs(worth)
        if file in met:  # worth more than all else
            others = alike if worth > 0 else ()
            alike, worth, claims = [*others, met[file]], FOLDER * (len(files) + 1), 0
        if alike:
            parsed = FilePath.parse(file)
            told = {move for other in alike if (move := moves.between(file, parsed, other))}
            tree.folder_of(file, parsed).add(told, worth, claims)
    return tree.rules(RULE if len(files) >= TINY else NAME)


class _Moves:
    """Every move that some pair of files tells of, once."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._known: dict[tuple[str, str], _Move] = {}

    def between(self, ours: str, parsed: FilePath, theirs: str) -> _Move | None:
        """Return the move of one file; None if it would be a rule for that file alone."""
        left, right = self._server.compared(parsed), self._server.compared(theirs)
        if left == right:
            return _STAY
        room = min(len(left) - _root(ours), len(right) - _root(theirs))
        shared = min(agreement(left, right), room)
        if shared < 1:
            return None
        depth, end = len(left) - shared, len(right) - shared
        key = "/".join(parsed.identity[:depth]), "/".join(right[:end])
        if key not in self._known:
            self._known[key] = _Move(_beginning(ours, depth), _beginning(theirs, end), depth)
        return self._known[key]


class _Tree:
    """Stash's folders."""

    def __init__(self) -> None:
        # By identity, each after its parent.
        self._folders: dict[tuple[str, ...], _Folder] = {(): _Folder("/", None, 0)}

    def rules(self, price: int) -> list[tuple[str, str]]:
        """Return the cheapest rules; of several as cheap those of the highest folders."""
        for folder in reversed(self._folders.values()):
            _settle(folder, price)
        found = []
        for folder in self._folders.values():
            folder.move = folder.parent.move if folder.parent else _STAY
            if folder.own is None or folder.own[1] is folder.move:
                continue
            cost, move = folder.own
            rule = folder.text, _target(folder, move)
            # One that speaks of all there is only where that saves another.
            if cost + ("/" in rule) <= folder.cost - folder.savings[folder.move]:
                folder.move = move
                found.append(rule)
        return found

    def folder_of(self, file: str, parsed: FilePath) -> _Folder:
        """Return a file's folder; it and those above it are made if they are new."""
        identity = parsed.identity
        depth = len(identity) - 1
        while depth > 0 and identity[:depth] not in self._folders:
            depth -= 1
        folder = self._folders[identity[: max(depth, 0)]]
        for length in range(depth + 1, len(identity)):
            folder = _Folder(_beginning(file, length), folder, length)
            self._folders[identity[:length]] = folder
        return folder


def _settle(folder: _Folder, price: int) -> None:
    """Find the folder's best own move, when all below it is settled, and tell its parent."""
    folder.own = _best(folder, price)
    parent = folder.parent
    if parent is None:
        return
    cost = folder.own[0] if folder.own else folder.cost
    parent.cost += cost
    parent.claims += folder.claims
    for move, votes in folder.votes.items():
        if move.depth < folder.depth:
            parent.votes[move] += votes
            saving = folder.savings[move] - (folder.cost - cost)
            # Where a rule for this folder costs as little, the move saves the parent nothing.
            parent.savings[move] += max(0, saving) if folder.own else saving


def _best(folder: _Folder, price: int) -> tuple[int, _Move] | None:
    for move, saving in sorted(folder.savings.items(), key=_by_saving):
        if saving < price:
            break
        enough = folder.votes[move] * SHARE >= folder.claims
        if enough and _sayable(folder.text, _target(folder, move)):
            return folder.cost - saving + price, move
    return None


def _by_saving(entry: tuple[_Move, int]) -> tuple[int, str, str]:
    move, saving = entry
    return -saving, move.target, move.source


def _target(folder: _Folder, move: _Move) -> str:
    """Return where a move puts a folder, as it is typed."""
    if move is _STAY:
        return folder.text
    if folder.depth == move.depth:
        return move.target
    return _closed(PathMap(((move.source, move.target),)).apply(folder.text) or "")


def _sayable(source: str, target: str) -> bool:
    """Whether the setting can hold a rule; its characters cannot be escaped."""
    return not re.search(r"[;\x00-\x1f\x7f]", source + target) and "=" not in source


def _root(path: str) -> int:
    """Return how many components stand for "/": the drive, or the server and its share."""
    if path.startswith(("\\\\", "//")):
        return 2
    return 1 if path[1:2] == ":" and is_windows(path) else 0


def _beginning(path: str, count: int) -> str:
    """Return the first components of a path as they are written."""
    separator = r"[^/\\]+" if is_windows(path) else "[^/]+"
    names = [name for name in re.finditer(separator, path) if name.group() != "."]
    return _closed(path[: names[count - 1].end()]) if count else "/"


def _closed(folder: str) -> str:
    """Return a folder so that the setting keeps it: "D:" is none, and blanks would be cut off."""
    if folder.endswith(":") or folder != folder.strip():
        return folder + ("\\" if is_windows(folder) and "/" not in folder else "/")
    return folder

"""What has to be changed so that an item shows the wish: a pure comparison, field by field.

Three values decide about a field: what Plex shows, what Stash wishes, and what we remember of
our last write. Plex may normalise what it is told, so "shows something else" alone is no reason
to write again; each wish is written at most twice, then left until wish or item change.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.job import SceneId
from domain.ledger import FieldMemory, LedgerEntry
from domain.plex_item import PlexItem, Value
from plex.names import Difference, by_key, compare

Change = str | Difference
"""A new text ("" empties the field), or new names."""

MAX_TRIES = 2  # writes of one wish


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send to one item, and what to remember once that succeeded.

    Attributes:
        changes: by our field names: the new text, or the new names.
        locks: fields that are as wished but not locked; locked along with a change, for free.
        fields: the ledger's memory after the write; if the plan is empty, at once.
        intent: what is about to be written: names to be added, or one text. Stored before the
            write, so that it counts as ours even if we die before the ledger knows.
        notes: for the log.
    """

    changes: Mapping[str, Change]
    locks: tuple[str, ...] = ()
    fields: Mapping[str, FieldMemory] = field(default_factory=dict)
    intent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has to be sent."""
        return not self.changes


@dataclass(frozen=True, slots=True)
class _Verdict:
    """One field's part of the plan; memory None = we have nothing to remember of it."""

    memory: FieldMemory | None
    change: Change | None = None
    intent: tuple[str, ...] = ()
    lock: bool = False
    note: str = ""


def make_plan(
    item: PlexItem,
    wish: Mapping[str, Value],
    entry: LedgerEntry | None,
    *,
    preserve_edits: bool,
) -> Plan:
    """Compare *item* with *wish*, knowing what we wrote before.

    Args:
        entry: what the ledger knows of this item and scene; None at first contact.
        preserve_edits: a text that somebody else locked in Plex stays; otherwise Stash wins.
    """
    past = entry or LedgerEntry("", item.rating_key, SceneId(0))
    verdicts = {
        name: _names_verdict(name, item, wished, past)
        if isinstance(wished, tuple)
        else _text_verdict(name, item, wished, past, preserve_edits=preserve_edits)
        for name, wished in wish.items()
    }
    return Plan(
        changes={name: v.change for name, v in verdicts.items() if v.change is not None},
        locks=tuple(name for name, v in verdicts.items() if v.lock and name not in item.locked),
        fields={**past.fields, **{name: v.memory for name, v in verdicts.items() if v.memory}},
        intent={name: v.intent for name, v in verdicts.items() if v.intent},
        notes=tuple(v.note for v in verdicts.values() if v.note),
    )


def _text_verdict(
    name: str, item: PlexItem, wished: str, past: LedgerEntry, *, preserve_edits: bool
) -> _Verdict:
    shown = _text(item.values.get(name))
    memory = past.fields.get(name)
    written = (*past.intent.get(name, ()), *_texts(memory))
    if shown == wished:
        return _as_wished(shown, wished, memory)
    # tries: an emptying that Plex has not shown yet is still ours to finish.
    if not wished and not any(written) and not (memory and memory.tries):
        return _Verdict(memory)
    if preserve_edits and name in item.locked and _loose(shown) not in map(_loose, written):
        return _Verdict(memory, note=f"{name}: edited in Plex, so it stays")
    settled = memory is not None and (
        shown == memory.seen or (memory.tries > 0 and _loose(shown) == _loose(wished))
    )
    write = _Verdict(None, change=wished, intent=(wished,))
    return _leave_or(write, name, shown, wished, memory, settled=settled)


def _names_verdict(
    name: str, item: PlexItem, wished: tuple[str, ...], past: LedgerEntry
) -> _Verdict:
    shown = _names(item.values.get(name))
    memory = past.fields.get(name)
    ours = past.intent.get(name, ()) + _names(memory.written if memory else ())
    difference = compare(shown, wished, ours)
    if not difference:
        return _as_wished(shown, wished, memory)
    # What was missing already when Plex was given up on may stay missing.
    settled = (
        memory is not None
        and memory.seen is not None
        and not difference.removed
        and by_key(difference.added).keys().isdisjoint(by_key(_names(memory.seen)))
    )
    write = _Verdict(None, change=difference, intent=difference.added)
    return _leave_or(write, name, shown, wished, memory, settled=settled)


def _as_wished(shown: Value, wished: Value, memory: FieldMemory | None) -> _Verdict:
    known = FieldMemory(wished, shown) if wished or memory else None
    return _Verdict(known, lock=bool(wished))


def _leave_or(
    write: _Verdict,
    name: str,
    shown: Value,
    wished: Value,
    memory: FieldMemory | None,
    *,
    settled: bool,
) -> _Verdict:
    """Write, unless this wish was written already and Plex makes something else of it."""
    if memory is None or memory.written != wished:
        return replace(write, memory=FieldMemory(wished, tries=1))
    if settled:
        return _as_wished(shown, wished, memory)
    if memory.tries < MAX_TRIES:
        return replace(write, memory=replace(memory, tries=memory.tries + 1))
    note = f"{name}: Plex shows it differently; left until it changes in Stash"
    return replace(_as_wished(shown, wished, memory), note=note)


def _texts(memory: FieldMemory | None) -> tuple[str, ...]:
    """What we wrote, and what Plex made of it if that is known."""
    values = (memory.written, memory.seen) if memory else ()
    return tuple(value for value in values if isinstance(value, str))


def _text(value: Value | None) -> str:
    return value if isinstance(value, str) else ""


def _names(value: Value | None) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _loose(text: str) -> str:
    """What is left of a text that Plex trimmed, or whose line breaks XML made into blanks."""
    return " ".join(unicodedata.normalize("NFC", text).split())

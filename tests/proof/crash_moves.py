"""Every move that changes the queue, with what there was before and what there is after."""

from collections.abc import Mapping
from types import MappingProxyType

from domain.outcome import Buried, Gone, Outcome, Parked, Skipped, Synced, Waiting
from sync_queue import spool
from sync_queue.clearing import clear_dead_letters, clear_pending_items, undo_clear
from sync_queue.dlq import retry_dead_letters
from sync_queue.operations import get_pending
from sync_queue.orphans import get_suspect, resume_orphans
from sync_queue.parked import rearm
from sync_queue.retry import promote_due
from tests.proof import crash_scenes as there
from tests.proof.crash_acts import hook, on_queue, open_it, put_three, putting_back, settling
from tests.proof.crash_oracle import Move

LATER = 1_800_000_060.0

NOTHING: dict[int, str] = {}
FIRST = {1: "queued"}
SECOND = {2: "queued"}
BOTH = FIRST | SECOND
WAITING = {1: "waiting, 2 attempts, 1 misses"}
FAILED = {1: "queued, 2 attempts, 1 misses"}
SUSPECT = {1: "suspect", 2: "queued"}
DIED_ALONE = {1: "suspect, 1 deaths", 2: "queued"}
DEAD = {1: "dead"}
CLEARED = {1: "cleared"}

AT_WORK = {1: "suspect, 2 attempts, 1 misses", 2: "queued"}  # what the next process makes of it

EVERY = {1: "queued", 2: "queued", 3: "waiting, 2 attempts", 4: "parked", 5: "dead", 6: "queued"}
EVERY_CLEARED = EVERY | dict.fromkeys((1, 2, 3), "cleared")


def _settled(outcome: Outcome, first: Mapping[int, str]) -> Move:
    """Scene 2 is at work from the same transaction on."""
    after = {**first, 2: "suspect"}
    return Move(there.first_failed_twice, settling(outcome), AT_WORK, after, is_whole=True)


def _put_back(name: str) -> Move:
    after = FAILED | SECOND
    return Move(there.first_failed_twice, putting_back(name), AT_WORK, after, is_whole=True)


_WAIT = Waiting(LATER, "busy", "Cause", counted=True)

ARRIVING = {
    "record, cold": Move(there.nothing, hook, NOTHING, FIRST),
    "record, warm": Move(there.second_queued, hook, SECOND, BOTH),
    "record, spooled": Move(there.no_lock_to_be_had, hook, NOTHING, FIRST),
    "put in bulk": Move(
        there.nothing, on_queue(put_three), NOTHING, dict.fromkeys((1, 2, 3), "queued"), True
    ),
    "ingest": Move(there.spooled, on_queue(spool.ingest), BOTH, BOTH),
    "ingest, damaged": Move(there.half_spooled, on_queue(spool.ingest), BOTH, BOTH, loses=True),
}

OPENING = {
    "open, made by a hook": Move(there.first_queued, open_it, FIRST, FIRST),
    "open, first format": Move(there.in_the_first_format, open_it, FIRST, FIRST),
    "open, damaged": Move(there.damaged, open_it, NOTHING, NOTHING, loses=True),
}

CLAIMING = {
    "claim": Move(there.both_queued, on_queue(get_pending), BOTH, BOTH),
    "claim, failed": Move(
        there.first_failed_twice, on_queue(get_pending), FAILED | SECOND, FAILED | SECOND
    ),
    "claim, parked": Move(
        there.settled_as("park", edited=True),
        on_queue(get_pending),
        {1: "queued and parked"},
        FIRST,
    ),
    "claim, dead": Move(
        there.settled_as("bury", edited=True), on_queue(get_pending), {1: "queued and dead"}, FIRST
    ),
    "claim, suspected": Move(there.suspected, on_queue(get_suspect), SUSPECT, SUSPECT, True),
    "promote": Move(there.first_waits, on_queue(promote_due), WAITING, FAILED, True),
    "rearm": Move(
        there.settled_as("park"),
        on_queue(rearm, ["a.mp4"]),
        {1: "parked"},
        {1: "queued and parked"},
        True,
    ),
    "resume": Move(there.first_died, on_queue(resume_orphans), SUSPECT, SUSPECT),
    "resume, died alone": Move(
        there.first_died_alone(1),
        on_queue(resume_orphans),
        DIED_ALONE,
        DIED_ALONE,
    ),
    "resume, third death": Move(
        there.first_died_alone(3), on_queue(resume_orphans), DEAD | SECOND, DEAD | SECOND
    ),
}

SETTLING = {
    "settle, synced": _settled(Synced(("title",)), NOTHING),
    "settle, skipped": _settled(Skipped("nothing to say"), NOTHING),
    "settle, gone": _settled(Gone(), NOTHING),
    "settle, put off": _settled(_WAIT, {1: "waiting, 3 attempts, 1 misses"}),
    "settle, parked": _settled(Parked(("a.mp4", "b.mp4")), {1: "parked"}),
    "settle, buried": _settled(Buried("hopeless", "Cause", attempts=3), DEAD),
    "put back, release": _put_back("release"),
    "put back, send to back": _put_back("send to back"),
}

MANAGING = {
    "clear": Move(there.everywhere, on_queue(clear_pending_items), EVERY, EVERY_CLEARED),
    "clear, suspected": Move(
        there.suspected,
        on_queue(clear_pending_items),
        SUSPECT,
        dict.fromkeys((1, 2), "cleared"),
    ),
    "clear dead letters": Move(
        there.settled_as("bury"), on_queue(clear_dead_letters), DEAD, CLEARED
    ),
    "undo clear": Move(there.cleared, on_queue(undo_clear), EVERY_CLEARED, EVERY, True),
    "retry dead letters": Move(
        there.settled_as("bury"), on_queue(retry_dead_letters), DEAD, FIRST, True
    ),
}

# What is not as it should be: a scene is in two places, or a row of it is left behind.
BETWEEN = {
    "claim, waiting": Move(
        there.first_waits_and_was_saved,
        on_queue(get_pending),
        {1: "queued and waiting, 2 attempts, 1 misses"},
        FIRST,
    ),
    "clear, failed": Move(there.first_promoted, on_queue(clear_pending_items), FAILED, CLEARED),
}

MOVES: Mapping[str, Move] = MappingProxyType(
    ARRIVING | OPENING | CLAIMING | SETTLING | MANAGING | BETWEEN
)

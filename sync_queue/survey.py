"""The state of the queue in detail, for whoever wants to see it; nothing is changed by looking."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from domain.job import SceneId
from sync_queue.database import in_our_words
from sync_queue.dlq import SELECT, DeadLetter
from sync_queue.operations import QueueStats, get_stats, onlooker
from sync_queue.retry import LONGEST_WAIT
from sync_queue.spool import spooled

NEWEST = 10  # dead letters that are shown one by one


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in the queue.

    Attributes:
        counts: jobs by state.
        spooled: events that wait in files, because the database could not be written.
        due: jobs that could be processed now.
        next_retry_at: Unix seconds of the next retry; None if none waits.
        at_work: the scene that is being processed; None if there is none.
        at_work_since: Unix seconds; None likewise.
        causes: how many dead letters there are of each cause, the commonest first.
        newest: the dead letters that came last.
        clearings: how many times Undo Clear would bring something back.
    """

    counts: QueueStats
    spooled: int = 0
    due: int = 0
    next_retry_at: float | None = None
    at_work: SceneId | None = None
    at_work_since: float | None = None
    causes: dict[str, int] = field(default_factory=dict)
    newest: tuple[DeadLetter, ...] = ()
    clearings: int = 0


def survey(folder: Path, now: float) -> Survey:
    """Look at the queue of the data folder *folder*; *now* in Unix seconds.

    Raises:
        QueueUnusable: the file cannot be read.
    """
    counts = get_stats(folder / "queue")
    files = len(spooled(folder))
    due = counts["pending"] + files
    file = folder / "queue" / "data.db"
    if not file.is_file():
        return Survey(counts, files, due)
    with in_our_words(), closing(onlooker(file)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version < 2:  # only hooks have written so far, or an older version of the plugin
            return Survey(counts, files, due)
        return _detailed(connection, counts, files, due, now)


def _detailed(
    db: sqlite3.Connection, counts: QueueStats, files: int, due: int, now: float
) -> Survey:
    retries, next_retry_at = db.execute(
        "SELECT COUNT(*) FILTER (WHERE next_retry_at <= ?1 OR next_retry_at > ?2), "
        "MIN(CASE WHEN next_retry_at > ?2 THEN ?1 ELSE next_retry_at END) FROM retry "
        "WHERE next_retry_at IS NOT NULL",
        (now, now + LONGEST_WAIT),  # what is further away was dated by a clock gone wrong
    ).fetchone()
    scene, since = db.execute("SELECT id, since FROM at_work").fetchone() or (None, None)
    causes = db.execute("SELECT cause, COUNT(*) FROM dead_letter GROUP BY 1 ORDER BY 2 DESC, 1")
    letters = db.execute(f"{SELECT} ORDER BY number DESC LIMIT ?", (NEWEST,))
    clearings = db.execute("SELECT COUNT(DISTINCT clearing) FROM removed").fetchone()[0]
    return Survey(
        counts,
        files,
        due + retries,
        next_retry_at,
        scene,
        since,
        causes=dict(causes),
        newest=tuple(DeadLetter(*letter) for letter in letters),
        clearings=clearings,
    )

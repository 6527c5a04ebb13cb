"""Our tables, in the same file as persist-queue's, so that one transaction settles a job."""

import sqlite3

from domain.errors import NewerDatabase
from sync_queue.inbox import CREATE

_FIRST: tuple[str, ...] = (
    CREATE,
    CREATE.replace("ack_queue_default", "ack_queue_bulk"),
    # What the next claim of a key needs: rows in flight are skipped, equal keys found.
    "CREATE INDEX IF NOT EXISTS default_waiting ON ack_queue_default (data) WHERE status < 2",
    "CREATE INDEX IF NOT EXISTS default_in_flight ON ack_queue_default (data) WHERE status = 2",
    "CREATE INDEX IF NOT EXISTS bulk_waiting ON ack_queue_bulk (data) WHERE status < 2",
    "CREATE INDEX IF NOT EXISTS bulk_in_flight ON ack_queue_bulk (data) WHERE status = 2",
    # A job that failed, was put off, or was at work when a worker died. next_retry_at NULL
    # means that it is in a queue again, in row promoted_row if that was our doing.
    """CREATE TABLE retry (
        kind TEXT NOT NULL, id INTEGER NOT NULL, queue TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0, misses INTEGER NOT NULL DEFAULT 0,
        deaths INTEGER NOT NULL DEFAULT 0, alone INTEGER NOT NULL DEFAULT 0,
        next_retry_at REAL, promoted_row INTEGER, cause TEXT NOT NULL DEFAULT '',
        error TEXT NOT NULL DEFAULT '', first_at REAL NOT NULL, outage_id INTEGER,
        PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX retry_due ON retry (next_retry_at) WHERE next_retry_at IS NOT NULL",
    # The job at work: the transaction that settles one marks the next.
    """CREATE TABLE at_work (
        slot INTEGER PRIMARY KEY CHECK (slot = 1), kind TEXT NOT NULL, id INTEGER NOT NULL,
        queue TEXT NOT NULL, alone INTEGER NOT NULL, since REAL NOT NULL) STRICT""",
    # Not in Plex: a normal state, not a failure.
    """CREATE TABLE parked (
        kind TEXT NOT NULL, id INTEGER NOT NULL, queue TEXT NOT NULL, parked_at REAL NOT NULL,
        PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE parked_file (
        base_name TEXT NOT NULL, kind TEXT NOT NULL, id INTEGER NOT NULL,
        PRIMARY KEY (base_name, kind, id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX parked_file_of ON parked_file (kind, id)",
    """CREATE TABLE dead_letter (
        number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, id INTEGER NOT NULL,
        queue TEXT NOT NULL, cause TEXT NOT NULL, reason TEXT NOT NULL,
        attempts INTEGER NOT NULL, first_at REAL NOT NULL, buried_at REAL NOT NULL,
        outage_id INTEGER, UNIQUE (kind, id)) STRICT""",
    """CREATE TABLE ledger (
        server TEXT NOT NULL, rating_key INTEGER NOT NULL, scene_id INTEGER NOT NULL,
        updated_at TEXT NOT NULL, content_hash TEXT NOT NULL, fields TEXT NOT NULL,
        images TEXT NOT NULL, intent TEXT NOT NULL, synced_at REAL NOT NULL,
        PRIMARY KEY (server, rating_key, scene_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX ledger_scene ON ledger (scene_id)",
    # Scenes that share an item with a lower scene, which has it; they want it when it is free.
    """CREATE TABLE contender (
        server TEXT NOT NULL, rating_key INTEGER NOT NULL, scene_id INTEGER NOT NULL,
        PRIMARY KEY (server, rating_key, scene_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX contender_scene ON contender (scene_id)",
)

_SECOND: tuple[str, ...] = (
    # What a user cleared, to be undone: one row per task, and the rows it took.
    """CREATE TABLE clearing (
        number INTEGER PRIMARY KEY AUTOINCREMENT, task TEXT NOT NULL, at REAL NOT NULL) STRICT""",
    """CREATE TABLE removed (
        number INTEGER PRIMARY KEY AUTOINCREMENT, clearing INTEGER NOT NULL,
        origin TEXT NOT NULL, document TEXT NOT NULL) STRICT""",
    "CREATE INDEX removed_by ON removed (clearing)",
)

_THIRD: tuple[str, ...] = (
    # Scenes whose changes were only shown; they are due when the user ends the preview.
    """CREATE TABLE previewed (
        kind TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (kind, id)) STRICT, WITHOUT ROWID""",
)

STEPS = (_FIRST, _SECOND, _THIRD)
"""What leads from each version of the format to the next."""

VERSION = len(STEPS)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables up to VERSION, in one transaction.

    Raises:
        NewerDatabase: a later version of the plugin wrote them.
    """
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise NewerDatabase(
            f"the queue was written by a newer Stash2Plex (format {version}, this one knows "
            f"{VERSION}): update the plugin; edits are still recorded"
        )
    if version == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    for step in STEPS[version:]:
        for statement in step:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version={VERSION}")
    connection.execute("COMMIT")

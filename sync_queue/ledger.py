"""What we wrote to Plex, per item and scene, in the same file as the queue."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from domain.job import JobKey, SceneId
from domain.ledger import FieldMemory, ImageMemory, LedgerEntry
from domain.plex_item import RatingKey, Value
from sync_queue.database import Database
from sync_queue.inbox import INSERT
from sync_queue.manager import payload
from sync_queue.standing import batches

_COLUMNS = (
    "server, rating_key, scene_id, updated_at, content_hash, fields, images, intent, synced_at"
)


class Version(NamedTuple):
    """What an item was last known to show: the scene's updated_at, and the hash of its content."""

    updated_at: str
    content_hash: str


class Ledger:
    """Reads at any time; every write belongs inside the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def of_items(
        self, server: str, keys: Iterable[RatingKey]
    ) -> dict[RatingKey, list[LedgerEntry]]:
        """What is remembered of some items, lowest scene first; an unknown item is absent."""
        found: dict[RatingKey, list[LedgerEntry]] = {}
        for key in set(keys):
            rows = self._db.rows(
                f"SELECT {_COLUMNS} FROM ledger WHERE server = ? AND rating_key = ? "
                "ORDER BY scene_id",
                (server, key),
            )
            if rows:
                found[key] = [_entry(row) for row in rows]
        return found

    def of_scene(self, server: str, scene: SceneId) -> list[LedgerEntry]:
        """What is remembered of one scene."""
        rows = self._db.rows(
            f"SELECT {_COLUMNS} FROM ledger WHERE server = ? AND scene_id = ?", (server, scene)
        )
        return [_entry(row) for row in rows]

    def versions(
        self, server: str, scenes: Sequence[SceneId]
    ) -> dict[SceneId, dict[RatingKey, Version]]:
        """Which version of each scene its items are known to show."""
        found: dict[SceneId, dict[RatingKey, Version]] = {}
        # SQLite would else walk along the primary key, through all of the server's rows.
        query = (
            "SELECT scene_id, rating_key, updated_at, content_hash "
            "FROM ledger INDEXED BY ledger_scene WHERE server = ? AND scene_id IN"
        )
        for scene, key, updated_at, content_hash in self._rows_of(scenes, query, server):
            found.setdefault(scene, {})[key] = Version(updated_at, content_hash)
        return found

    def hashes(self, scenes: Sequence[SceneId]) -> dict[SceneId, set[str]]:
        """The content that the items of each scene are known to show, on any server."""
        found: dict[SceneId, set[str]] = {}
        query = "SELECT scene_id, content_hash FROM ledger WHERE scene_id IN"
        for scene, content_hash in self._rows_of(scenes, query):
            found.setdefault(scene, set()).add(content_hash)
        return found

    def contended(self, server: str, scenes: Sequence[SceneId]) -> set[tuple[SceneId, RatingKey]]:
        """Scenes and items of theirs that belong to another scene."""
        query = "SELECT scene_id, rating_key FROM contender WHERE server = ? AND scene_id IN"
        rows = self._rows_of(scenes, query, server)
        return {(SceneId(scene), RatingKey(key)) for scene, key in rows}

    def _rows_of(
        self, scenes: Sequence[SceneId], query: str, *first: str
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of a query that ends with IN, and of which *first* are the other values."""
        for some in batches(scenes):
            marks = ",".join("?" * len(some))
            yield from self._db.rows(f"{query} ({marks})", (*first, *some))

    def store(self, entry: LedgerEntry) -> None:
        """Remember *entry*, in place of what was remembered before."""
        self._db.execute(
            f"INSERT OR REPLACE INTO ledger ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.server,
                entry.rating_key,
                entry.scene_id,
                entry.updated_at,
                entry.content_hash,
                _dump({name: [m.written, m.seen, m.tries] for name, m in entry.fields.items()}),
                _dump({kind: [m.sha1, m.etag, m.earlier] for kind, m in entry.images.items()}),
                _dump(entry.intent),
                entry.synced_at,
            ),
        )

    def contend(self, server: str, key: RatingKey, scene: SceneId) -> None:
        """The scene would have the item if the one that has it let go."""
        self._forget(server, key, scene)
        self._db.execute("INSERT OR IGNORE INTO contender VALUES (?, ?, ?)", (server, key, scene))

    def let_go(self, scene: SceneId, *, but: Sequence[tuple[str, RatingKey]] = ()) -> None:
        """The scene has these items only; who contended for another it had gets a job.

        Args:
            but: what it has on one server, which says nothing of others; empty if the scene is
                gone, and then it has nothing anywhere.
        """
        here = {server for server, _ in but}

        def has_lost(server: str, key: RatingKey) -> bool:
            return (server, key) not in but and (not here or server in here)

        held = self._db.rows("SELECT server, rating_key FROM ledger WHERE scene_id = ?", (scene,))
        for server, key in held:
            if has_lost(server, key):
                self._free(server, key, scene)
        wanted = self._db.rows(
            "SELECT server, rating_key FROM contender WHERE scene_id=?", (scene,)
        )
        for server, key in wanted:
            if has_lost(server, key):
                self._db.execute(
                    "DELETE FROM contender WHERE server=? AND rating_key=? AND scene_id=?",
                    (server, key, scene),
                )

    def stand_back(self, scene: SceneId) -> None:
        """The scene has nothing to show; whoever contends for one of its items gets it."""
        for server, key in self._db.rows(
            "SELECT DISTINCT server, rating_key FROM ledger JOIN contender "
            "USING (server, rating_key) WHERE ledger.scene_id = ?",
            (scene,),
        ):
            self._free(server, key, scene)
            self.contend(server, key, scene)

    def _free(self, server: str, key: RatingKey, scene: SceneId) -> None:
        """Hand what is remembered of the item to its next scene, and give all that want it a job.

        Without a contender it is forgotten.
        """
        item = (server, key)
        others = self._db.rows(
            "SELECT scene_id FROM contender WHERE server=? AND rating_key=? ORDER BY scene_id", item
        )
        if others:
            self._db.execute(
                "UPDATE OR REPLACE ledger SET scene_id=?, updated_at='', content_hash='' "
                "WHERE server=? AND rating_key=? AND scene_id=?",
                (*others[0], *item, scene),
            )
        else:
            self._forget(server, key, scene)
        for (other,) in others:
            self._db.execute(INSERT, (payload(JobKey("scene", other)), 0.0))
        self._db.execute("DELETE FROM contender WHERE server=? AND rating_key=?", item)

    def _forget(self, server: str, key: RatingKey, scene: SceneId) -> None:
        self._db.execute(
            "DELETE FROM ledger WHERE server=? AND rating_key=? AND scene_id=?",
            (server, key, scene),
        )


def _dump(document: Mapping[str, Any]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _entry(row: Sequence[Any]) -> LedgerEntry:
    server, key, scene, updated_at, content_hash, fields, images, intent, synced_at = row
    return LedgerEntry(
        server,
        RatingKey(key),
        SceneId(scene),
        updated_at,
        content_hash,
        {name: _memory(*parts) for name, parts in json.loads(fields).items()},
        {kind: _image(*parts) for kind, parts in json.loads(images).items()},
        {name: tuple(names) for name, names in json.loads(intent).items()},
        synced_at,
    )


def _memory(written: Any, seen: Any, tries: int) -> FieldMemory:
    return FieldMemory(_value(written), None if seen is None else _value(seen), tries)


def _image(sha1: str, etag: str, earlier: Sequence[str]) -> ImageMemory:
    return ImageMemory(sha1, etag, tuple(earlier))


def _value(stored: Any) -> Value:
    return tuple(stored) if isinstance(stored, list) else str(stored)

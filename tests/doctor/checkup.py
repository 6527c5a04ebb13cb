"""Check Setup within this process, which starts no background; and what it must leave alone."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from doctor.task import check_setup
from domain.errors import BadSettings
from stash.client import StashClient
from stash.connection import Connection
from sync_queue.manager import QueueManager
from tests.world import World
from validation.config import Stash2PlexConfig, load_config


@dataclass(frozen=True)
class Checkup:
    """What it found.

    Attributes:
        summary: one sentence.
        findings: every line, by what it says; its remedy, "" if all is well.
    """

    summary: str
    findings: dict[str, str]

    def remedy(self, beginning: str) -> str:
        """The remedy of the one finding that begins so."""
        (found,) = [what for what in self.findings if what.startswith(beginning)]
        return self.findings[found]

    @property
    def wrong(self) -> list[str]:
        """What has to be mended."""
        return [what for what, remedy in self.findings.items() if remedy]


def check(world: World, **settings: Any) -> Checkup:
    """Check the set-up with these settings besides the world's."""
    raw = {**world.stash.settings, **settings}
    world.stash.settings = raw
    stash = StashClient(Connection.from_server(world.stash.connection(world.folder)))
    with closing(stash), closing(QueueManager(world.data_dir)) as manager:
        answer = check_setup(stash, _config(raw), manager)
    findings = {one["what"]: one["remedy"] for one in answer["findings"]}
    assert len(findings) == len(answer["findings"]), "something was said twice"
    return Checkup(answer["summary"], findings)


def _config(raw: dict[str, Any]) -> Stash2PlexConfig | None:
    try:
        return load_config(raw).config
    except BadSettings:
        return None


def everything_kept(world: World) -> dict[str, object]:
    """What the plugin keeps: every table of its databases, every other file's bytes.

    Left out: what SQLite has open, the name Plex knows us under, and what every task repeats.
    """
    kept: dict[str, object] = {}
    for file in sorted(world.data_dir.rglob("*")):
        name = file.name
        if not file.is_file() or name.endswith(("-wal", "-shm")):
            continue
        if name in ("device_id.json", "background_told.json"):
            continue
        kept[name] = _tables(str(file)) if file.suffix == ".db" else file.read_bytes()
    return kept


def _tables(file: str) -> list[str]:
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def writes(world: World) -> list[str]:
    """Requests of Plex that are no reading, and whatever changes something in Stash."""
    to_plex = [f"{r.method} {r.path}" for r in world.plex.requests if r.method != "GET"]
    to_stash = [r.text for r in world.stash.requests if "mutation" in r.text]
    return to_plex + to_stash

"""What the plugin finds at home: Python, packages, data folder, clock, and what it was told."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib import metadata
from pathlib import Path

from doctor.finding import Finding
from domain.errors import QueueUnusable
from stash.client import ServerInfo
from sync_queue.database import DatabaseDamaged, in_our_words
from sync_queue.manager import QueueManager
from sync_queue.operations import get_stats, onlooker
from sync_queue.schema import VERSION
from validation.config import LoadedConfig
from worker.requirements import MODULES
from worker.visible import last_word

PACKAGES = tuple(MODULES)

MOST_SKEW = 60.0  # seconds between Stash's clock and ours that nobody need know of


def look_around(manager: QueueManager, *, hides_paths: bool) -> Iterator[Finding]:
    """Yield what can be said without asking anybody."""
    versions = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    yield Finding(f"Python {sys.version.split()[0]} with {versions}")
    yield _data_folder(manager.folder, hides_paths=hides_paths)
    yield from _queue(manager.folder / "queue")
    if why := last_word(manager.folder).why:
        # No remedy: it may be long since mended, and what is not is met again further on.
        yield Finding(f"The last background process gave up: {why}")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:  # imported, but from a folder without its papers
        return "of unknown version"


def _data_folder(folder: Path, *, hides_paths: bool) -> Finding:
    name = "Data folder" if hides_paths else f"Data folder {folder}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(
            f"{name}: cannot be written ({error.strerror or type(error).__name__})",
            "let the user that Stash runs as write in stash2plex beside Stash's config.yml, or "
            "make room there; until then no edit is kept",
        )
    return Finding(f"{name}: can be written")


def _queue(folder: Path) -> Iterator[Finding]:
    try:
        if _format(folder / "data.db") > VERSION:
            yield Finding(
                "Queue: a newer Stash2Plex wrote it", "update the plugin; edits are still recorded"
            )
            return
        stats = get_stats(folder)
    except DatabaseDamaged as error:
        yield Finding(
            f"Queue: {error}",
            "press Process Queue, which sets that file aside and queues all scenes anew",
        )
        return
    except QueueUnusable as error:
        yield Finding(
            f"Queue: cannot be read ({error})",
            "let the user that Stash runs as read and write the data folder",
        )
        return
    yield Finding(f"Queue: {stats['pending']} pending, {stats['waiting']} waiting for retry")
    if stats["failed"]:
        yield Finding(
            f"Dead letters: {stats['failed']}",
            "View Queue Status says why, and Retry Dead Letters tries them again",
        )


def _format(file: Path) -> int:
    """The version of the tables; 0 if there are none yet."""
    if not file.is_file():
        return 0
    with in_our_words(), closing(onlooker(file)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def compare_clocks(stash: ServerInfo, now: float) -> Iterator[Finding]:
    """Yield a line if Stash's clock is not ours; *now* in Unix seconds."""
    if (skew := abs(stash.now - now)) > MOST_SKEW:
        yield Finding(
            f"Clock: Stash's and this machine's are {skew:.0f} s apart",
            "let both machines set their clocks by the network",
        )


def look_at_settings(loaded: LoadedConfig) -> Iterator[Finding]:
    """Yield what is unusual about the settings."""
    for warning in loaded.warnings:
        yield Finding(warning, "correct it in the plugin's settings")
    config = loaded.config
    if not config.enabled:
        yield Finding("Syncing is paused", "turn Pause syncing off; edits wait until then")
    if config.dry_run:
        yield Finding("Preview is on", "nothing is written to Plex until you turn it off")
    if config.reconcile_interval == "never":
        yield Finding(
            "Automatic reconciliations are off: auto-tagging, merged scenes, assigned files and "
            "generated covers wait until you press Reconcile Library"
        )

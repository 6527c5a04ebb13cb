"""What the plugin finds at home: Python, packages, data folder, clock, and what it was told."""

import os
import sys
import tempfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from doctor.finding import Finding
from stash.client import ServerInfo
from sync_queue.manager import QueueManager
from sync_queue.operations import get_stats
from validation.config import LoadedConfig
from worker.visible import last_word

PACKAGES = ("stashapp-tools", "plexapi", "pydantic", "persist-queue", "requests")

MOST_SKEW = 60.0  # seconds between Stash's clock and ours that nobody need know of


def look_around(manager: QueueManager) -> Iterator[Finding]:
    """Yield what can be said without asking anybody."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    yield Finding(f"Python {sys.version.split()[0]} with {versions}")
    yield _data_folder(manager.folder)
    stats = get_stats(manager.folder / "queue")
    yield Finding(f"Queue: {stats['pending']} pending, {stats['waiting']} waiting for retry")
    if stats["failed"]:
        yield Finding(
            f"Dead letters: {stats['failed']}",
            "View Queue Status says why, and Retry Dead Letters tries them again",
        )
    if why := last_word(manager.folder).why:
        yield Finding("The background process could not go on", why)


def _data_folder(folder: Path) -> Finding:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(
            f"Data folder {folder}: cannot be written ({error.strerror})",
            "let the user that Stash runs as write there, or make room; until then no edit is kept",
        )
    return Finding(f"Data folder: {folder} can be written")


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

"""Whether Stash and Plex mean the same files, and the path map that would make them."""

from collections.abc import Callable, Iterator

from doctor.finding import Finding
from domain.scene import Scene
from plex.path_rules import Proposal
from stash.client import StashClient
from validation.config import Stash2PlexConfig

PAGE = 1000  # scenes that Stash is asked for at once


def all_scenes(stash: StashClient, on_progress: Callable[[float], None]) -> Iterator[Scene]:
    """Yield every scene that has a file."""
    total, seen = stash.count_scenes(), 0
    after: int | None = 0
    while after is not None:
        page, after = stash.walk(after=after, limit=PAGE)
        yield from (one for one in page.values() if isinstance(one, Scene) and one.files)
        seen += len(page)
        on_progress(min(1.0, seen / max(total, 1)))


def look_at_paths(
    proposal: Proposal, examples: tuple[str, str], config: Stash2PlexConfig
) -> Iterator[Finding]:
    """Yield how many files meet, and the line for the setting that would make more of them meet.

    Args:
        examples: a path of Stash and one of Plex.
    """
    total, before, after = proposal.total, proposal.matched_before, proposal.matched_after
    if not total:
        yield Finding("Paths: Stash has no scene with a file yet")
        return
    yield Finding(f"Paths: {before} of {total} files are known to Plex under the same path")
    if proposal.setting:
        yield Finding(
            f"Paths: {after} of {total} files would meet with another path map",
            f"enter as Path map: {proposal.setting}",
        )
        if config.obfuscate_paths:
            yield Finding("Paths: hidden in the log", "turn Hide paths in logs off to read them")
    elif not before:
        yield Finding(
            f"Paths: no file of Stash is in Plex; Stash has {examples[0]}, Plex has {examples[1]}",
            "add the folder to a Plex library, or name the right library under Plex libraries",
        )

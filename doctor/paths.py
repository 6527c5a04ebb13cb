"""Whether Stash and Plex mean the same files, and the path map that would make them."""

from collections.abc import Iterator, Sequence

from doctor.finding import Finding
from plex.path_rules import Proposal
from plex.paths import SizedPath

TO_SEE = "turn Hide paths in logs off and press Check Setup again to see it"


def look_at_paths(
    proposal: Proposal,
    files: Sequence[SizedPath],
    theirs: Sequence[SizedPath],
    *,
    hides_paths: bool,
) -> Iterator[Finding]:
    """Yield how many files meet, and the line for the setting that would make more of them meet.

    Args:
        files: Stash's.
        theirs: Plex's.
    """
    total, before = proposal.total, proposal.matched_before
    if not total:
        yield Finding("Paths: Stash has no scene with a file yet")
        return
    yield Finding(f"Paths: {before} of {total} files are known to Plex under the same path")
    if proposal.helps:
        yield Finding(
            f"Paths: {proposal.matched_after} of {total} files would meet with another path map",
            _to_enter(proposal.setting, hides_paths=hides_paths),
        )
    elif theirs and not before:
        example = "" if hides_paths else f"; Stash has {files[0][0]}, Plex has {theirs[0][0]}"
        yield Finding(
            f"Paths: no file of Stash is in Plex{example}",
            "add its folder to a Plex library, or name the right library under Plex libraries",
        )


def _to_enter(setting: str, *, hides_paths: bool) -> str:
    if not setting:
        return "empty the setting Path map"
    if hides_paths:
        return f"the line is hidden as all paths are: {TO_SEE}"
    return f"enter as Path map: {setting}"

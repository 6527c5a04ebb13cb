"""What became of a job: a value, not an exception."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Synced:
    """Plex shows what Stash says.

    Attributes:
        changed: names of the fields and images that were written; empty if nothing had to be.
    """

    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing is to be done, and nothing is wrong.

    Attributes:
        why: for the log: no metadata, item belongs to another scene.
    """

    why: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The scene is no longer in Stash; its jobs and its memory go too, Plex is left alone."""


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a sync would write was logged; due again when the user ends the preview.

    Attributes:
        what: names of fields and images that would be written, or why none would be.
    """

    what: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not now.

    Attributes:
        until: Unix seconds before which nobody takes the job; 0 = at once.
        why: for the log and the status.
        cause: the error's class name.
        counted: whether this used up one of the job's attempts.
        missed: whether Plex had no item for it.
    """

    until: float
    why: str
    cause: str
    counted: bool
    missed: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """Not in Plex, and asked often enough: waits until Plex shows the file or Stash edits it.

    Attributes:
        base_names: of the scene's files, normalised as the index does.
    """

    base_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Buried:
    """Given up; stands among the dead letters until the user or an edit revives it.

    Attributes:
        reason: one sentence that names the thing and the next step.
        cause: the error's class name.
        attempts: how many were made.
    """

    reason: str
    cause: str
    attempts: int


Outcome = Synced | Skipped | Gone | Previewed | Waiting | Parked | Buried

"""What can go wrong, sorted by what we do about it.

    Stash2PlexError
      UserError             only the user can mend it      -> the drain stops and says how
        BadSettings           a setting without which nothing can be done
        UnknownMode           a task that this version does not know
        PlexRefused           Plex refuses the token, or forbids it to write
        NewerDatabase         the queue was written by a newer version
        NotInstalled          a required package is missing or too old
      StashUnavailable      Stash fails or does not answer -> the drain waits; nothing is counted
        StashRefused        Stash refuses our credentials  -> the background ends; a hook brings new
      TransientError        may work later                 -> the job waits; an attempt is counted
        PlexTemporaryError  this item fails, Plex answers
        PlexNotFound        no item has the file yet       -> waits longer, then parked
      PlexServerDown        Plex does not answer at all    -> the drain stops; nothing is counted
      PermanentError        will never work                -> the job is buried with the reason
        AmbiguousMatch      several files in Plex could be the scene's
        PlexBadRequest      Plex answers that it will never do this
        UnreadableScene     what Stash says of the scene makes no sense
      QueueBusy             another process holds the queue -> try again in a moment
      QueueUnusable         the queue cannot be read or written -> set aside, or the user makes room

This module imports nothing, so that every module may import it.
"""


class Stash2PlexError(Exception):
    """Foreseen: the message names the thing and the next step, and holds no secret."""


class UserError(Stash2PlexError):
    """Only the user can mend it; the drain stops and says how."""


class BadSettings(UserError):
    """A setting without which nothing can be done is missing or malformed."""


class UnknownMode(UserError):
    """The task that was asked for does not exist."""


class PlexRefused(UserError):
    """Plex refuses the token or forbids it to write."""


class NewerDatabase(UserError):
    """The queue's database was written by a newer version of the plugin."""


class NotInstalled(UserError):
    """A package the plugin needs is missing or too old."""


class StashUnavailable(Stash2PlexError):
    """Stash fails or does not answer; whoever asked waits, nothing is counted."""


class StashRefused(StashUnavailable):
    """Stash refuses our credentials; only a new invocation brings others."""


class TransientError(Stash2PlexError):
    """May work later; the job waits and an attempt is counted.

    Attributes:
        retry_after: seconds the server asked us to wait; None if it did not say.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class PlexTemporaryError(TransientError):
    """This item fails although Plex answers."""


class PlexNotFound(TransientError):
    """Plex has no item for the scene's file, or the item is gone."""


class PlexServerDown(Stash2PlexError):
    """Plex serves nobody; the drain stops and nothing is counted.

    Attributes:
        answered: whether something came back, such as a 503 while Plex starts.
    """

    def __init__(self, message: str, *, answered: bool = False) -> None:
        super().__init__(message)
        self.answered = answered


class PermanentError(Stash2PlexError):
    """Will never work as it is; the job is buried with the reason."""


class AmbiguousMatch(PermanentError):
    """Several files in Plex could be the scene's, and nothing tells them apart."""


class PlexBadRequest(PermanentError):
    """Plex understands the request and refuses it for good, whoever asks."""


class UnreadableScene(PermanentError):
    """What Stash says of the scene makes no sense."""


class QueueBusy(Stash2PlexError):
    """Another process holds the queue's lock."""


class QueueUnusable(Stash2PlexError):
    """The queue's database cannot be read or written."""

"""Errors are sorted by what we do next, and the list that says so is the truth."""

import inspect

import pytest

from domain import errors
from domain.errors import (
    PermanentError,
    PlexNotFound,
    PlexServerDown,
    PlexTemporaryError,
    QueueBusy,
    QueueUnusable,
    Stash2PlexError,
    StashRefused,
    StashUnavailable,
    TransientError,
    UserError,
)

CLASSES: dict[str, type[Exception]] = {
    name: found
    for name, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, Stash2PlexError)
}


def test_the_table_of_errors_shows_every_class_below_its_parent() -> None:
    """Indentation is descent: what stands further to the right descends from what is above."""
    above: dict[int, str] = {}
    told = {}
    for line in inspect.cleandoc(errors.__doc__ or "").splitlines():
        name = line.split()[0] if line.strip() else ""
        if name not in CLASSES:
            continue
        depth = len(line) - len(line.lstrip())
        parents = [above[d] for d in above if d < depth]
        told[name] = parents[-1] if parents else "Exception"
        above = {d: n for d, n in above.items() if d < depth} | {depth: name}

    assert told == {name: found.__bases__[0].__name__ for name, found in CLASSES.items()}


@pytest.mark.parametrize("outage", [PlexServerDown, StashUnavailable, QueueBusy, QueueUnusable])
@pytest.mark.parametrize("counted", [TransientError, PermanentError, UserError])
def test_an_outage_is_never_taken_for_a_jobs_failure_or_the_users(
    outage: type[Stash2PlexError], counted: type[Stash2PlexError]
) -> None:
    assert not issubclass(outage, counted)
    assert not issubclass(counted, outage)


def test_stash_refusing_us_is_stash_failing() -> None:
    assert issubclass(StashRefused, StashUnavailable)


@pytest.mark.parametrize("kind", [TransientError, PlexTemporaryError, PlexNotFound])
def test_a_server_may_ask_us_to_wait(kind: type[TransientError]) -> None:
    assert kind("busy", retry_after=30.0).retry_after == 30.0
    assert kind("busy").retry_after is None


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_an_errors_message_is_what_the_user_reads(name: str) -> None:
    assert str(CLASSES[name]("Plex refused the token: check plex_token")) == (
        "Plex refused the token: check plex_token"
    )

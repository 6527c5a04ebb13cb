"""Stash and Plex, from the outside in: each link, and what to do about the one that is broken."""

from collections.abc import Generator, Iterator, Sequence
from urllib.parse import urlsplit

from doctor.finding import Finding
from domain.errors import (
    BadSettings,
    PlexRefused,
    PlexServerDown,
    Stash2PlexError,
    TransientError,
)
from domain.plex_item import Section
from plex.client import PlexClient
from validation.config import Stash2PlexConfig
from worker.libraries import KIND

PATIENCE = 5.0  # seconds for Plex to tell its name

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def reach_plex(
    plex: PlexClient, config: Stash2PlexConfig
) -> Generator[Finding, None, tuple[Section, ...]]:
    """Yield what is to be said of address and token, up to the first link that is broken.

    Returns:
        Plex's libraries, of whatever kind; none if it does not show them.
    """
    try:
        yield Finding(f"Plex: answers after {plex.latency(PATIENCE):.0f} ms")
    except (BadSettings, PlexServerDown) as error:
        yield Finding(f"Plex: not reachable at {config.plex_url} ({error})", _address(config))
        return ()
    try:
        libraries = plex.sections()
    except PlexRefused:
        yield Finding(
            "Token: Plex refuses it",
            "enter the X-Plex-Token of the server's owner as Plex token; tokens end when a "
            "password is changed",
        )
        return ()
    except (PlexServerDown, TransientError) as error:
        yield Finding(f"Plex: answers, but serves nothing yet ({error})", "wait a few minutes")
        return ()
    except Stash2PlexError as error:
        yield Finding(f"Plex: does not show its libraries ({error})", "restart Plex")
        return ()
    if plex.is_owners():
        yield Finding("Token: accepted, and allowed to write")
    else:
        yield Finding(
            "Token: accepted, but not allowed to write",
            "it belongs to somebody the server is shared with: use the token of its owner",
        )
    return libraries


def _address(config: Stash2PlexConfig) -> str:
    advice = "start Plex, and check host and port of Plex address (Plex's port is 32400)"
    if urlsplit(config.plex_url).hostname in LOOPBACK:
        advice += (
            "; localhost is the machine or container that Stash runs in: if Plex runs in another, "
            "enter that one's address"
        )
    return advice


def look_at_libraries(libraries: Sequence[Section], config: Stash2PlexConfig) -> Iterator[Finding]:
    """Yield a line per name that leads to no library, and one if there is none at all."""
    if not libraries:
        return  # it was said why
    by_title = {library.title.casefold(): library for library in libraries}
    there = ", ".join(library.title for library in libraries if library.kind == KIND)
    choice = f"choose among: {there}" if there else "make a library of type Movies or Other Videos"
    for name in config.plex_library:
        library = by_title.get(name.casefold())
        if library is None:
            yield Finding(f"Library {name}: Plex has none of that name", choice)
        elif library.kind != KIND:
            yield Finding(f"Library {name}: holds no videos but is of type {library.kind}", choice)
    if not there:
        yield Finding("Libraries: Plex has none that holds videos", choice)


def ours(libraries: Sequence[Section], config: Stash2PlexConfig) -> tuple[Section, ...]:
    """Those that would be synced."""
    names = {name.casefold() for name in config.plex_library}
    return tuple(
        library
        for library in libraries
        if library.kind == KIND and (not names or library.title.casefold() in names)
    )


def look_at_library(library: Section, items: int) -> Finding:
    """Say how many items a library of ours has."""
    what = f"Library {library.title}: {items} items in {', '.join(library.locations)}"
    if library.scanning:
        what += "; it is being scanned, so some may be missing yet"
    if items or library.scanning:
        return Finding(what)
    return Finding(what, "let Plex scan it, and check that Plex may read that folder")

"""Stash and Plex, from the outside in: each link, and what to do about the one that is broken."""

from collections.abc import Generator, Iterator, Sequence
from urllib.parse import urlsplit

from doctor.finding import Finding
from domain.errors import PlexRefused, PlexServerDown, Stash2PlexError, TransientError
from domain.plex_item import Section
from plex.client import PlexClient
from validation.config import Stash2PlexConfig
from worker.libraries import KIND

PATIENCE = 5.0  # seconds for Plex to tell its name

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def reach_plex(
    plex: PlexClient, config: Stash2PlexConfig
) -> Generator[Finding, None, tuple[Section, ...] | None]:
    """Yield what is to be said of address and token, up to the first link that is broken.

    Returns:
        Plex's libraries, of whatever kind; None if they are out of reach.

    Raises:
        PlexServerDown, UserError: Plex has gone while it was looked at.
    """
    address = _without_login(config.plex_url)
    try:
        latency = plex.latency(PATIENCE)
    except PlexServerDown as error:
        if error.answered:
            yield _is_starting(error)
        else:
            yield Finding(f"Plex: not reachable at {address} ({error})", _address(config))
        return None
    except PlexRefused:  # no Plex asks who wants to know its name
        remedy = "enter the address of Plex itself, not of something that asks for a login first"
        yield Finding(f"Plex: what answers at {address} asks for a login", remedy)
        return None
    except Stash2PlexError as error:
        yield Finding(f"Plex: not reachable at {address} ({error})", _address(config))
        return None
    yield Finding(f"Plex: answers at {address} after {latency:.0f} ms")
    return (yield from _show_token(plex))


def _show_token(plex: PlexClient) -> Generator[Finding, None, tuple[Section, ...] | None]:
    try:
        libraries = plex.sections()
    except PlexRefused:
        yield Finding(
            "Token: Plex refuses it",
            "enter the X-Plex-Token of the server's owner as Plex token; tokens end when a "
            "password is changed",
        )
        return None
    except (PlexServerDown, TransientError) as error:
        yield _is_starting(error)
        return None
    except Stash2PlexError as error:
        yield Finding("Plex: does not show its libraries", str(error))
        return None
    yield _owner(plex)
    return libraries


def _owner(plex: PlexClient) -> Finding:
    try:
        if plex.is_owners():
            return Finding("Token: accepted, and allowed to write")
    except TransientError as error:
        return Finding(f"Token: accepted; whether it may write cannot be told now ({error})")
    return Finding(
        "Token: accepted, but not allowed to write",
        "it belongs to somebody the server is shared with: use the token of its owner",
    )


def _is_starting(error: Exception) -> Finding:
    return Finding(
        f"Plex: answers, but serves nothing yet ({error})",
        "wait a few minutes; if that stays, check that the port of Plex address is Plex's",
    )


def _without_login(url: str) -> str:
    """Return an address without the user and password that it may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _address(config: Stash2PlexConfig) -> str:
    parts = urlsplit(config.plex_url)
    advice = "start Plex, and check host and port of Plex address (Plex's port is 32400)"
    if parts.scheme == "https":
        advice += "; in your own network, try http:// instead of https://"
    if parts.hostname in LOOPBACK:
        advice += (
            "; localhost is the machine or container that Stash runs in: if Plex runs in another, "
            "enter that one's address"
        )
    return advice


def look_at_libraries(libraries: Sequence[Section], config: Stash2PlexConfig) -> Iterator[Finding]:
    """Yield a line per name that leads to no library, and one if there is none at all."""
    there = ", ".join(dict.fromkeys(one.title for one in libraries if one.kind == KIND))
    make = "make a library of type Movies or Other Videos in Plex"
    choice = f"enter under Plex libraries some of: {there}" if there else make
    for name in config.plex_library:
        # Plex lets two libraries have one title.
        kinds = [one.kind for one in libraries if one.title.casefold() == name.casefold()]
        if not kinds:
            yield Finding(f"Library {name}: Plex has none of that name", choice)
        elif KIND not in kinds:
            yield Finding(f"Library {name}: holds no videos but is of type {kinds[0]}", choice)
    if not there:
        yield Finding("Libraries: Plex has none that holds videos", make)


def look_at_library(library: Section, items: int, *, listed: bool, hides_paths: bool) -> Finding:
    """Say how many items a library of ours has.

    Args:
        listed: whether Plex has shown it from end to end.
    """
    what = f"Library {library.title}: {items} items"
    if not hides_paths:
        what += f" in {', '.join(library.locations)}"
    if library.scanning:
        return Finding(f"{what}; it is being scanned, so some may be missing yet")
    if not listed:
        return Finding(
            f"{what}, but Plex does not show it to the end",
            "press Check Setup again; if that stays, let Plex optimize its database",
        )
    if not items:
        return Finding(what, "let Plex scan it, and check that Plex may read that folder")
    return Finding(what)

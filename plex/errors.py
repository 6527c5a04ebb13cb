"""The one place where what requests, plexapi and Plex say becomes one of our errors.

plexapi puts the status only into a text that holds the whole URL with every value, raises one
class for 400 and 503, and fails on statuses that requests has no name for (plexapi/server.py,
``PlexServer.query``). So the status is taken from the response before plexapi sees it, and no
foreign text is passed on.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

import requests
from requests.exceptions import InvalidSchema, InvalidURL, MissingSchema
from urllib3.exceptions import HTTPError

from domain.errors import (
    BadSettings,
    PermanentError,
    PlexBadRequest,
    PlexNotFound,
    PlexRefused,
    PlexServerDown,
)

_UNDERSTOOD = (200, 201, 204)  # what plexapi reads on after


class Unconfirmed(Exception):
    """A failure that one more request must explain: is it the item, or all of Plex?

    Attributes:
        retry_after: seconds Plex asked us to wait; None if it did not say.
        answered: whether it said something, if only a status.
    """

    def __init__(
        self, message: str, *, retry_after: float | None = None, answered: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.answered = answered


class _Refused(Exception):
    """Plex answered with a status that is no success."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.status = response.status_code
        wait = response.headers.get("Retry-After", "")
        self.retry_after = float(wait) if wait.isascii() and wait.isdigit() else None


def check_answer(response: requests.Response, *_: object, **__: object) -> None:
    """Stop at a status that is no success, and read the body as what it is.

    A response hook of the session. requests takes text without a charset for ISO-8859-1;
    Plex writes UTF-8.
    """
    if response.status_code not in _UNDERSTOOD:
        raise _Refused(response)
    if "charset" not in response.headers.get("Content-Type", ""):
        response.encoding = "utf-8"


@contextmanager
def in_our_words(doing: str) -> Iterator[None]:
    """Translate what goes wrong when *doing* something, such as "reading a library".

    The causes are not chained: their texts hold the URL, and in it what the user wrote.

    Raises:
        Unconfirmed: no answer, 408, 429, 5xx, or an answer that is not Plex's.
        PlexRefused, BadSettings, PlexNotFound, PlexBadRequest: as in domain/errors.py.
    """
    try:
        yield
    except _Refused as refused:
        raise _by_status(refused, doing) from None
    except (InvalidURL, InvalidSchema, MissingSchema):
        raise BadSettings(
            "plex_url is no address of a server: write it like http://192.168.1.5:32400"
        ) from None
    except (ParseError, LookupError, ValueError):  # the last two: encodings nobody knows
        raise Unconfirmed(f"the answer was not Plex's, or cut off, when {doing}") from None
    except requests.Timeout:
        raise Unconfirmed(f"Plex did not answer in time when {doing}") from None
    except (OSError, HTTPError) as error:  # what requests raises is an OSError
        raise _by_cause(error, doing) from None


@contextmanager
def of_all_of_plex(doing: str) -> Iterator[None]:
    """Translate the failure of a request that any Plex can answer.

    Raises:
        PlexServerDown, PlexRefused, BadSettings.
    """
    try:
        with in_our_words(doing):
            yield
    except Unconfirmed as trouble:
        raise PlexServerDown(str(trouble), answered=trouble.answered) from None
    except (PlexNotFound, PermanentError):
        raise BadSettings("what answers at plex_url is not Plex: check plex_url") from None


def _by_status(refused: _Refused, doing: str) -> Exception:
    status = refused.status
    if status in (401, 498):  # 498: a token of the kind that lives 7 days
        return PlexRefused(f"Plex refused the token when {doing}: check plex_token")
    if status == 403:
        return PlexRefused(f"Plex forbids this token {doing}: use the owner's token")
    if status == 404:
        return PlexNotFound(f"Plex has no such thing when {doing}")
    if 300 <= status < 400:
        return BadSettings("plex_url leads to a redirect instead of Plex: check plex_url")
    if status in (408, 429) or status >= 500:
        return Unconfirmed(
            f"Plex answered {status} when {doing}", retry_after=refused.retry_after, answered=True
        )
    return PlexBadRequest(f"Plex answered {status}, a refusal for good, when {doing}")


def _by_cause(error: BaseException, doing: str) -> Exception:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return BadSettings(
                "Plex's certificate does not belong to plex_url: use http:// in your own network,"
                " or the server's plex.direct name"
            )
        cause = cause.__cause__ or cause.__context__
    return Unconfirmed(f"no complete answer from Plex when {doing}")

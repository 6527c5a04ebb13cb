"""How we talk to Stash, and every way in which it may fail to answer.

stashapi is the client, at the level of its GQLWrapper: the constructor of StashInterface above
it asks three things without a timeout, one of them the whole schema.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from stashapi.classes import GQLWrapper
from urllib3.exceptions import LocationParseError

from domain.clock import SystemClock
from domain.errors import StashRefused, StashUnavailable, UserError
from stash.connection import Connection
from transport.session import bounded_session
from validation.text import one_line


class Unsupported(UserError):
    """Stash's schema lacks something that we asked for."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One of the errors in an answer.

    Attributes:
        message: on one line, cut.
        field: the first name of its path, which is the alias of a lookup; "" if it concerns
            the query as a whole.
    """

    message: str
    field: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stash answered to a query.

    Attributes:
        data: by field; what a failure concerns is null, or lacks parts.
        failures: empty if all went well.
        now: Stash's clock, Unix seconds.
    """

    data: Mapping[str, Any]
    failures: tuple[Failure, ...]
    now: float


class Wire(GQLWrapper):  # type: ignore[misc]  # stashapi is not typed
    """A connection to one Stash; every failure of it comes out in our words."""

    def __init__(self, connection: Connection, *, connect: float, read: float) -> None:
        super().__init__()
        session = bounded_session(connect=connect, read=read, verify=connection.verify)
        session.headers.update(self.s.headers)
        # requests would keep the first cookie and send both: Stash reads the first, which
        # expires. There is one, and it is replaced by each that Stash answers with.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.hooks["response"].append(self._keep_cookie)
        self.cookie = connection.cookie
        if connection.api_key:
            session.headers["ApiKey"] = connection.api_key
        if connection.cookie:
            session.headers["Cookie"] = f"session={connection.cookie}"
        self.s: requests.Session = session
        self.url = f"{connection.base_url}/graphql"
        self._base_url = connection.base_url
        self.fragments: dict[str, str] = {}

    def ask(self, doing: str, query: str, variables: dict[str, Any]) -> Answer:
        """Ask a query; failures of single fields are left to the caller.

        Raises:
            Unsupported: the schema lacks a field.
            StashRefused: our credentials are not accepted.
            StashUnavailable: any other failure.
        """
        with in_our_words(doing):
            return _answer(self.call_GQL(query, variables), doing)

    def ask_all(self, doing: str, query: str, variables: dict[str, Any]) -> Answer:
        """Ask a query of which every part must succeed; raises what *ask* does."""
        answer = self.ask(doing, query, variables)
        if answer.failures:
            raise StashUnavailable(f"Stash failed while {doing}: {answer.failures[0].message}")
        return answer

    @contextmanager
    def get(self, doing: str, path: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        """Fetch what is at *path*; the body is not read yet. Raises what *ask* does."""
        with (
            in_our_words(doing),
            self.s.get(self._base_url + path, headers=headers, stream=True) as response,
        ):
            _refuse(response, doing)
            yield response

    def _handle_GQL_response(self, response: requests.Response) -> requests.Response:
        # stashapi would log failures on its own, and pass over those of single fields.
        return response

    def _keep_cookie(self, response: requests.Response, **_options: object) -> None:
        if cookie := response.cookies.get("session"):
            self.cookie = cookie
            self.s.headers["Cookie"] = f"session={cookie}"


@contextmanager
def in_our_words(doing: str) -> Iterator[None]:
    """Translate what requests raises while *doing* something."""
    try:
        yield
    except requests.Timeout as error:
        raise StashUnavailable(f"Stash did not answer in time while {doing}") from error
    except (requests.RequestException, LocationParseError) as error:  # the latter: no host at all
        kind = type(error).__name__
        raise StashUnavailable(f"no answer from Stash while {doing} ({kind})") from error


def _refuse(response: requests.Response, doing: str) -> None:
    status = response.status_code
    if status in (401, 403):
        raise StashRefused(f"Stash refused the session: it answered {status} while {doing}")
    if response.is_redirect and "/login" in response.headers["Location"]:
        raise StashRefused(f"Stash refused the session: it asked for a login while {doing}")


def _answer(response: requests.Response, doing: str) -> Answer:
    _refuse(response, doing)
    document = _document(response)
    failures = tuple(_failures(document))
    # v0.29 and later answer 400 to some Accept headers where others get 422.
    if response.status_code in (400, 422) and failures:
        raise Unsupported(
            "Stash does not understand our query: Stash2Plex needs Stash v0.26 or later "
            f"({failures[0].message})"
        )
    data = document.get("data")
    if response.status_code != 200 or not isinstance(data, Mapping):
        why = failures[0].message if failures else f"it answered {response.status_code}, no data"
        raise StashUnavailable(f"Stash failed while {doing}: {why}")
    for failure in failures:
        if not failure.field or "database is locked" in failure.message:
            raise StashUnavailable(f"Stash failed while {doing}: {failure.message}")
    return Answer(data, failures, _now(response))


def _document(response: requests.Response) -> Mapping[str, Any]:
    try:
        # A file name that is not UTF-8 must not cost the scenes beside it.
        document = json.loads(response.content.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return document if isinstance(document, Mapping) else {}


def _failures(document: Mapping[str, Any]) -> Iterator[Failure]:
    errors = document.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, Mapping):
            path = error.get("path")
            field = str(path[0]) if isinstance(path, list) and path else ""
            yield Failure(one_line(str(error.get("message")))[:300], field)


def _now(response: requests.Response) -> float:
    try:
        return parsedate_to_datetime(response.headers["Date"]).timestamp()
    except (KeyError, ValueError):
        return SystemClock().now()  # the same machine, as a rule

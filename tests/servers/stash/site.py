"""What Stash answers to a request in fine weather: the door, the routes, the bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote_plus

from .executor import Executor, Question, ReadOnly, Refused, refusal
from .fields import Context
from .images import find_image, serve
from .library import Library
from .reply import Kind, Reply, Request, page, plain
from .sessions import Door
from .version import Version
from .weather import FAILURES, Weather

_JSON = "application/json"
_NEW_JSON = "application/graphql-response+json"
_IMAGE = re.compile(
    r"/(scene/[^/]+/screenshot|(performer|studio|tag)/[^/]+/image"
    r"|(group|movie)/[^/]+/(front|back)image)/?"
)
_OPEN = re.compile(r"/login|/logout$|/css$|/assets")


def kind_of(path: str) -> Kind:
    """Return how a path is counted."""
    if path == "/graphql":
        return "graphql"
    return "image" if _IMAGE.fullmatch(path) else "other"


class Site:
    """Answers requests. ``external_host`` is Stash's setting: URLs in results begin with it."""

    def __init__(self, library: Library, door: Door, executor: Executor, version: Version):
        self._library = library
        self._door = door
        self._executor = executor
        self._version = version
        self.external_host = ""

    def describe(self, request: Request, body: bytes) -> None:
        """Note what a GraphQL request asks for."""
        if request.kind != "graphql":
            return
        try:
            asked = json.loads(body) if request.method == "POST" else request.query
        except ValueError:
            return
        if isinstance(asked, dict):
            request.text = str(asked.get("query") or "")
            variables = asked.get("variables") or {}
            request.variables = variables if isinstance(variables, dict) else {}
            request.operation = self._executor.first_field(request.text)

    def answer(self, request: Request, body: bytes, weather: Weather = "fine") -> Reply:
        """Return the answer; *weather* may make resolvers fail."""
        if request.path.lower() == "/healthz" and request.method in ("GET", "HEAD"):
            return Reply(200, b".", "text/plain")
        visitor = self._door.admit(request.headers, request.query)
        if visitor.refused:
            return _unauthorised()
        if self._door.is_locked and not visitor.user and not _OPEN.match(request.path):
            return _turned_away(request)
        reply = self._route(request, body, weather)
        if not visitor.set_cookie:
            return reply
        headers = (("Set-Cookie", visitor.set_cookie), *reply.headers)
        return Reply(reply.status, reply.body, reply.content_type, headers)

    def _route(self, request: Request, body: bytes, weather: Weather) -> Reply:
        if request.kind == "graphql":
            return self._graphql(request, body, weather)
        if request.path == "/login":
            return self._login(request, body)
        if request.kind == "image":
            return self._image(request)
        if re.match(r"/(scene|performer|studio|tag|group|movie)/", request.path):
            return plain(404, "404 page not found")
        # Every path without an extension is the single-page application.
        if "." in request.path.rpartition("/")[2]:
            return plain(404, "404 page not found")
        return page(200, "Stash")

    def _image(self, request: Request) -> Reply:
        if request.method != "GET":
            return Reply(405, headers=(("Allow", "GET"),))
        found = find_image(self._library, request.path, request.query)
        if isinstance(found, Reply):
            return found
        return serve(found, request.query, request.headers)

    def _login(self, request: Request, body: bytes) -> Reply:
        back = request.query.get("returnURL") or "/"
        if request.method != "POST":
            return page(200, "Login") if self._door.is_locked else _redirect(back)
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        given = (form.get("username"), form.get("password"))
        right = given == (self._door.username, self._door.password)
        cookie = (("Set-Cookie", self._door.set_cookie()),) if right else ()
        if self._version.negotiates_type:  # v0.29 also changed the answers of the login form
            return (
                Reply(200, headers=cookie)
                if right
                else plain(401, "Username or password is invalid")
            )
        return _redirect(back, cookie) if right else page(200, "Login")

    def _graphql(self, request: Request, body: bytes, weather: Weather) -> Reply:
        try:
            question = _question(request, body, FAILURES.get(str(weather), ""))
        except _Undecodable as error:
            return self._json(request, error.status, refusal([{"message": error.message}]))
        try:
            return self._json(request, 200, self._executor.answer(question, self._context(request)))
        except ReadOnly:
            errors = [{"message": "GET requests only allow query operations"}]
            return self._json(request, 406, refusal(errors))
        except Refused as refused:
            status = 400 if self._type_for(request) == _NEW_JSON else 422
            return self._json(request, status, refusal(refused.errors))

    def _json(self, request: Request, status: int, body: bytes) -> Reply:
        return Reply(status, body, self._type_for(request), (("Cache-Control", "no-store"),))

    def _type_for(self, request: Request) -> str:
        accept = request.headers.get("Accept", "")
        if not self._version.negotiates_type or not accept:
            return _JSON
        for part in accept.split(","):
            media_type = part.partition(";")[0].strip().lower()
            if media_type == _JSON:
                return _JSON
            if media_type in ("*/*", "application/*", _NEW_JSON):
                return _NEW_JSON
        return _NEW_JSON

    def _context(self, request: Request) -> Context:
        forwarded = request.headers.get("X-Forwarded-Proto") == "https"
        prefix = request.headers.get("X-Forwarded-Prefix", "").rstrip("/")
        host = f"http{'s' if forwarded else ''}://{request.headers.get('Host', '')}"
        base = (self.external_host or host) + prefix
        return Context(self._library, base, self._door.configured_key)


class _Undecodable(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message


def _question(request: Request, body: bytes, failure: str) -> Question:
    if request.method == "GET":
        return _question_in_url(request, failure)
    content_type = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if request.method != "POST" or content_type != _JSON:
        raise _Undecodable(400, "transport not supported")
    try:
        # Go's decoder stops after the first value.
        asked, _ = json.JSONDecoder().raw_decode(body.decode("utf-8", "replace").lstrip())
        return _asked(asked, failure)
    except (ValueError, TypeError) as error:
        shown = body.decode("utf-8", "replace")
        message = f"json request body could not be decoded: {error} body:{shown}"
        raise _Undecodable(400, message) from None


def _question_in_url(request: Request, failure: str) -> Question:
    try:
        variables = json.loads(request.query.get("variables") or "{}")
    except ValueError:
        raise _Undecodable(400, "variables could not be decoded") from None
    name = request.query.get("operationName", "")
    return Question(request.query.get("query", ""), variables, name, failure, read_only=True)


def _asked(asked: Mapping[str, Any], failure: str) -> Question:
    if not isinstance(asked, dict):
        raise TypeError("json: cannot unmarshal into Go value of type graphql.RawParams")
    variables = asked.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise TypeError("json: cannot unmarshal variables into Go struct field")
    text, name = asked.get("query") or "", asked.get("operationName") or ""
    return Question(str(text), variables, str(name), failure)


def parse_query(text: str) -> dict[str, str]:
    """Return a URL's parameters, of a repeated one the first."""
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def _unauthorised() -> Reply:
    return Reply(401, headers=(("WWW-Authenticate", "FormBased"),))


def _turned_away(request: Request) -> Reply:
    extension = re.search(r"\.[^./]*$", request.path)
    if request.kind == "graphql" or (extension and extension[0] != ".html"):
        return _unauthorised()
    query = "&".join(
        f"{quote_plus(name)}={quote_plus(value)}" for name, value in request.query.items()
    )
    back = request.path + (f"?{query}" if query else "")
    return _redirect(f"/login?returnURL={quote_plus(back)}")


def _redirect(target: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    body = f'<a href="{target}">Found</a>.\n\n'.encode()
    return Reply(302, body, "text/html; charset=utf-8", (("Location", target), *headers))

"""What we read from Stash."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import (
    PermanentError,
    StashRefused,
    StashUnavailable,
    TransientError,
    UnreadableScene,
)
from domain.job import JobKey, SceneId
from domain.scene import Scene
from stash import queries
from stash.connection import Connection
from stash.images import Cover, NotModified, read_picture
from stash.wire import Answer, Unsupported, Wire
from validation.scene import parse_scene

Found = Scene | PermanentError | TransientError
"""A scene, or why Stash's answer about it is of no use. Errors are values here, so that one
scene does not fail the others: PermanentError if the document makes no sense, TransientError
if Stash failed to read this scene although it reads others."""

BATCH = 100
"""How many scenes are looked up in one request at most."""


class Unreadable(Exception):
    """A page of scenes of which one at least cannot be read."""


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """What a run begins with.

    Attributes:
        version: as Stash prints it; "" for some builds.
        settings: of this plugin, as stored: only those that were ever touched.
        now: Stash's clock, Unix seconds.
    """

    version: str
    settings: dict[str, object]
    now: float


class StashClient:
    """One Stash, over one connection that is kept alive.

    Every method raises:
        StashRefused: Stash does not accept our credentials.
        StashUnavailable: it failed, or did not answer in time.
        UserError: it is too old.
    """

    def __init__(
        self, connection: Connection, *, connect_timeout: float = 5.0, read_timeout: float = 30.0
    ) -> None:
        """Ask nothing yet; timeouts are in seconds."""
        self._wire = Wire(connection, connect=connect_timeout, read=read_timeout)
        self._groups = queries.GROUPS

    @property
    def cookie(self) -> str:
        """The freshest session that Stash gave us; "" for none."""
        return self._wire.cookie

    def start(self) -> ServerInfo:
        """Ask what a run has to know first, in one request."""
        doing = "reading the settings"
        answer = self._wire.ask_all(doing, queries.START, {"plugin": queries.PLUGIN_ID})
        try:
            version = answer.data["version"]["version"] or ""
            settings = answer.data["configuration"]["plugins"].get(queries.PLUGIN_ID) or {}
        except (AttributeError, KeyError, TypeError) as error:
            raise StashUnavailable(f"Stash's answer is incomplete while {doing}") from error
        return ServerInfo(version, settings, answer.now)

    def scenes(self, ids: Sequence[SceneId]) -> dict[SceneId, Found]:
        """Read up to 100 scenes in one request; those that Stash does not have are absent."""
        if not ids:
            return {}
        answer = self._look_up(ids)
        failed = {failure.field: failure.message for failure in answer.failures}
        if len(failed) == len(ids):
            self.scene_ids(limit=1)  # raises if it is Stash that fails and not the scenes
        found: dict[SceneId, Found] = {}
        for place, scene_id in enumerate(ids):
            alias = queries.alias(place)
            raw = answer.data.get(alias)
            if alias in failed:
                # Null, or lacking parts: neither proves that it is gone.
                why = f"scene {scene_id}: Stash cannot read it: {failed[alias]}"
                found[scene_id] = TransientError(why)
            elif raw is not None:
                found[scene_id] = _parsed(scene_id, raw)
        return found

    def scene_ids(self, *, after: int = 0, limit: int = 1000) -> tuple[SceneId, ...]:
        """List the *limit* lowest ids above *after*, ascending; fewer mean there are no more."""
        return tuple(scene_id for scene_id, _ in self._page(queries.page_filter(after), limit))

    def recent_scene_ids(
        self, *, since: float, after: int = 0, limit: int = 1000
    ) -> tuple[tuple[SceneId, ...], int | None]:
        """List the scenes updated at *since* (Unix seconds) or later, one page at a time.

        Returns:
            ids, ascending, possibly none although there are more pages, and what to pass as
            *after* for the next page: None at the end.
        """
        page = self._page(queries.page_filter(after, since), limit)
        # A scene whose time cannot be read counts as recent: looking at it is harmless.
        recent = tuple(scene_id for scene_id, at in page if at is None or at >= since)
        return recent, page[-1][0] if len(page) == limit else None

    def scenes_of(
        self, thing: JobKey, *, after: int = 0, limit: int = 1000
    ) -> tuple[dict[SceneId, Found], int | None] | None:
        """Read the scenes that have a tag, performer, studio or group, as *walk* does.

        Returns:
            None if Stash does not have it any more, or cannot say so.
        """
        doing = f"looking for the scenes of {thing}"
        try:
            answer = self._uses(doing, thing, queries.SCENE + self._groups, after, limit)
            whole = not answer.failures
            if not whole:  # one of them cannot be read, and with it none of the page
                answer = self._uses(doing, thing, "id", after, limit)
        except Unsupported:
            if self._groups == queries.MOVIES:
                raise
            self._groups = queries.MOVIES
            return self.scenes_of(thing, after=after, limit=limit)
        if answer.failures:
            self.scene_ids(limit=1)  # raises if it is Stash that fails and not the thing
            return None
        try:
            if answer.data["thing"] is None:
                return None
            raw = answer.data["findScenes"]["scenes"]
            ids = [SceneId(int(one["id"])) for one in raw]
        except (KeyError, TypeError, ValueError) as error:
            raise StashUnavailable(f"Stash's answer is incomplete while {doing}") from error
        unread = TransientError("one of the scenes that were asked for cannot be read")
        found: dict[SceneId, Found] = {
            key: _parsed(key, one) if whole else unread for key, one in zip(ids, raw, strict=True)
        }
        return found, ids[-1] if len(ids) == limit else None

    def _uses(self, doing: str, thing: JobKey, fields: str, after: int, limit: int) -> Answer:
        kind = "movie" if thing.kind == "group" and self._groups == queries.MOVIES else thing.kind
        query, variables = queries.uses(kind, thing.id, after, fields)
        return self._wire.ask(doing, query, variables | {"limit": limit})

    def count_scenes(self, *, since: float | None = None) -> int:
        """How many scenes there are, or about how many were updated at *since* or later."""
        doing, variables = "counting scenes", {"filter": queries.page_filter(0, since)}
        answer = self._wire.ask_all(doing, queries.COUNT, variables)
        try:
            return int(answer.data["findScenes"]["count"])
        except (KeyError, TypeError, ValueError) as error:
            raise StashUnavailable(f"Stash's answer is incomplete while {doing}") from error

    def walk(
        self, *, after: int = 0, limit: int = 1000, since: float | None = None
    ) -> tuple[dict[SceneId, Found], int | None]:
        """Read the scenes with the *limit* lowest ids above *after*, in one request.

        Args:
            since: Unix seconds; only scenes that were updated then or later.

        Returns:
            the scenes by id, ascending, and what to pass as *after* next: None at the end.
        """
        try:
            raw = self._walk(queries.page_filter(after, since), limit)
        except Unreadable:  # one of them fails, and with it the page
            page = self._page(queries.page_filter(after, since), limit)
            ids = [scene_id for scene_id, _ in page]
            found: dict[SceneId, Found] = {}
            for start in range(0, len(ids), BATCH):
                found.update(self.scenes(ids[start : start + BATCH]))
        else:
            ids = [SceneId(int(one["id"])) for one in raw]
            found = {
                scene_id: _parsed(scene_id, one) for scene_id, one in zip(ids, raw, strict=True)
            }
        if since is not None:
            found = {key: one for key, one in found.items() if _is_recent(one, since)}
        return found, ids[-1] if len(ids) == limit else None

    def cover(self, scene_id: SceneId, etag: str = "") -> Cover:
        """Fetch a scene's cover, unless it is still the one called *etag*."""
        doing = f"fetching the cover of scene {scene_id}"
        headers = {"Accept": "image/*"} | ({"If-None-Match": etag} if etag else {})
        # Its own URL may name a host that only browsers reach.
        with self._wire.get(doing, f"/scene/{scene_id}/screenshot", headers) as response:
            if response.status_code == 304:
                _ = response.content  # empty; once read, the connection can be used again
                return NotModified()
            if response.status_code != 200:
                # 404 does not mean "no cover": Stash says it too while its database is locked.
                raise StashUnavailable(f"Stash answered {response.status_code} while {doing}")
            if response.headers.get("Content-Type", "").startswith("text/html"):
                raise StashRefused(f"Stash refused the session: a page came while {doing}")
            return read_picture(response)

    def scene_titles(self, ids: Sequence[SceneId]) -> dict[SceneId, str]:
        """Return what to call scenes in a report; those that cannot be read are absent."""
        titles: dict[SceneId, str] = {}
        for start in range(0, len(ids), BATCH):
            batch = ids[start : start + BATCH]
            answer = self._wire.ask("reading titles", *queries.lookups(batch, queries.TITLE))
            for place, scene_id in enumerate(batch):
                if raw := answer.data.get(queries.alias(place)):
                    titles[scene_id] = _title(raw)
        return titles

    def close(self) -> None:
        """Close the connection."""
        self._wire.s.close()

    def _look_up(self, ids: Sequence[SceneId]) -> Answer:
        query, variables = queries.lookups(ids, queries.SCENE + self._groups)
        try:
            return self._wire.ask("reading scenes", query, variables)
        except Unsupported:
            if self._groups == queries.MOVIES:
                raise
            self._groups = queries.MOVIES
            return self._look_up(ids)

    def _walk(self, selected: dict[str, Any], limit: int) -> list[dict[str, Any]]:
        doing, variables = "reading scenes", {"filter": selected, "limit": limit}
        try:
            answer = self._wire.ask(doing, queries.walk(queries.SCENE + self._groups), variables)
        except Unsupported:
            if self._groups == queries.MOVIES:
                raise
            self._groups = queries.MOVIES
            return self._walk(selected, limit)
        except StashRefused:
            raise
        except StashUnavailable as error:  # or one scene has made the whole answer null
            raise Unreadable from error
        if answer.failures:
            raise Unreadable
        try:
            return [one for one in answer.data["findScenes"]["scenes"] if int(one["id"])]
        except (KeyError, TypeError, ValueError) as error:
            raise StashUnavailable(f"Stash's answer is incomplete while {doing}") from error

    def _page(self, selected: dict[str, Any], limit: int) -> list[tuple[SceneId, float | None]]:
        doing = "listing scenes"
        variables = {"filter": selected, "limit": limit}
        answer = self._wire.ask_all(doing, queries.PAGE, variables)
        try:
            scenes = answer.data["findScenes"]["scenes"]
            return [
                (SceneId(int(one["id"])), queries.seconds_of(one["updated_at"])) for one in scenes
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise StashUnavailable(f"Stash's answer is incomplete while {doing}") from error


def _is_recent(found: Found, since: float) -> bool:
    """Stash compares times as text, so it sends more than is wanted; what is no time is recent."""
    at = queries.seconds_of(found.updated_at) if isinstance(found, Scene) else None
    return at is None or at >= since


def _parsed(scene_id: SceneId, raw: object) -> Scene | PermanentError:
    if not isinstance(raw, dict):
        return UnreadableScene(f"scene {scene_id}: Stash sent something unreadable")
    try:
        return parse_scene(raw)
    except PermanentError as error:
        return error


def _title(raw: dict[str, Any]) -> str:
    """The title, or the first file's base name on whatever system Stash runs."""
    paths = [str(file["path"]) for file in raw.get("files") or ()]
    return raw.get("title") or (re.split(r"[\\/]", paths[0])[-1] if paths else "")

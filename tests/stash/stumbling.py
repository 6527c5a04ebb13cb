"""Scenes that Stash stumbles over: one field of them fails, as gqlgen tells it."""

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pytest

from tests.servers.stash import LoopbackStash, Request
from tests.servers.stash.reply import Reply

MAY_BE_NULL = ("title", "details", "date", "rating100", "studio")  # in Stash's schema
WHY = "sql: Scan error on column index 3"


def stumble(
    monkeypatch: pytest.MonkeyPatch, stash: LoopbackStash, scenes: Collection[int], field: str
) -> None:
    """Let *field* of some scenes fail wherever it is asked for.

    A field that may be null is null then; any other takes what holds it along, up to the next
    thing that may be null: for one scene that is the scene, for a list of scenes all of it.
    """
    answer = stash.site.answer

    def answer_with_errors(request: Request, body: bytes, *more: Any) -> Reply:
        reply = answer(request, body, *more)
        if reply.status != 200 or "fragment F on Scene" not in request.text:
            return reply
        document = json.loads(reply.body)
        if not document.get("data"):
            return reply
        _spoil(document, set(map(str, scenes)), field)
        return replace(reply, body=json.dumps(document).encode())

    monkeypatch.setattr(stash.site, "answer", answer_with_errors)


def _spoil(document: dict[str, Any], scenes: set[str], field: str) -> None:
    data, errors = document["data"], document.setdefault("errors", [])
    listed = data.get("findScenes")
    found = listed["scenes"] if listed else list(data.values())
    for place, scene in enumerate(found):
        if not scene or scene["id"] not in scenes:
            continue
        path = ["findScenes", "scenes", place] if listed else [list(data)[place]]
        errors.append({"message": WHY, "path": [*path, field]})
        if field in MAY_BE_NULL:
            scene[field] = None
        elif listed:
            document["data"] = None
        else:
            data[path[0]] = None
    if not errors:
        del document["errors"]

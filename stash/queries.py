"""What we ask Stash, in GraphQL that v0.26 and later understand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.job import SceneId

PLUGIN_ID = "Stash2Plex"
"""Stash names a plugin after its .yml file."""

START = """
query Start($plugin: ID!) {
  version { version }
  configuration { plugins(include: [$plugin]) }
}
"""

SCENE = """
  id title details date rating100 updated_at
  studio { name }
  performers { name }
  tags { name }
  files { path size }
"""
"""All that we sync of a scene, but for its groups."""

GROUPS = "groups { group { name } }"
MOVIES = "movies { movie { name } }"
"""What groups are called before v0.27."""

TITLE = "title files { path }"

PAGE = """
query Page($filter: SceneFilterType!, $limit: Int!) {
  findScenes(
    scene_filter: $filter
    filter: { per_page: $limit, sort: "id", direction: ASC }
  ) { scenes { id updated_at } }
}
"""
"""One page by id: unlike numbered pages it does not shift when scenes come and go meanwhile."""

COUNT = """
query Count($filter: SceneFilterType!) {
  findScenes(scene_filter: $filter, filter: { per_page: 1 }) { count }
}
"""

_MARGIN = timedelta(days=2)


def lookups(ids: Sequence[SceneId], fields: str) -> tuple[str, dict[str, Any]]:
    """Ask for several scenes at once, each under its own alias (see *alias*).

    findScenes(ids:) fails as a whole if one of them is missing.
    """
    places = range(len(ids))
    variables = ", ".join(f"$i{place}: ID!" for place in places)
    finds = "\n".join(f"{alias(place)}: findScene(id: $i{place}) {{ ...F }}" for place in places)
    query = f"query Scenes({variables}) {{\n{finds}\n}}\nfragment F on Scene {{ {fields} }}"
    return query, {f"i{place}": str(ids[place]) for place in places}


def walk(fields: str) -> str:
    """Ask for a page like PAGE, with whole scenes."""
    return f"""
query Walk($filter: SceneFilterType!, $limit: Int!) {{
  findScenes(
    scene_filter: $filter
    filter: {{ per_page: $limit, sort: "id", direction: ASC }}
  ) {{ scenes {{ ...F }} }}
}}
fragment F on Scene {{ {fields} }}
"""


_THINGS = {
    "tag": ("findTag", "tags"),
    "performer": ("findPerformer", "performers"),
    "studio": ("findStudio", "studios"),
    "group": ("findGroup", "groups"),
    "movie": ("findMovie", "movies"),
}
"""What finds each, and the criterion by which scenes have it; groups are movies before v0.27."""


def uses(kind: str, identity: int, after: int, fields: str) -> tuple[str, dict[str, Any]]:
    """Ask whether a thing is there, and for a page of the scenes that have it."""
    find, criterion = _THINGS[kind]
    query = f"""
query Uses($id: ID!, $filter: SceneFilterType!, $limit: Int!) {{
  thing: {find}(id: $id) {{ id }}
  findScenes(
    scene_filter: $filter
    filter: {{ per_page: $limit, sort: "id", direction: ASC }}
  ) {{ scenes {{ ...F }} }}
}}
fragment F on Scene {{ {fields} }}
"""
    chosen = page_filter(after)
    chosen[criterion] = {"value": [str(identity)], "modifier": "INCLUDES"}
    return query, {"id": str(identity), "filter": chosen}


def alias(place: int) -> str:
    """The name under which the scene at *place* is answered."""
    return f"s{place}"


def page_filter(after: int, since: float | None = None) -> dict[str, Any]:
    """Select scenes with ids above *after*, and updated at *since* (Unix seconds) or later.

    Stash compares times as text, in the zone that it had when it wrote them
    (pkg/sqlite/sql.go, getTimestampWhereClause). So more is asked for than is wanted.
    """
    chosen: dict[str, Any] = {"id": {"value": after, "modifier": "GREATER_THAN"}}
    if since is not None:
        earliest = datetime.fromtimestamp(max(since, 0.0), UTC) - _MARGIN
        text = earliest.strftime("%Y-%m-%dT%H:%M:%S")
        chosen["updated_at"] = {"value": text, "modifier": "GREATER_THAN"}
    return chosen


def seconds_of(timestamp: object) -> float | None:
    """Read a time as Stash prints it; Unix seconds, or None if it is none."""
    try:
        moment = datetime.fromisoformat(str(timestamp))
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None

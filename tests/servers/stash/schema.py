"""The loopback server's GraphQL schema (schema.graphql) as each release of Stash knows it.

``# since 0.27`` at the end of a line keeps the line, or the whole block it opens, out of older
releases; ``# until 0.26`` keeps it out of newer ones.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

from .version import Version

_SOURCE = Path(__file__).with_name("schema.graphql")
_BOUND = re.compile(r"# (since|until) (\d+)\.(\d+)$")


@lru_cache(maxsize=16)
def schema_for(version: Version) -> GraphQLSchema:
    """Return the schema as *version* knows it."""
    return build_schema("\n".join(_lines_of(version)))


def _lines_of(version: Version) -> list[str]:
    kept: list[str] = []
    leaving_out = False
    for line in _SOURCE.read_text(encoding="utf-8").splitlines():
        if leaving_out:
            leaving_out = line != "}"
        elif _is_known(line, version):
            kept.append(line)
        else:
            leaving_out = "{" in line
    return kept


def _is_known(line: str, version: Version) -> bool:
    bound = _BOUND.search(line)
    if bound is None:
        return True
    release = Version(int(bound[2]), int(bound[3]))
    return version >= release if bound[1] == "since" else version <= release

"""Every GraphQL query of ours against an actual schema of Stash."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values

from domain.job import SceneId
from stash import queries
from tests.world import ROOT


class Query(NamedTuple):
    """A document as it is sent."""

    text: str
    variables: dict[str, Any]


IDS = [SceneId(1), SceneId(20)]
WITH_GROUPS = Query(*queries.lookups(IDS, queries.SCENE + queries.GROUPS))
WITH_MOVIES = Query(*queries.lookups(IDS, queries.SCENE + queries.MOVIES))
SENT = {
    "start": Query(queries.START, {"plugin": queries.PLUGIN_ID}),
    "page": Query(queries.PAGE, {"filter": queries.page_filter(7), "limit": 100}),
    "recent page": Query(queries.PAGE, {"filter": queries.page_filter(7, 1.8e9), "limit": 100}),
    "titles": Query(*queries.lookups(IDS, queries.TITLE)),
    "count": Query(queries.COUNT, {"filter": queries.page_filter(0, 1.8e9)}),
    "walk": Query(queries.walk(queries.SCENE), {"filter": queries.page_filter(7), "limit": 1000}),
    **{
        kind: Query(text, {**variables, "limit": 1000})
        for kind in ("tag", "performer", "studio")
        for text, variables in [queries.uses(kind, 7, 20, queries.SCENE)]
    },
}


@pytest.fixture(scope="module")
def schema(schema_folder: Path) -> GraphQLSchema:
    files = sorted(schema_folder.rglob("*.graphql"))
    assert files, f"STASH_SCHEMA_DIR has no graphql files: {schema_folder}"
    return build_schema("\n".join(file.read_text(encoding="utf-8") for file in files))


def objections(schema: GraphQLSchema, query: Query) -> list[str]:
    """What Stash would say against a query and its variables."""
    document = parse(query.text)
    if errors := validate(schema, document):
        return [error.message for error in errors]
    (operation,) = (d for d in document.definitions if isinstance(d, OperationDefinitionNode))
    taken = get_variable_values(schema, operation.variable_definitions or (), query.variables)
    return [error.message for error in taken] if isinstance(taken, list) else []


@pytest.mark.real
@pytest.mark.parametrize("name", SENT)
def test_stash_understands_the_query(schema: GraphQLSchema, name: str) -> None:
    assert objections(schema, SENT[name]) == []


@pytest.mark.real
def test_stash_understands_one_of_the_two_queries_of_scenes(schema: GraphQLSchema) -> None:
    assert [] in (objections(schema, WITH_GROUPS), objections(schema, WITH_MOVIES))


@pytest.mark.real
def test_a_stash_that_does_not_understand_groups_objects_to_nothing_else(
    schema: GraphQLSchema,
) -> None:
    said = objections(schema, WITH_GROUPS)

    assert len(said) <= 1
    assert all("Cannot query field 'groups' on type 'Scene'" in objection for objection in said)


def test_every_text_of_the_queries_is_part_of_one_that_is_checked_here() -> None:
    checked = [query.text for query in (*SENT.values(), WITH_GROUPS, WITH_MOVIES)]

    parts = {name for name, value in vars(queries).items() if is_part(name, value)}
    assert {"START", "SCENE", "GROUPS", "MOVIES", "TITLE", "PAGE"} <= parts
    for name in parts:
        assert any(getattr(queries, name) in query for query in checked), name


def test_no_query_stands_outside_of_its_module() -> None:
    ours = [ROOT / "Stash2Plex.py", *(file for file in ROOT.glob("*/*.py"))]
    product = [file for file in ours if file.parent.name != "tests"]
    assert ROOT / "stash" / "queries.py" in product

    found = {file.name for file in product if any(map(is_query, texts_of(file)))}

    assert found == {"queries.py"}


def is_part(name: str, value: object) -> bool:
    """Whether it is a constant of the module that holds GraphQL."""
    return name.isupper() and isinstance(value, str) and name != "PLUGIN_ID"


def texts_of(file: Path) -> Iterator[str]:
    """Every text in a module."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def is_query(text: str) -> bool:
    """Whether it is a GraphQL document."""
    try:
        parse(text)
    except GraphQLError:
        return False
    return True

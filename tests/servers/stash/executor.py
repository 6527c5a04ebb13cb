"""Answering GraphQL as gqlgen does inside Stash: documents, refusals, results, hooks."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    execute_sync,
    get_variable_values,
    parse,
    validate,
)
from graphql.execution.values import VariableValues

from .fields import Context
from .model import StashError
from .plan import Planner, Step, complete
from .roots import Roots

_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
_CACHED_DOCUMENTS = 1000  # as Stash's query cache


class Refused(Exception):
    """The document is not executed; ``errors`` says why."""

    def __init__(self, errors: list[dict[str, Any]]):
        super().__init__(errors)
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Question:
    """A request to /graphql.

    Attributes:
        variables: None and {} are the same.
        failure: a message that every resolver fails with; empty in fine weather.
    """

    text: str
    variables: Mapping[str, Any] | None = None
    operation_name: str = ""
    failure: str = ""
    read_only: bool = False


class ReadOnly(Exception):
    """A mutation came by GET."""


class Executor:
    """Executes documents against the roots; parsed ones are kept by their text."""

    def __init__(self, schema: GraphQLSchema, roots: Roots):
        self._schema = schema
        self._roots = roots
        self._documents: dict[str, DocumentNode] = {}
        self._plans: dict[tuple[str, str], tuple[Step, ...]] = {}
        self._introspections: dict[str, Any] = {}

    def first_field(self, text: str) -> str:
        """Return the first field that a document asks for; empty if it cannot be told."""
        try:
            document = self._document(text)
        except Refused:
            return ""
        operation = next(_operations(document), None)
        nodes = operation.selection_set.selections if operation else ()
        return next((node.name.value for node in nodes if hasattr(node, "name")), "")

    def answer(self, question: Question, context: Context) -> bytes:
        """Return the body of a 200.

        Raises:
            Refused: the document or its variables are wrong.
            ReadOnly: it is a mutation and the question came by GET.
        """
        document = self._document(question.text)
        operation = _operation(document, question.operation_name)
        variables = self._variables(operation, question.variables or {})
        if question.read_only and operation.operation is not OperationType.QUERY:
            raise ReadOnly
        steps = self._plan(document, operation, question, variables)
        if any(step.name in ("__schema", "__type") for step in steps):
            return self._introspect(question.text, document, question.operation_name)
        return self._execute(steps, variables, context, question.failure)

    def _document(self, text: str) -> DocumentNode:
        known = self._documents.get(text)
        if known is not None:
            return known
        try:
            document = parse(text)
        except GraphQLError as error:
            raise Refused([_as_error(error, _PARSE_FAILED)]) from None
        if not any(_operations(document)):
            raise Refused([_plain_error("no operation provided")])
        errors = validate(self._schema, document)
        if errors:
            raise Refused([_as_error(error, _VALIDATION_FAILED) for error in errors])
        if len(self._documents) < _CACHED_DOCUMENTS:
            self._documents[text] = document
        return document

    def _variables(
        self, operation: OperationDefinitionNode, sent: Mapping[str, Any]
    ) -> VariableValues:
        values = get_variable_values(
            self._schema, operation.variable_definitions or (), dict(sent), max_errors=1
        )
        if isinstance(values, VariableValues):
            return values
        raise Refused([_variable_error(values[0])])

    def _plan(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        question: Question,
        variables: VariableValues,
    ) -> tuple[Step, ...]:
        key = (question.text, question.operation_name)
        known = self._plans.get(key)
        if known is not None:
            return known
        kind = self._schema.get_root_type(operation.operation)
        assert isinstance(kind, GraphQLObjectType)
        steps = Planner(document, variables).steps(kind, [operation.selection_set])
        # Directives may depend on variables.
        if "@" not in question.text and len(self._plans) < _CACHED_DOCUMENTS:
            self._plans[key] = steps
        return steps

    def _introspect(self, text: str, document: DocumentNode, operation_name: str) -> bytes:
        if text not in self._introspections:
            result = execute_sync(self._schema, document, operation_name=operation_name or None)
            self._introspections[text] = as_json({"data": result.data})
        answer: bytes = self._introspections[text]
        return answer

    def _execute(
        self,
        steps: tuple[Step, ...],
        variables: VariableValues,
        context: Context,
        failure: str,
    ) -> bytes:
        errors: list[dict[str, Any]] = []
        data: dict[str, Any] | None = {}
        lock = context.library.lock
        for step in steps:
            try:
                if failure:
                    raise StashError(failure)
                value = self._resolve(step, variables)
            except StashError as error:
                errors.append({"message": str(error), "path": [step.key]})
                if data is not None:
                    data[step.key] = None
                if step.definition is not None and isinstance(step.definition.type, GraphQLNonNull):
                    data = None
                continue
            with lock:
                shown = complete(step, value, context, variables)
            if data is not None:
                data[step.key] = shown
        # The errors come first in gqlgen's answer.
        return as_json({"errors": errors, "data": data} if errors else {"data": data})

    def _resolve(self, step: Step, variables: VariableValues) -> Any:
        if step.name == "__typename":
            return step.get(None, None)
        resolve: Callable[..., Any] = getattr(self._roots, step.name)
        return resolve(**step.arguments(variables))


def as_json(document: Any) -> bytes:
    """Return *document* as Go prints it: compact, UTF-8, with <, > and & escaped."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode("utf-8", "surrogatepass")


def refusal(errors: list[dict[str, Any]]) -> bytes:
    """Return the body that goes with errors before execution."""
    return as_json({"errors": errors, "data": None})


def _operations(document: DocumentNode) -> Any:
    return (node for node in document.definitions if isinstance(node, OperationDefinitionNode))


def _operation(document: DocumentNode, name: str) -> OperationDefinitionNode:
    operations: list[OperationDefinitionNode] = list(_operations(document))
    if not name and len(operations) == 1:
        return operations[0]
    for operation in operations:
        if operation.name and operation.name.value == name:
            return operation
    raise Refused([_plain_error(f"operation {name} not found")])


def _plain_error(message: str) -> dict[str, Any]:
    return {"message": message, "extensions": {"code": _VALIDATION_FAILED}}


def _as_error(error: GraphQLError, code: str) -> dict[str, Any]:
    location = (error.locations or [])[:1]
    return {
        "message": error.message.removeprefix("Syntax Error: ").replace("'", '"'),
        "locations": [{"line": each.line, "column": each.column} for each in location],
        "extensions": {"code": code},
    }


def _variable_error(error: GraphQLError) -> dict[str, Any]:
    found = re.search(r"\$(\w+)", error.message)
    message = "must be defined" if error.message.endswith("to be provided.") else error.message
    return {
        "message": message.replace("'", '"'),
        "path": ["variable", found[1] if found else ""],
        "extensions": {"code": _VALIDATION_FAILED},
    }

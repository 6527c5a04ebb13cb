"""Leaves out of Python code what only its readers need: the size of a release is limited."""

import ast
import io
import tokenize
from collections.abc import Iterator


def slim(code: bytes) -> bytes:
    """Blank comments, and the docstrings of functions, classes and attributes.

    Modules keep theirs, and each line keeps its number, so that a traceback from an installed
    release names the lines of its commit.
    """
    lines = code.decode("utf-8").split("\n")
    _blank_docstrings(code, lines)
    _blank_comments(lines)
    return "\n".join(lines).encode("utf-8")


def _blank_docstrings(code: bytes, lines: list[str]) -> None:
    for body, docstring in _docstrings(ast.parse(code)):
        first, last = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
        if not _has_its_lines(docstring, lines):
            continue
        lines[first:last] = [""] * (last - first)
        if len(body) == 1:
            lines[first] = " " * docstring.col_offset + "pass"


def _docstrings(tree: ast.Module) -> Iterator[tuple[list[ast.stmt], ast.stmt]]:
    """Yield each, and the statements that it is one of."""
    for node in ast.walk(tree):
        body: list[ast.stmt] | ast.expr = getattr(node, "body", [])  # a lambda has one expression
        if isinstance(body, list):
            yield from ((body, each) for each in body if each is not tree.body[0] and is_text(each))


def is_text(statement: ast.stmt) -> bool:
    """Whether a statement is nothing but a text."""
    match statement:
        case ast.Expr(value=ast.Constant(value=str())):
            return True
    return False


def _has_its_lines(docstring: ast.stmt, lines: list[str]) -> bool:
    """Whether nothing else stands in the lines of *docstring*."""
    last = docstring.end_lineno or docstring.lineno
    before = lines[docstring.lineno - 1].encode("utf-8")[: docstring.col_offset]
    after = lines[last - 1].encode("utf-8")[docstring.end_col_offset :]
    return not before.strip() and not after.strip()


def _blank_comments(lines: list[str]) -> None:
    code = io.StringIO("\n".join(lines))
    for token in tokenize.generate_tokens(code.readline):
        row, column = token.start
        if token.type == tokenize.COMMENT and not (row == 1 and token.string.startswith("#!")):
            lines[row - 1] = lines[row - 1][:column].rstrip()

"""Leaves docstrings out of Python code: they are a fifth of a release, whose size is limited."""

import ast
from collections.abc import Iterator

_Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def without_docstrings(code: bytes) -> bytes:
    """Blank the docstrings of functions and classes.

    Modules keep theirs, comments stay, and each line keeps its number, so that a traceback from
    an installed release names the lines of its commit.
    """
    lines = code.decode("utf-8").split("\n")
    for documented in _documented(ast.parse(code)):
        docstring = documented.body[0]
        first, last = docstring.lineno - 1, docstring.end_lineno or docstring.lineno
        if not _has_its_lines(docstring, lines):
            continue
        indent = " " * docstring.col_offset
        lines[first:last] = [""] * (last - first)
        if len(documented.body) == 1:
            lines[first] = f"{indent}pass"
    return "\n".join(lines).encode("utf-8")


def _documented(tree: ast.Module) -> Iterator[_Documented]:
    for node in ast.walk(tree):
        if isinstance(node, _Documented) and ast.get_docstring(node, clean=False) is not None:
            yield node


def _has_its_lines(docstring: ast.stmt, lines: list[str]) -> bool:
    """Whether nothing else stands in the lines of *docstring*."""
    last = docstring.end_lineno or docstring.lineno
    before = lines[docstring.lineno - 1].encode("utf-8")[: docstring.col_offset]
    after = lines[last - 1].encode("utf-8")[docstring.end_col_offset :]
    return not before.strip() and not after.strip()

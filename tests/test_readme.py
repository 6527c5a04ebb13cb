"""What README says the log says, the product says."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SECTION = re.compile(r"^## It does not sync.*?^(?=## )", re.MULTILINE | re.DOTALL)


def quoted_lines() -> list[str]:
    """The first column of the table of log lines."""
    section = SECTION.search(README)
    assert section
    return re.findall(r"^\| `([^`]+)` \|", section[0], re.MULTILINE)


@cache
def texts_of_the_product() -> str:
    """Every text constant of the product, with a mark where a value is put in."""
    files = [
        file
        for file in ROOT.rglob("*.py")
        if file.relative_to(ROOT).parts[0] not in ("tests", "tools", ".venv")
    ]
    return "\n".join(
        _text(node)
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant | ast.JoinedStr)
    )


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_text, node.values))
    if isinstance(node, ast.Constant):
        return re.sub(r"%[sdr]", "…", str(node.value))
    return "…"


def test_there_are_log_lines() -> None:
    assert len(quoted_lines()) > 10


@pytest.mark.parametrize("line", quoted_lines())
def test_a_log_line_that_readme_explains_exists(line: str) -> None:
    parts = [re.escape(part) for part in line.split("…")]

    assert re.search("[^\n]*".join(parts), texts_of_the_product())


def test_every_picture_that_readme_shows_is_there() -> None:
    pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)

    assert pictures
    assert [name for name in pictures if not (ROOT / name).is_file()] == []


def test_every_page_that_readme_leads_to_is_there() -> None:
    pages = re.findall(r"(?<!!)\[[^]]*\]\((?!https?:)([^)#]+)", README)

    assert pages
    assert [name for name in pages if not (ROOT / name).exists()] == []

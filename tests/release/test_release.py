"""What Stash's package manager is offered, and what it downloads."""

import ast
import hashlib
import itertools
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
import yaml

from tests.release.checkout import COMMITTED, Checkout, Release
from tests.world import ROOT
from tools.slim import is_text

PACKAGES = {
    "doctor", "domain", "plex", "reconciliation", "stash", "sync_queue", "transport", "validation",
    "worker",
}  # fmt: skip
BESIDE_THEM = {
    "LICENSE", "Stash2Plex.py", "Stash2Plex.yml", "constraints.txt", "process_queue.py",
    "requirements.txt",
}  # fmt: skip


def test_a_release_holds_the_packages_and_what_stash_pip_and_lawyers_look_for(
    release: Release,
) -> None:
    top = {PurePosixPath(name).parts[0] for name in release.files}

    assert top == PACKAGES | BESIDE_THEM


def test_a_release_holds_every_module_of_the_packages(release: Release) -> None:
    modules = {
        str(PurePosixPath(file.relative_to(ROOT)))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*.py")
    }

    assert modules <= set(release.files)


def test_a_release_holds_nothing_but_code_pages_and_the_named_files(release: Release) -> None:
    others = [name for name in release.files if not name.endswith((".py", ".html"))]

    assert set(others) == BESIDE_THEM - {"Stash2Plex.py", "process_queue.py"}


def test_a_release_holds_exactly_one_yml(release: Release) -> None:
    """Stash would take any other for one more plugin."""
    found = [name for name in release.files if name.lower().endswith((".yml", ".yaml"))]

    assert found == ["Stash2Plex.yml"]


def test_a_release_is_smaller_than_200_kb(release: Release) -> None:
    """Stash gives up a download after 10 seconds."""
    assert len(release.archive) < 200_000


def test_what_git_does_not_track_stays_out_of_a_release(checkout: Checkout) -> None:
    (checkout.folder / "worker" / "notes.py").write_text("TOKEN = 'x'\n", encoding="utf-8")

    assert "worker/notes.py" not in checkout.release().files


def test_the_entries_are_sorted_files_that_everybody_may_read(release: Release) -> None:
    names = [entry.filename for entry in release.entries]

    assert names[:-2] == sorted(names[:-2])
    assert {entry.external_attr >> 16 for entry in release.entries} == {0o100644}


def test_who_finds_the_entrypoint_of_a_release_finds_all_that_it_imports(release: Release) -> None:
    """Stash writes the files one after the other, and a hook may start meanwhile."""
    assert [entry.filename for entry in release.entries][-2:] == ["Stash2Plex.py", "Stash2Plex.yml"]


def test_the_index_describes_the_release(release: Release) -> None:
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text(encoding="utf-8"))

    assert release.offer == {
        "id": "Stash2Plex",
        "name": manifest["name"],
        "metadata": {"description": manifest["description"]},
        "version": release.offer["version"],
        "date": f"{datetime.fromtimestamp(COMMITTED, UTC):%Y-%m-%d %H:%M:%S}",
        "path": "Stash2Plex.zip",
        "sha256": hashlib.sha256(release.archive).hexdigest(),
    }


def test_a_version_is_that_of_the_plugin_and_the_commit(checkout: Checkout) -> None:
    checkout.set_version("9.8.7")
    commit = checkout.commit(at=COMMITTED)

    assert checkout.release().offer["version"] == f"9.8.7-{commit[:7]}"


@pytest.mark.parametrize("name", ["worker/drain_report.py", "worker/forgotten_to_add.py"])
def test_a_version_says_that_the_tree_is_not_that_of_the_commit(
    checkout: Checkout, name: str
) -> None:
    with (checkout.folder / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")

    assert re.fullmatch(r"[0-9.]+-[0-9a-f]{7}-dirty", checkout.release().offer["version"])


def test_a_date_may_be_given(checkout: Checkout) -> None:
    assert checkout.build({"SOURCE_DATE_EPOCH": "1800000000"}).returncode == 0

    assert Release(checkout.dist).offer["date"] == "2027-01-15 08:00:00"


ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "HOME": "/"}


def test_the_same_commit_gives_the_same_bytes_elsewhere(release: Release, tmp_path: Path) -> None:
    """In another folder, with another umask, time zone, locale and order of sets."""
    elsewhere = Checkout(tmp_path / "else where" / "ünder")

    assert elsewhere.build(ELSEWHERE, umask=0o077).returncode == 0

    again = Release(elsewhere.dist)
    assert again.index == release.index
    assert again.archive == release.archive


def test_the_same_tree_gives_the_same_bytes_a_second_time(checkout: Checkout) -> None:
    first, second = checkout.release(), checkout.release()

    assert (first.index, first.archive) == (second.index, second.archive)


def test_line_ends_of_windows_do_not_change_a_release(release: Release, tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    for file in tmp_path.glob("*/*.py"):
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert checkout.release().archive == release.archive


def test_without_git_one_sentence_says_so(checkout: Checkout) -> None:
    done = checkout.build({"PATH": "/nowhere"})

    assert done.returncode == 1
    assert done.stderr == "a release holds what git tracks, but git is not installed\n"
    assert not checkout.dist.exists()


def test_without_a_repository_one_sentence_says_so(checkout: Checkout) -> None:
    shutil.rmtree(checkout.folder / ".git")

    done = checkout.build({"GIT_CEILING_DIRECTORIES": str(checkout.folder.parent)})

    assert done.returncode == 1
    assert re.fullmatch("a release holds .* git says: .*not a git repository.*\n", done.stderr)
    assert not checkout.dist.exists()


def test_what_is_released_is_the_code_of_the_commit_line_by_line(release: Release) -> None:
    """A traceback names the same lines; comments and most docstrings are left out."""
    for name, content in release.files.items():
        if name.endswith(".py"):
            ours = (ROOT / name).read_text(encoding="utf-8").split("\n")
            theirs = content.decode("utf-8").split("\n")
            for number, (one, other) in enumerate(itertools.zip_longest(ours, theirs), 1):
                is_there = other != "" and one.startswith(other)
                assert is_there or other.strip() in ("", "pass"), f"{name}:{number}"


def test_the_released_code_does_what_the_code_of_the_commit_does(release: Release) -> None:
    for name, content in release.files.items():
        if name.endswith(".py"):
            ours = _bare(ast.parse((ROOT / name).read_bytes()))
            assert _bare(ast.parse(content)) == ours, name


def _bare(tree: ast.Module) -> str:
    """The code with its lines and columns, without docstrings and what stands for them."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            body[:] = [each for each in body if not (isinstance(each, ast.Pass) or is_text(each))]
            if isinstance(node, ast.stmt):
                node.end_lineno = node.end_col_offset = 0
    return ast.dump(tree, include_attributes=True)

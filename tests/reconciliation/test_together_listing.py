"""Two processes that list the same library of Plex at the same time: the index loses nothing.

A file that the index has lost for a moment is a scene that is called missing.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from domain.plex_item import IndexedFile, RatingKey, Section, SectionKey
from plex.client import PlexClient
from plex.index import PathIndex
from plex.index_file import IndexFile, Listed
from plex.parse import Page
from tests.servers.plex import LoopbackPlex
from tests.world import PLEX_TOKEN, ROOT

ITEMS = 60
NAMES = [f"{number}.mp4" for number in range(ITEMS)]
SECTION = SectionKey(1)

LISTER = """
import json, sys
from pathlib import Path
from domain.errors import Stash2PlexError
from plex.client import PlexClient
from plex.index import PathIndex

order = json.load(sys.stdin)
client = PlexClient(order["url"], order["token"], client_identifier="tests")
index = PathIndex(Path(order["path"]))
for _ in range(order["times"]):
    try:
        sections = client.sections()
        index.prepare(client, sections)
        index.refresh(client, sections, thorough=order["thorough"])
    except Stash2PlexError as error:
        print(error, flush=True)
"""


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    """A library of sixty files that comes in pages of ten."""
    with LoopbackPlex(token=PLEX_TOKEN) as plex:
        section = plex.add_section("Scenes", locations=("/data",))
        for name in NAMES:
            plex.add_item(f"/data/{name}", 1000, section)
        plex.max_page = 10
        yield plex
        assert plex.violations == []


class Lister:
    """A process that lists all libraries, again and again."""

    def __init__(self, plex: LoopbackPlex, path: Path, *, times: int, thorough: bool = True):
        order = {
            "url": plex.url, "token": PLEX_TOKEN, "path": str(path), "times": times,
            "thorough": thorough,
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-c", LISTER],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode())
        self._process.stdin.close()
        self._process.stdin = None

    def result(self) -> str:
        """What it complained of; "" if of nothing."""
        out, err = self._process.communicate(timeout=60)
        assert self._process.returncode == 0, err.decode()
        return out.decode()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def lost(index: PathIndex) -> list[str]:
    """The files that the index does not know."""
    return [name for name in NAMES if not index.candidates(name)]


def wait_for(plex: LoopbackPlex, requests: int) -> None:
    """Wait until Plex has been asked so many things."""
    deadline = time.monotonic() + 30
    while len(plex.requests) < requests:
        assert time.monotonic() < deadline, f"{len(plex.requests)} requests"
        time.sleep(0.002)


class TestProcesses:
    @pytest.mark.parametrize("thorough", [True, False])
    def test_two_that_list_for_the_first_time_find_everything(
        self, plex: LoopbackPlex, tmp_path: Path, thorough: bool
    ) -> None:
        path = tmp_path / "index.db"
        PathIndex(path).close()
        listers = [Lister(plex, path, times=1, thorough=thorough) for _ in range(2)]

        assert [lister.result() for lister in listers] == ["", ""]

        with ExitStack() as stack:
            index = PathIndex(path)
            stack.callback(index.close)
            assert lost(index) == []
            assert index.count() == ITEMS

    def test_a_listing_finds_all_again_after_one_that_was_killed_beside_another(
        self, plex: LoopbackPlex, tmp_path: Path
    ) -> None:
        path = tmp_path / "index.db"
        index = PathIndex(path)
        plex.latency = 0.005
        for requests in (3, 12, 25):
            plex.clear_requests()
            listers = [Lister(plex, path, times=50), Lister(plex, path, times=3)]
            wait_for(plex, requests)
            listers[0].kill()
            listers[1].result()
        last = Lister(plex, path, times=1)

        assert last.result() == ""

        assert lost(index) == []
        assert index.count() == ITEMS
        index.close()

    @pytest.mark.proof
    def test_while_two_list_again_and_again_nothing_is_lost_for_a_moment(
        self, plex: LoopbackPlex, tmp_path: Path
    ) -> None:
        path = tmp_path / "index.db"
        Lister(plex, path, times=1).result()
        index = PathIndex(path)
        listers = [Lister(plex, path, times=150) for _ in range(3)]
        missed: set[str] = set()
        while any(lister._process.poll() is None for lister in listers):
            missed.update(lost(index))

        assert [lister.result() for lister in listers] == ["", "", ""]
        assert missed == set()
        assert lost(index) == []
        index.close()


class TestTheFile:
    """The moves of two listings, one after the other, in an order that processes may take."""

    @pytest.fixture
    def file(self, tmp_path: Path) -> Iterator[IndexFile]:
        file = IndexFile(tmp_path / "index.db", 5.0)
        file.belong_to("server", [SECTION])
        yield file
        file.close()

    @pytest.fixture
    def page(self) -> Page:
        files = tuple(IndexedFile(RatingKey(n), SECTION, f"/data/{n}.mp4", 5) for n in (1, 2, 3))
        return Page(files, frozenset(), (), rows=3, total=3, newest=7)

    def test_one_listing_after_the_other_keeps_all(self, file: IndexFile, page: Page) -> None:
        for run in (file.begin_run(SECTION), file.begin_run(SECTION)):
            file.store(page, SECTION, run)
            assert file.found_in_run(SECTION, run) == 3
            file.drop_unseen(SECTION, run)
            file.finish_run(SECTION, Listed(7, 0))

        assert file.count(SECTION) == 3

    def test_a_page_that_an_earlier_run_stores_meanwhile_is_not_dropped(
        self, file: IndexFile, page: Page
    ) -> None:
        earlier, later = file.begin_run(SECTION), file.begin_run(SECTION)
        file.store(page, SECTION, later)
        assert file.found_in_run(SECTION, later) == 3

        file.store(page, SECTION, earlier)
        file.drop_unseen(SECTION, later)

        assert [bool(file.candidates(f"{n}.mp4")) for n in (1, 2, 3)] == [True, True, True]

    def test_what_a_later_run_has_met_too_is_not_unseen_by_the_earlier_one(
        self, file: IndexFile, page: Page
    ) -> None:
        earlier, later = file.begin_run(SECTION), file.begin_run(SECTION)
        file.store(page, SECTION, earlier)
        file.store(page, SECTION, later)

        assert file.found_in_run(SECTION, earlier) == 3

    def test_one_that_another_process_has_only_just_made_is_not_thrown_away(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "new.db"
        with path.open("ab") as made:  # open, so that its number is not given away again
            IndexFile(path, 5.0).close()

            assert path.stat().st_ino == os.fstat(made.fileno()).st_ino

    def test_what_is_gone_is_dropped_by_the_later_run(self, file: IndexFile, page: Page) -> None:
        first = file.begin_run(SECTION)
        file.store(page, SECTION, first)
        second = file.begin_run(SECTION)
        left = Page(page.files[:2], frozenset(), (), rows=2, total=2, newest=8)
        file.store(left, SECTION, second)
        file.drop_unseen(SECTION, second)

        assert [bool(file.candidates(f"{n}.mp4")) for n in (1, 2, 3)] == [True, True, False]


def test_a_listing_that_another_overtakes_does_not_take_plex_for_empty(
    plex: LoopbackPlex, tmp_path: Path
) -> None:
    """The other one lists everything while this one waits for its second page."""
    index, other = PathIndex(tmp_path / "index.db"), PathIndex(tmp_path / "index.db")
    clients = [PlexClient(plex.url, PLEX_TOKEN, client_identifier="tests") for _ in range(2)]
    sections: tuple[Section, ...] = clients[0].sections()
    other.prepare(clients[1], sections)
    pages = 0

    def overtake(request: object) -> None:
        nonlocal pages
        pages += 1
        if pages == 2:
            plex.on_request = None
            done = threading.Thread(target=list_all)
            done.start()
            done.join()

    def list_all() -> None:
        mine = PathIndex(tmp_path / "index.db")
        mine.refresh(clients[1], sections, thorough=True)
        mine.close()

    plex.on_request = overtake
    index.refresh(clients[0], sections, thorough=True)

    assert lost(index) == []
    index.close()
    other.close()
    for client in clients:
        client.close()

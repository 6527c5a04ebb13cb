"""The path index in trouble: neither Plex nor the disk empties it."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import PlexServerDown, PlexTemporaryError, TransientError
from domain.plex_item import Section
from plex.client import PlexClient
from plex.index import PathIndex
from tests.plex.samples import fill
from tests.servers.plex import LoopbackPlex, Request


def test_a_library_that_is_suddenly_empty_empties_nothing(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = fill(plex, 3)
    index.prepare(client, sections)
    for key in keys:
        plex.remove_item(key)

    with pytest.raises(PlexTemporaryError, match='"Scenes" empty'):
        index.refresh(client, sections)

    assert index.count() == 3


def test_a_library_that_is_empty_from_the_start_is_no_trouble(
    client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    index.prepare(client, sections)

    assert index.refresh(client, sections) == frozenset()


def test_a_disk_that_is_away_for_a_while_takes_nothing_along(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = fill(plex, 3)
    index.prepare(client, sections)
    for key in keys:
        plex.trash_item(key)

    index.refresh(client, sections, thorough=True)

    assert index.candidates("0.mp4")


def test_a_listing_that_breaks_off_leaves_what_was_known(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2500)
    index.prepare(client, sections)
    plex.next_answers([None, 503, 503])

    with pytest.raises(PlexServerDown):
        index.refresh(client, sections, thorough=True)

    assert index.count() == 2500


def test_a_first_listing_that_breaks_off_is_begun_again(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 1500)
    plex.next_answers([None, 503, 503])  # a page, the next one, and the look whether Plex is there
    with pytest.raises(PlexServerDown):
        index.prepare(client, sections)
    plex.weather("fine")

    index.prepare(client, sections)

    assert index.count() == 1500


def test_a_page_that_is_too_much_for_plex_is_asked_for_in_pieces(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 600)
    plex.next_answers([500, None])

    index.prepare(client, sections)

    sizes = [r.option("X-Plex-Container-Size") for r in plex.requests if r.path.endswith("/all")]
    assert sizes == ["1000", "500", "500"]
    assert index.count() == 600


def test_an_item_that_goes_while_we_read_hides_no_other(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = fill(plex, 30)
    index.prepare(client, sections)
    plex.max_page = 10
    plex.clear_requests()

    def remove_one_before_the_second_page(_: Request) -> None:
        if len(plex.requests) == 2:
            plex.remove_item(keys[0])

    plex.on_request = remove_one_before_the_second_page

    index.refresh(client, sections, thorough=True)

    assert index.candidates("0.mp4") == ()
    assert all(index.candidates(f"{n}.mp4") for n in range(1, 30))


def test_a_library_that_never_stands_still_loses_nothing_and_is_listed_again(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = iter(fill(plex, 60))
    index.prepare(client, sections)
    plex.max_page = 10
    plex.on_request = lambda _: plex.remove_item(next(keys))
    index.refresh(client, sections, thorough=True)
    plex.on_request = None
    left = {key.key for key in plex.items()}

    assert all(index.candidates(f"{n}.mp4") for n in range(60 - len(left), 60))

    index.prepare(client, sections)

    assert index.count() == len(left)


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 99, b"SQLite format 3\0junk"])
def test_a_damaged_file_is_begun_anew(
    plex: LoopbackPlex,
    client: PlexClient,
    index_path: Path,
    sections: tuple[Section, ...],
    content: bytes,
) -> None:
    index_path.write_bytes(content)
    fill(plex, 3)

    with closing(PathIndex(index_path)) as index:
        index.prepare(client, sections)

        assert index.count() == 3


def test_a_file_of_another_program_or_version_is_begun_anew(
    client: PlexClient, index_path: Path, sections: tuple[Section, ...]
) -> None:
    with closing(sqlite3.connect(index_path)) as foreign:
        foreign.executescript("CREATE TABLE file (x); PRAGMA user_version=1;")

    with closing(PathIndex(index_path)) as index:
        index.prepare(client, sections)

        assert index.count() == 0


def test_damage_that_shows_later_costs_one_try(
    plex: LoopbackPlex, client: PlexClient, index_path: Path, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2000)
    with closing(PathIndex(index_path)) as index:
        index.prepare(client, sections)
    with index_path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (index_path.stat().st_size - 4096))

    with closing(PathIndex(index_path)) as index:
        with pytest.raises(TransientError, match="damaged and is built again"):
            index.prepare(client, sections)
        index.prepare(client, sections)

        assert index.count() == 2000


def test_an_index_that_cannot_be_made_is_no_bug(tmp_path: Path) -> None:
    with pytest.raises(TransientError, match="cannot be opened or made"):
        PathIndex(tmp_path / "missing" / "plex_index.db")


def test_a_file_that_another_process_holds_is_not_thrown_away(
    plex: LoopbackPlex, client: PlexClient, index_path: Path, sections: tuple[Section, ...]
) -> None:
    fill(plex, 3)
    with closing(PathIndex(index_path, patience=0.01)) as index:
        index.prepare(client, sections)
        with closing(sqlite3.connect(index_path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(TransientError, match="cannot be used"):
                index.count()

        assert index.count() == 3


def test_the_file_is_for_the_user_alone(index: PathIndex, index_path: Path) -> None:
    index.count()

    assert stat.S_IMODE(index_path.stat().st_mode) == 0o600

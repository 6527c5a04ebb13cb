"""The path index: what it knows, and what it asks Plex."""

from contextlib import closing
from pathlib import Path

import pytest

from domain.errors import PlexTemporaryError
from domain.plex_item import RatingKey, Section
from plex.client import PlexClient
from plex.index import MARGIN, PathIndex
from tests.plex.samples import fill
from tests.servers.plex import LoopbackPlex


def listings(plex: LoopbackPlex) -> int:
    return plex.count("GET", "/library/sections/1/all")


def test_every_file_of_every_item_is_found_by_its_base_name(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    key = plex.add_item("/plex/A.mp4", 10)
    plex.add_part(key, r"\\srv\x\Ame" + "\u0301lie.mp4", 20)

    index.prepare(client, sections)

    (one,), (other,) = index.candidates("a.mp4"), index.candidates("amélie.mp4")
    assert (one.rating_key, one.path, one.size) == (key, "/plex/A.mp4", 10)
    assert (other.rating_key, other.size) == (key, 20)
    assert index.candidates("b.mp4") == ()
    assert index.count() == 1


def test_a_library_is_listed_by_pages_of_1000(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2500)

    index.prepare(client, sections)

    assert listings(plex) == 3
    assert index.count() == 2500


def test_pages_may_be_shorter_than_asked_for(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    plex.max_page = 7
    fill(plex, 50)

    index.prepare(client, sections)

    assert index.count() == 50


def test_what_was_listed_once_is_not_listed_again(
    plex: LoopbackPlex, client: PlexClient, index_path: Path, sections: tuple[Section, ...]
) -> None:
    fill(plex, 3)
    with closing(PathIndex(index_path)) as first:
        first.prepare(client, sections)
    plex.clear_requests()

    with closing(PathIndex(index_path)) as second:
        second.prepare(client, sections)

        assert second.count() == 3
    assert plex.requests == []


def test_only_a_library_that_was_added_is_listed(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex
) -> None:
    fill(plex, 3)
    index.prepare(client, client.sections())
    plex.add_section("More")
    fill(plex, 2, section=2)
    plex.clear_requests()

    index.prepare(client, client.sections())

    assert index.count() == 5
    assert listings(plex) == 0


def test_a_library_that_is_no_longer_chosen_is_forgotten(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex
) -> None:
    plex.add_section("More")
    fill(plex, 3)
    fill(plex, 2, section=2)
    both = client.sections()
    index.prepare(client, both)

    index.prepare(client, both[1:])

    assert index.count() == 2
    assert index.candidates("0.mp4")[0].section == 2


def test_another_server_has_other_items(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 3)
    index.prepare(client, sections)

    with LoopbackPlex(machine_identifier="another") as moved:
        moved.add_section("Scenes")
        moved.add_item("/plex/only.mp4")
        with closing(PlexClient(moved.url, moved.token, client_identifier="our-id")) as other:
            index.prepare(other, sections)

    assert index.count() == 1


def test_what_plex_added_is_found_by_two_requests_and_reported_once(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2500)
    index.prepare(client, sections)
    index.refresh(client, sections)
    plex.add_item("/plex/New.mp4")
    plex.clear_requests()

    new = index.refresh(client, sections)

    assert new == {"new.mp4"}
    assert listings(plex) == 2
    assert index.refresh(client, sections) == frozenset()
    assert index.candidates("new.mp4")


def test_what_was_seen_once_is_not_asked_for_again(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 3)
    index.prepare(client, sections)
    new = plex.add_item("/plex/new.mp4")
    index.refresh(client, sections)
    plex.clear_requests()

    index.refresh(client, sections)

    since = [int(r.args["updatedAt>>"]) for r in plex.requests if "updatedAt>>" in r.args]
    assert since == [plex.item(new).updated_at - MARGIN]


def test_a_refresh_needs_no_preparation(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2)

    assert index.refresh(client, sections) == {"0.mp4", "1.mp4"}


def test_what_came_with_the_first_listing_is_reported_too(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 2)
    index.prepare(client, sections)

    assert index.refresh(client, sections) == {"0.mp4", "1.mp4"}


def test_what_was_found_before_an_interruption_is_still_reported(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex
) -> None:
    plex.add_section("More")
    fill(plex, 1)
    sections = client.sections()
    index.prepare(client, sections)
    index.refresh(client, sections)
    plex.add_item("/plex/new.mp4")
    plex.weather(503, path_prefix="/library/sections/2/")
    with pytest.raises(PlexTemporaryError):
        index.refresh(client, sections)

    plex.weather("fine", path_prefix="/library/sections/2/")

    assert index.refresh(client, sections) == {"new.mp4"}


def test_a_file_that_moved_within_its_item_is_found_at_its_new_place_only(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    (key,) = fill(plex, 1)
    index.prepare(client, sections)
    plex.move_file(key, "/plex/moved.mp4")
    plex.item(key).updated_at = plex.library.now()

    new = index.refresh(client, sections)

    assert "moved.mp4" in new
    assert index.candidates("0.mp4") == ()


def test_what_is_gone_from_plex_goes_from_the_index(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = fill(plex, 3)
    index.prepare(client, sections)
    plex.remove_item(keys[1])

    index.refresh(client, sections)

    assert index.candidates("1.mp4") == ()
    assert index.count() == 2


def test_an_item_that_was_forgotten_comes_back_if_plex_has_it(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = fill(plex, 3)
    index.prepare(client, sections)
    index.forget(RatingKey(keys[1]))
    assert index.candidates("1.mp4") == ()

    assert "1.mp4" in index.refresh(client, sections)


def test_what_is_in_the_trash_counts_only_where_nothing_else_does(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    old = plex.add_item("/old/a.mp4")
    lonely = plex.add_item("/plex/b.mp4")
    twin = plex.add_item("/new/a.mp4")
    plex.trash_item(old)
    plex.trash_item(lonely)

    index.prepare(client, sections)

    assert [file.rating_key for file in index.candidates("a.mp4")] == [twin]
    assert [file.rating_key for file in index.candidates("b.mp4")] == [lonely]


@pytest.mark.parametrize(
    "lie", [{"ignore_filters": True}, {"reject_sort_and_filter": True}, {"ignores_slimming": True}]
)
def test_a_plex_that_does_not_honour_the_question_is_understood_all_the_same(
    plex: LoopbackPlex,
    client: PlexClient,
    index: PathIndex,
    sections: tuple[Section, ...],
    lie: dict[str, bool],
) -> None:
    for switch, value in lie.items():
        setattr(plex, switch, value)
    keys = fill(plex, 1200)
    index.prepare(client, sections)
    index.refresh(client, sections)
    plex.add_item("/plex/new.mp4")
    plex.remove_item(keys[0])

    new = index.refresh(client, sections)

    assert new == {"new.mp4"}
    assert index.candidates("new.mp4")


def test_an_addition_that_plex_does_not_date_is_seen_by_the_total(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    fill(plex, 3)
    index.prepare(client, sections)
    index.refresh(client, sections)
    backdated = plex.add_item("/plex/new.mp4")
    plex.item(backdated).updated_at = 5

    assert index.refresh(client, sections) == {"new.mp4"}


def test_a_thorough_refresh_lists_everything(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex, sections: tuple[Section, ...]
) -> None:
    keys = fill(plex, 3)
    index.prepare(client, sections)
    index.refresh(client, sections)
    plex.move_file(keys[0], "/plex/moved.mp4")
    plex.item(keys[0]).updated_at = 5

    assert index.refresh(client, sections) == frozenset()
    assert index.refresh(client, sections, thorough=True) == {"moved.mp4"}


def test_a_library_nobody_chose_is_not_touched(
    plex: LoopbackPlex, client: PlexClient, index: PathIndex
) -> None:
    assert index.refresh(client, ()) == frozenset()
    assert index.count() == 0
    assert listings(plex) == 0

"""What the client asks of Plex and makes of the answers; and what no caller can make it ask."""

from collections.abc import Callable

import pytest

from domain.errors import PlexNotFound, PlexRefused, UserError
from domain.plex_item import IndexedFile, RatingKey, SectionKey
from plex.client import PlexClient
from tests.plex.conftest import SCENES
from tests.servers.plex import LoopbackPlex

Connect = Callable[..., PlexClient]


def key_of(number: int) -> RatingKey:
    return RatingKey(number)


def test_nothing_is_asked_before_something_is_wanted(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    assert plex.requests == []


def test_the_servers_name_is_asked_once(plex: LoopbackPlex, client: PlexClient) -> None:
    assert client.server() == client.server() == plex.machine_identifier
    assert plex.count("GET") == 1


def test_every_request_names_our_installation_and_carries_no_token_in_its_url(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    key = key_of(plex.add_item("/plex/a.mp4"))
    client.items([key])
    client.edit(SCENES, (key,), [("title.value", "t")])
    client.upload_poster(key, b"\xff\xd8\xff")
    client.select_poster(key, next(iter(client.posters(key))))
    client.page(SCENES, start=0)
    client.confirm()
    client.latency(1.0)

    identifiers = {request.headers["x-plex-client-identifier"] for request in plex.requests}
    assert identifiers == {"our-id"}
    assert not any(plex.token in request.target for request in plex.requests)


def test_two_installations_in_one_process_keep_their_names(
    plex: LoopbackPlex, connect: Connect
) -> None:
    one, other = connect(client_identifier="one"), connect(client_identifier="other")
    one.server()
    other.server()
    plex.clear_requests()

    one.sections()

    assert plex.requests[0].headers["x-plex-client-identifier"] == "one"


def test_libraries_are_told_with_their_folders_and_whether_they_are_scanned(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    plex.add_section("Shows", locations=("/tv", "/more"), kind="show")
    plex.library.sections[1].refreshing = True

    scenes, shows = client.sections()

    assert (scenes.key, scenes.title, scenes.kind, scenes.scanning) == (1, "Scenes", "movie", True)
    assert (shows.locations, shows.scanning) == (("/tv", "/more"), False)


def test_a_page_lists_every_file_of_its_items(plex: LoopbackPlex, client: PlexClient) -> None:
    first = plex.add_item("/plex/a.mp4", 10)
    plex.add_part(first, "/plex/a-2.mp4", 20)
    plex.add_part(first, "/plex/a-3.mp4", 30, stacked=True)
    second = plex.add_item("/plex/b.mp4", 40)
    plex.trash_item(second)

    page = client.page(SCENES, start=0)

    assert page.files == (
        IndexedFile(key_of(first), SCENES, "/plex/a.mp4", 10),
        IndexedFile(key_of(first), SCENES, "/plex/a-2.mp4", 20),
        IndexedFile(key_of(first), SCENES, "/plex/a-3.mp4", 30),
        IndexedFile(key_of(second), SCENES, "/plex/b.mp4", 40),
    )
    assert page.trashed == {second}
    assert (page.rows, page.total) == (2, 2)
    assert page.newest == plex.item(first).updated_at  # it changed twice within a second


def test_a_page_is_asked_for_by_both_container_headers(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    plex.reject_missing_container_headers = True
    for number in range(5):
        plex.add_item(f"/plex/{number}.mp4")

    page = client.page(SCENES, start=3, size=10)

    assert (page.rows, page.total) == (2, 5)


def test_a_page_of_what_changed_lists_nothing_else(plex: LoopbackPlex, client: PlexClient) -> None:
    old = plex.add_item("/plex/old.mp4")
    plex.item(old).updated_at = 1_000
    new = plex.add_item("/plex/new.mp4")
    plex.item(new).updated_at = 2_000

    page = client.page(SCENES, start=0, changed_since=1_500)

    assert [file.rating_key for file in page.files] == [new]


def test_a_plex_that_cannot_sort_is_listed_all_the_same(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    plex.add_item("/plex/a.mp4")
    plex.reject_sort_and_filter = True

    assert client.page(SCENES, start=0).rows == 1


def test_an_item_is_read_with_all_its_values_and_locks(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    key = key_of(plex.add_item("/plex/a.mp4"))
    live = plex.item(key)
    plex.user_edits(key, title="T", summary="one\ntwo 🎬 <&>", lock=False)
    plex.user_edits(key, studio="S", date="2020-05-17", user_rating=8.0)
    live.tags["genre"] = ["g1", "g2", "g3", "g4"]
    live.tags["actor"] = ["p1", "p2", "p3", "p4"]
    live.tags["collection"] = ["c"]
    live.locks |= {"genre", "thumb", "tagline"}

    item = client.items([key])[key]

    assert item.values == {
        "title": "T",
        "sort_title": "T",
        "studio": "S",
        "summary": "one\ntwo 🎬 <&>",
        "date": "2020-05-17",
        "rating": "8.0",
        "performers": ("p1", "p2", "p3", "p4"),
        "tags": ("g1", "g2", "g3", "g4"),
        "collection": ("c",),
    }
    assert item.locked == {"studio", "date", "rating", "tags"}
    assert item.poster_locked
    assert (item.section, item.files) == (SCENES, ("/plex/a.mp4",))


def test_a_sort_title_of_its_own_is_shown(plex: LoopbackPlex, client: PlexClient) -> None:
    key = key_of(plex.add_item("/plex/a.mp4", title="The A"))
    plex.user_edits(key, titleSort="A, The")

    assert client.items([key])[key].values["sort_title"] == "A, The"


def test_250_items_are_read_by_3_requests(plex: LoopbackPlex, client: PlexClient) -> None:
    keys = [key_of(plex.add_item(f"/plex/{n}.mp4")) for n in range(250)]
    client.server()
    plex.clear_requests()

    items = client.items(keys)

    assert list(items) == keys
    assert plex.count("GET") == 3


def test_items_that_are_gone_are_absent(plex: LoopbackPlex, client: PlexClient) -> None:
    here, gone = key_of(plex.add_item("/plex/a.mp4")), key_of(999)

    assert list(client.items([here, gone])) == [here]
    assert client.items([gone]) == {}
    assert client.items([]) == {}


def test_a_plex_that_answers_404_for_one_of_many_does_not_hide_the_others(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    here, gone = key_of(plex.add_item("/plex/a.mp4")), key_of(999)
    client.server()
    plex.next_answers([404])

    assert list(client.items([here, gone])) == [here]


def test_characters_that_xml_forbids_do_not_stop_the_reading(
    plex: LoopbackPlex, client: PlexClient
) -> None:
    plex.sends_illegal_characters = True
    key = key_of(plex.add_item("/plex/a.mp4", title="a\x0bb"))

    assert client.items([key])[key].values["title"] == "ab"


def test_an_edit_reaches_the_named_items_only(plex: LoopbackPlex, client: PlexClient) -> None:
    keys = [key_of(plex.add_item(f"/plex/{n}.mp4", title="old")) for n in range(3)]
    client.items(keys)

    client.edit(SCENES, tuple(keys[:2]), [("title.value", "new")])

    assert [plex.item(key).title for key in keys] == ["new", "new", "old"]
    assert plex.count("PUT") == 1


@pytest.mark.parametrize("keys", [(), (0,), (-1,), ("",), ("7",), (None,), (True,), (1, 0), (1.0,)])
def test_an_edit_without_the_keys_of_its_items_is_never_sent(
    plex: LoopbackPlex, client: PlexClient, keys: tuple[RatingKey, ...]
) -> None:
    with pytest.raises(ValueError, match="needs the rating keys"):
        client.edit(SCENES, keys, [("title.value", "x")])

    assert plex.requests == []


@pytest.mark.parametrize("name", ["id", "type"])
def test_an_edits_parameters_cannot_widen_it(
    plex: LoopbackPlex, client: PlexClient, name: str
) -> None:
    with pytest.raises(ValueError, match="must not say which items"):
        client.edit(SCENES, (key_of(1),), [(name, "")])

    assert plex.requests == []


def test_an_edit_of_an_item_that_is_gone_says_so(plex: LoopbackPlex, client: PlexClient) -> None:
    with pytest.raises(PlexNotFound):
        client.edit(SCENES, (key_of(999),), [("title.value", "x")])


def test_a_library_that_is_gone_is_for_the_user_to_mend(client: PlexClient) -> None:
    with pytest.raises(UserError, match="no library number 7 any more: check plex_library"):
        client.page(SectionKey(7), start=0)


def test_a_token_that_may_not_write_is_told_clearly(plex: LoopbackPlex, connect: Connect) -> None:
    plex.read_only_token = "guest"
    key = key_of(plex.add_item("/plex/a.mp4"))
    guest = connect(token="guest")
    guest.items([key])

    with pytest.raises(PlexRefused, match="use the owner's token"):
        guest.edit(SCENES, (key,), [("title.value", "x")])


def test_a_poster_is_uploaded_selected_and_listed(plex: LoopbackPlex, client: PlexClient) -> None:
    key = key_of(plex.add_item("/plex/a.mp4"))
    client.items([key])
    client.upload_poster(key, b"\xff\xd8\xff one")
    client.upload_poster(key, b"\xff\xd8\xff two")
    (one, two) = plex.item(key).posters

    assert client.posters(key) == {one: False, two: True}

    client.select_poster(key, one)

    assert client.posters(key) == {one: True, two: False}


def test_a_folder_is_scanned_whatever_it_is_called(plex: LoopbackPlex, client: PlexClient) -> None:
    folder = "/plex/scenes/a & b;c=50% 🎬"
    plex.scan_later(f"{folder}/a.mp4")

    client.scan(SCENES, folder)

    assert plex.key_of(f"{folder}/a.mp4")

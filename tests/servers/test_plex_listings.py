"""Pages, orders and filters of the loopback Plex, and what a row leaves out."""

from collections.abc import Iterator

import pytest
import requests
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex
from tests.servers.plex.client import BareClient

PAGE = {"X_Plex_Container_Start": 0, "X_Plex_Container_Size": 100}


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes",))
        yield server
    assert server.violations == []


@pytest.fixture
def api(plex: LoopbackPlex) -> Iterator[PlexServer]:
    with requests.Session() as session:
        yield PlexServer(plex.url, "secret", session=session)


@pytest.fixture
def bare(plex: LoopbackPlex) -> Iterator[BareClient]:
    with BareClient(plex) as client:
        yield client


def files_on(plex: LoopbackPlex, count: int) -> list[int]:
    return [plex.add_item(f"/plex/scenes/{n:03d}.mp4", size=1000 + n) for n in range(count)]


def titles(bare: BareClient, query: str = "") -> list[str]:
    rows = bare.read(f"/library/sections/1/all?type=1{query}", **PAGE)
    return [row.attrib["title"] for row in rows]


def test_plexapi_pages_through_a_library_of_250(plex: LoopbackPlex, api: PlexServer) -> None:
    keys = files_on(plex, 250)
    section = api.library.section("Scenes")
    plex.clear_requests()

    items = section.all()

    assert [item.ratingKey for item in items] == keys
    assert plex.count("GET", "/library/sections/1/all") == 3


def test_a_page_says_where_it_stands_in_attributes_and_headers(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    files_on(plex, 25)
    window = {"X-Plex-Container-Start": "20", "X-Plex-Container-Size": "10"}

    response = bare.ask("GET", "/library/sections/1/all?type=1", headers=window)

    assert 'size="5"' in response.text
    assert 'offset="20"' in response.text
    assert 'totalSize="25"' in response.text
    assert 'librarySectionID="1"' in response.text
    assert response.headers["X-Plex-Container-Start"] == "20"
    assert response.headers["X-Plex-Container-Total-Size"] == "25"
    assert response.headers["Content-Type"] == "text/xml;charset=utf-8"


def test_the_window_may_come_in_the_query(plex: LoopbackPlex, bare: BareClient) -> None:
    files_on(plex, 25)

    root = bare.read(
        "/library/sections/1/all?type=1&X-Plex-Container-Start=3&X-Plex-Container-Size=2"
    )

    assert [row.attrib["title"] for row in root] == ["003", "004"]


def test_a_window_of_nothing_tells_only_the_total(plex: LoopbackPlex, api: PlexServer) -> None:
    files_on(plex, 25)

    assert api.library.section("Scenes").totalViewSize() == 25


def test_a_server_may_send_fewer_rows_than_asked(plex: LoopbackPlex, bare: BareClient) -> None:
    files_on(plex, 25)
    plex.max_page = 7

    root = bare.read("/library/sections/1/all?type=1", **PAGE)

    assert (len(root), root.attrib["size"], root.attrib["totalSize"]) == (7, "7", "25")


def test_a_server_may_insist_on_the_container_size(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.reject_missing_container_headers = True

    assert bare.status("GET", "/library/sections/1/all?type=1") == 400
    assert titles(bare) == []


def test_rows_shift_when_the_library_changes_between_two_pages(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    first, *_ = files_on(plex, 4)
    query = "/library/sections/1/all?type=1&sort=id&X-Plex-Container-Size=2&X-Plex-Container-Start="

    one = [row.attrib["title"] for row in bare.read(query + "0")]
    plex.remove_item(first)
    two = [row.attrib["title"] for row in bare.read(query + "2")]

    assert (one, two) == (["000", "001"], ["003"])


def test_a_listing_shows_2_genres_3_names_and_no_locks(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(
        key,
        genre=["a", "b", "c", "d"],
        actor=["e", "f", "g", "h"],
        collection=["x", "y", "z"],
        label=["l"],
        producer=["p"],
    )

    (row,) = bare.read("/library/sections/1/all?type=1", **PAGE)

    assert [tag.attrib for tag in row.iter("Genre")] == [{"tag": "a"}, {"tag": "b"}]
    assert [tag.attrib for tag in row.iter("Role")] == [{"tag": "e"}, {"tag": "f"}, {"tag": "g"}]
    assert [tag.attrib["tag"] for tag in row.iter("Collection")] == ["x", "y", "z"]
    assert [child.tag for child in row if child.tag in ("Label", "Producer", "Field")] == []


def test_a_listing_shows_every_file_with_its_size(plex: LoopbackPlex, bare: BareClient) -> None:
    key = plex.add_item("/plex/scenes/a.mp4", size=10)
    plex.add_part(key, "/plex/scenes/a-4k.mp4", size=20)
    plex.add_part(key, "/plex/scenes/a-4k-cd2.mp4", size=30, stacked=True)

    (row,) = bare.read("/library/sections/1/all?type=1", **PAGE)

    versions = [
        [(part.attrib["file"], part.attrib["size"]) for part in media]
        for media in row.findall("Media")
    ]
    assert versions == [
        [("/plex/scenes/a.mp4", "10")],
        [("/plex/scenes/a-4k.mp4", "20"), ("/plex/scenes/a-4k-cd2.mp4", "30")],
    ]


def test_the_default_order_is_by_sort_title(plex: LoopbackPlex, bare: BareClient) -> None:
    for title in ("banana", "Apple", "cherry"):
        plex.add_item(f"/plex/scenes/{title}.mp4")

    assert titles(bare) == ["Apple", "banana", "cherry"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("addedAt", ["b", "c", "a"]),
        ("addedAt:desc", ["a", "c", "b"]),
        ("movie.updatedAt:desc", ["c", "b", "a"]),
        ("id:desc", ["c", "b", "a"]),
        ("titleSort:desc", ["b", "a", "c"]),
    ],
)
def test_a_listing_is_sorted_as_asked(
    plex: LoopbackPlex, bare: BareClient, sort: str, order: list[str]
) -> None:
    for n, (title, added) in enumerate({"a": 30, "b": 10, "c": 20}.items()):
        item = plex.item(plex.add_item(f"/plex/scenes/{title}.mp4"))
        item.added_at, item.updated_at = added, 100 + n
    plex.item(plex.key_of("/plex/scenes/c.mp4")).title_sort = "0"

    assert titles(bare, f"&sort={sort}") == order


def test_of_items_added_in_the_same_second_the_newest_comes_first(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    for title in "abc":
        plex.add_item(f"/plex/scenes/{title}.mp4", added_at=100)

    assert titles(bare, "&sort=addedAt:desc") == ["c", "b", "a"]


def test_an_unknown_sort_is_400(bare: BareClient) -> None:
    assert bare.status("GET", "/library/sections/1/all?type=1&sort=colour") == 400


def updated_at_10_20_30(plex: LoopbackPlex) -> None:
    for when in (10, 20, 30):
        key = plex.add_item(f"/plex/scenes/{when}.mp4")
        plex.item(key).updated_at = plex.item(key).added_at = when


@pytest.mark.parametrize("field", ["updatedAt", "addedAt", "movie.updatedAt"])
def test_only_what_changed_after_a_time_is_listed(
    plex: LoopbackPlex, bare: BareClient, field: str
) -> None:
    updated_at_10_20_30(plex)

    assert titles(bare, f"&{field}%3E%3E=10") == ["20", "30"]
    assert titles(bare, f"&{field}>>=20") == ["30"]
    assert titles(bare, f"&{field}%3C%3C=20") == ["10"]


def test_a_server_may_ignore_date_filters(plex: LoopbackPlex, bare: BareClient) -> None:
    updated_at_10_20_30(plex)
    plex.ignore_filters = True

    assert titles(bare, "&updatedAt%3E%3E=20") == ["10", "20", "30"]


def test_a_server_may_refuse_date_filters_and_sorts(plex: LoopbackPlex, bare: BareClient) -> None:
    plex.reject_sort_and_filter = True

    assert bare.status("GET", "/library/sections/1/all?type=1&updatedAt%3E%3E=20") == 400
    assert bare.status("GET", "/library/sections/1/all?type=1&sort=addedAt:desc") == 400
    assert bare.status("GET", "/library/sections/1/all?type=1") == 200


def test_plexapi_finds_its_filters_and_sorts_described(plex: LoopbackPlex, api: PlexServer) -> None:
    updated_at_10_20_30(plex)
    section = api.library.section("Scenes")

    newest = section.search(sort="addedAt:desc", maxresults=1)
    recent = section.search(filters={"updatedAt>>": newest[0].updatedAt.fromtimestamp(15)})

    assert [item.title for item in newest] == ["30"]
    assert [item.title for item in recent] == ["20", "30"]


def test_a_title_is_searched_by_any_part_of_it(plex: LoopbackPlex, api: PlexServer) -> None:
    for title in ("At the beach", "Beaches", "Mountain"):
        plex.add_item(f"/plex/scenes/{title}.mp4")

    found = api.library.section("Scenes").search(title="bEach")

    assert [item.title for item in found] == ["At the beach", "Beaches"]


def test_a_listing_is_filtered_by_the_number_of_a_tag(plex: LoopbackPlex, api: PlexServer) -> None:
    one, _ = files_on(plex, 2)
    plex.user_edits(one, genre=["Outdoor"])

    found = api.library.section("Scenes").search(genre="Outdoor")

    assert [item.ratingKey for item in found] == [one]


def test_items_of_a_show_library_are_no_movies(plex: LoopbackPlex, bare: BareClient) -> None:
    shows = plex.add_section("Shows", locations=("/shows",), kind="show")
    plex.add_item("/shows/a.mp4", section=shows)

    assert len(bare.read("/library/sections/2/all?type=1", **PAGE)) == 0


def test_left_out_elements_and_fields_are_left_out(plex: LoopbackPlex, bare: BareClient) -> None:
    key = plex.add_item("/plex/scenes/a.mp4")
    plex.user_edits(key, genre=["g"], summary="long")
    query = "/library/sections/1/all?type=1&excludeElements=Genre,Role&excludeFields=summary"

    (slim,) = bare.read(query, **PAGE)
    plex.ignores_slimming = True
    (full,) = bare.read(query, **PAGE)

    assert (slim.find("Genre"), "summary" in slim.attrib) == (None, False)
    assert (full.find("Genre") is not None, "summary" in full.attrib) == (True, True)
    assert slim.find("Media/Part") is not None


def test_included_fields_are_the_only_ones_from_api_version_1(
    plex: LoopbackPlex, bare: BareClient
) -> None:
    plex.add_item("/plex/scenes/a.mp4")
    query = "/library/sections/1/all?type=1&includeFields=ratingKey,updatedAt"

    (old,) = bare.read(query, **PAGE)
    (new,) = bare.read(query, **PAGE, X_Plex_Pms_Api_Version="1.0.0")

    assert "title" in old.attrib
    assert sorted(new.attrib) == ["ratingKey", "updatedAt"]


def test_the_sort_title_is_sent_only_if_it_differs(plex: LoopbackPlex, bare: BareClient) -> None:
    same, other = files_on(plex, 2)
    plex.user_edits(same, titleSort="000")
    plex.user_edits(other, title_sort="zzz")

    rows = bare.read("/library/sections/1/all?type=1", **PAGE)

    assert [row.attrib.get("titleSort") for row in rows] == [None, "zzz"]

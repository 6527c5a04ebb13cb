"""What an edit does to the values and locks of an item of the loopback Plex."""

from collections.abc import Iterator

import pytest
import requests
from plexapi.exceptions import NotFound
from plexapi.server import PlexServer

from tests.servers.plex import LoopbackPlex
from tests.servers.plex.client import BareClient

EDIT = "/library/sections/1/all?type=1"


@pytest.fixture
def plex() -> Iterator[LoopbackPlex]:
    with LoopbackPlex(token="secret") as server:
        server.add_section("Scenes", locations=("/plex/scenes",))
        yield server


@pytest.fixture
def api(plex: LoopbackPlex) -> Iterator[PlexServer]:
    with requests.Session() as session:
        yield PlexServer(plex.url, "secret", session=session)
    assert plex.violations == []


@pytest.fixture
def bare(plex: LoopbackPlex) -> Iterator[BareClient]:
    with BareClient(plex) as client:
        yield client


@pytest.fixture
def key(plex: LoopbackPlex, bare: BareClient) -> int:
    """An item whose files have been read."""
    added = plex.add_item("/plex/scenes/a.mp4")
    bare.read(f"/library/metadata/{added}")
    plex.clear_requests()
    return added


def put(bare: BareClient, key: int | str, query: str) -> int:
    return bare.status("PUT", f"{EDIT}&id={key}&{query}")


def test_many_edits_of_plexapi_travel_in_one_put(
    plex: LoopbackPlex, api: PlexServer, key: int
) -> None:
    item = api.fetchItem(key)

    item.batchEdits()
    item.editTitle("Day").editSortTitle("Day 01").editSummary("By the sea").editStudio("S")
    item.editOriginallyAvailable("2024-05-06").editCriticRating(7.5).editUserRating(9)
    item.addGenre(["g1", "g2"]).addCollection("c").editTags("actor", ["x", "y"])
    item.saveEdits()

    assert plex.count("PUT") == 1
    assert plex.shown(key) == {
        "title": "Day",
        "title_sort": "Day 01",
        "studio": "S",
        "summary": "By the sea",
        "date": "2024-05-06",
        "rating": 7.5,
        "user_rating": 9.0,
        "cast": ["x", "y"],
        "genres": ["g1", "g2"],
        "collections": ["c"],
        "poster": None,
    }


def test_plexapi_reads_back_what_it_wrote(plex: LoopbackPlex, api: PlexServer, key: int) -> None:
    item = api.fetchItem(key)
    item.editOriginallyAvailable("2024-05-06").editCriticRating(7.5).editTags("actor", ["x"])

    item.reload()

    assert (item.originallyAvailableAt.isoformat(), item.year) == ("2024-05-06T00:00:00", 2024)
    assert (item.rating, [role.tag for role in item.roles]) == (7.5, ["x"])
    assert sorted(f.name for f in item.fields) == ["actor", "originallyAvailableAt", "rating"]


def test_an_edit_answers_200_with_nothing_in_it(bare: BareClient, key: int) -> None:
    response = bare.ask("PUT", f"{EDIT}&id={key}&title.value=x")

    assert (response.status_code, response.content) == (200, b"")


def test_a_value_alone_does_not_lock(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    put(bare, key, "title.value=x")

    assert plex.item(key).locks == set()


def test_unlocking_takes_the_field_out_of_the_detail(
    plex: LoopbackPlex, api: PlexServer, key: int
) -> None:
    item = api.fetchItem(key)
    item.editTitle("Mine").lockPoster()
    assert sorted(field.name for field in item.reload().fields) == ["thumb", "title"]

    item.editTitle("Mine", locked=False)

    assert [field.name for field in item.reload().fields] == ["thumb"]


def test_an_empty_value_clears(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    plex.user_edits(key, summary="s", studio="t", date="2024-01-02", rating=5.0, title_sort="z")

    put(
        bare,
        key,
        "summary.value=&studio.value=&originallyAvailableAt.value=&rating.value=&titleSort.value=",
    )

    shown = plex.shown(key)
    assert (shown["summary"], shown["studio"], shown["date"]) == ("", "", None)
    assert (shown["rating"], shown["title_sort"]) == (None, "a")
    assert plex.item(key).year is None


@pytest.mark.parametrize("day", ["2024-02-31", "2024", "06.05.2024", "20240506", "yesterday"])
def test_a_bad_date_is_500_and_nothing_of_the_edit_arrives(
    plex: LoopbackPlex, bare: BareClient, key: int, day: str
) -> None:
    assert put(bare, key, f"originallyAvailableAt.value={day}&title.value=New") == 500

    assert plex.shown(key)["title"] == "a"


@pytest.mark.parametrize("stars", ["high", "11", "-1", "nan"])
def test_a_bad_rating_is_500(bare: BareClient, key: int, stars: str) -> None:
    assert put(bare, key, f"rating.value={stars}") == 500


@pytest.mark.parametrize(
    "field",
    [
        "colour.value=red",
        "year.value=2024",
        "studio[0].tag.tag=S",
        "performer[0].tag.tag=P",
        "title.locked=yes",
        "actor[0].tagging.text=Role",
        "title=x",
    ],
)
def test_what_plex_does_not_know_is_400_and_nothing_arrives(
    plex: LoopbackPlex, bare: BareClient, key: int, field: str
) -> None:
    assert put(bare, key, f"title.value=New&{field}") == 400

    assert plex.shown(key)["title"] == "a"


@pytest.mark.parametrize(("ids", "status"), [("{key},999", 404), ("999", 404), ("{key},x", 400)])
def test_one_wrong_id_among_several_refuses_the_whole_edit(
    plex: LoopbackPlex, bare: BareClient, key: int, ids: str, status: int
) -> None:
    assert put(bare, ids.format(key=key), "title.value=New") == status

    assert plex.shown(key)["title"] == "a"


def test_an_item_of_another_section_is_404(plex: LoopbackPlex, bare: BareClient, key: int) -> None:
    plex.add_section("Other")

    assert bare.status("PUT", f"/library/sections/2/all?type=1&id={key}&title.value=x") == 404


def test_one_edit_reaches_all_the_items_it_names_and_no_other(
    plex: LoopbackPlex, api: PlexServer
) -> None:
    one, two, three = (plex.add_item(f"/plex/scenes/{n}.mp4") for n in "123")
    section = api.library.section("Scenes")

    section.batchMultiEdits(api.fetchItems([one, three])).addGenre("New").saveMultiEdits()

    assert [plex.shown(key)["genres"] for key in (one, two, three)] == [["New"], [], ["New"]]


def test_items_may_also_be_edited_by_their_own_address(
    plex: LoopbackPlex, bare: BareClient, key: int
) -> None:
    plex.user_edits(key, label=["A", "B"])
    plex.metadata_tag_mode = "replace"

    status = bare.status("PUT", f"/library/metadata/{key}?label[0].tag.tag=B&title.value=New")

    assert status == 200
    assert plex.item(key).tags["label"] == ["B"]
    assert plex.shown(key)["title"] == "New"
    assert plex.violations == []


@pytest.mark.parametrize(("stars", "kept"), [("8", 8.0), ("-1", None)])
def test_the_stars_of_a_user_have_an_address_of_their_own(
    plex: LoopbackPlex, bare: BareClient, key: int, stars: str, kept: float | None
) -> None:
    plex.user_edits(key, user_rating=3.0)

    bare.ask("PUT", f"/:/rate?key={key}&identifier=com.plexapp.plugins.library&rating={stars}")

    assert plex.shown(key)["user_rating"] == kept


def test_plexapi_does_not_find_an_item_that_is_gone_when_it_edits_it(
    plex: LoopbackPlex, key: int
) -> None:
    with requests.Session() as session:
        item = PlexServer(plex.url, "secret", session=session).fetchItem(key)
        plex.remove_item(key)
        plex.add_item("/plex/scenes/a.mp4")

        with pytest.raises(NotFound):
            item.editTitle("x")

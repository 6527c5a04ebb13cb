"""Which files of both sides speak for a rule, and which may be alike by chance."""

import pytest

from plex.path_rules import Proposal, propose
from plex.paths import PathMap
from tests.plex.libraries import LIBRARY, meets_all, proposed, sized, under


def test_files_that_plex_lacks_change_nothing() -> None:
    result = proposed(under("/data/"), under("/mnt/", (*LIBRARY[::2], "else/x.mp4")))

    assert (result.setting, result.matched_after) == ("/data=/mnt", 9)


@pytest.mark.parametrize("names", [("x.mp4",), ("x.mp4", "y.mp4")])
def test_names_alone_in_unrelated_folders_may_be_chance(names: tuple[str, ...]) -> None:
    stash = under("/data/") + under("/data/private/", names)

    result = proposed(stash, under("/mnt/") + under("/holidays/beach/", names))

    assert result.setting == "/data=/mnt"


@pytest.mark.parametrize("folders", [1, 10])
def test_a_few_pairs_among_many_that_contradict_them_are_chance(folders: int) -> None:
    library = tuple(f"{number % folders}/{number}.mp4" for number in range(100))
    plex = [f"/mnt/x{number}/{number}.mp4" for number in range(96)]

    result = proposed(under("/data/", library), plex + under("/mnt/few/", library[96:]))

    assert not result.helps


def test_names_that_are_in_several_folders_say_nothing_without_these() -> None:
    names = tuple(f"{number}.mp4" for number in range(5))
    stash = under("/data/") + under("/data/new/", names)

    result = proposed(stash, under("/mnt/") + under("/x/1/", names) + under("/x/2/", names))

    assert result.setting == "/data=/mnt"


def test_in_a_tiny_library_one_pair_is_enough() -> None:
    assert proposed(["/data/a.mp4"], ["/mnt/a.mp4"]) == Proposal(
        (("/data", "/mnt"),), "/data=/mnt", 0, 1, 1
    )
    assert not proposed(["/data/a.mp4"], ["/mnt/b.mp4"]).helps


@pytest.mark.parametrize(("stash", "plex"), [([], []), (["/a.mp4"], []), ([], ["/a.mp4"])])
def test_of_nothing_nothing_is_proposed(stash: list[str], plex: list[str]) -> None:
    assert proposed(stash, plex) == Proposal((), "", 0, 0, len(stash))


# Names that are many times there


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    library = tuple(f"{folder}/video.mp4" for folder in range(2000))

    result = proposed(under("/data/", library), under("/mnt/", library[::-1]))

    assert result.setting == "/data=/mnt"
    assert meets_all(result)


def test_files_of_one_name_that_nothing_tells_apart_say_nothing() -> None:
    stash = [f"/data/{folder}/video.mp4" for folder in range(2000)]

    assert not proposed(stash, [f"/mnt/x{folder}/video.mp4" for folder in range(2000)]).helps


def test_a_folder_that_plex_lacks_is_not_taken_for_another() -> None:
    library = tuple(f"{folder}/{name}.mp4" for folder in range(9) for name in range(9))

    result = proposed(under("/data/", library), under("/mnt/", library[:45]))

    assert (result.setting, result.matched_after) == ("/data=/mnt", 45)


@pytest.mark.parametrize("places", ["12", "21", "4312"])
def test_where_plex_has_copies_any_will_do(places: str) -> None:
    plex = [path for place in places for path in under(f"/mnt/{place}/")]

    result = proposed(under("/data/"), plex)

    assert result.setting == "/data=/mnt/1"
    assert meets_all(result)


def test_where_plex_has_too_many_copies_they_say_nothing() -> None:
    plex = [path for place in "12345" for path in under(f"/mnt/{place}/")]

    assert not proposed(under("/data/"), plex).helps


def test_where_stash_has_copies_the_files_of_plex_are_not_given_to_both() -> None:
    assert not proposed(under("/data/1/") + under("/data/2/"), under("/mnt/x/")).helps


def test_a_file_in_two_libraries_is_one() -> None:
    assert proposed(under("/data/"), under("/mnt/") * 6).setting == "/data=/mnt"


def test_a_file_of_two_scenes_is_one() -> None:
    result = propose(sized(under("/data/")) * 2, sized(under("/mnt/")), PathMap())

    assert (result.setting, result.matched_after, result.total) == ("/data=/mnt", 18, 18)


def test_a_hundred_thousand_files_meet() -> None:
    library = tuple(f"{n % 300}/{n % 9000}/{n // 9000}.mp4" for n in range(100_000))

    result = proposed(
        under("/data/", library),
        under("/1/", library[:50_000]) + under("/2/", library[50_000:]),
    )

    # Volumes that fill up one after the other split every folder: one is as good as the other.
    assert result.matched_after == 50_000

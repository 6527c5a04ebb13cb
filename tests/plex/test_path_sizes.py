"""What sizes have to say when rules for path_map are looked for: never yes, sometimes no."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.path_rules import Proposal
from plex.paths import FilePath, PathMap
from tests.plex.libraries import LIBRARY, meets_all, proposed_by_size, sized, under

EPISODES = tuple(f"{number:02}.mp4" for number in range(1, 21))
SERIES, COURSE = under("/data/series/", EPISODES), under("/media/course/", EPISODES)

OURS, OTHERS = range(1000, 1020), range(2000, 2020)


def test_files_of_the_same_names_but_other_sizes_are_others() -> None:
    result = proposed_by_size(sized(SERIES, *OURS), sized(COURSE, *OTHERS))

    assert result == Proposal((), "", 0, 0, 20)


@pytest.mark.parametrize("unknown", [1, 3, 6])
def test_nor_are_they_one_because_some_sizes_are_unknown(unknown: int) -> None:
    sizes = [None] * unknown + list(OTHERS[unknown:])

    assert not proposed_by_size(sized(SERIES, *OURS), sized(COURSE, *sizes)).helps
    assert not proposed_by_size(sized(SERIES, *sizes), sized(COURSE, *OURS)).helps


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [(OURS, OURS), (OURS, [None]), ([None], OURS), ([None], [None]), ([None, 1], [2, 1, None, 1])],
)
def test_a_size_that_is_not_known_contradicts_nothing(
    ours: list[int | None], theirs: list[int | None]
) -> None:
    result = proposed_by_size(sized(SERIES, *ours), sized(COURSE, *theirs))

    assert result.setting == "/data/series=/media/course"
    assert meets_all(result)


def test_a_file_that_would_get_the_place_of_another_size_is_not_counted() -> None:
    sizes = [1000] * 15 + [1, 2, 3]

    result = proposed_by_size(sized(under("/data/")), sized(under("/mnt/"), *sizes))

    assert (result.setting, result.matched_after) == ("/data=/mnt", 15)


def test_a_folder_of_other_files_is_left_out_of_a_rule_for_all() -> None:
    stash = sized(under("/data/films/")) + sized(under("/data/series/", EPISODES), *OURS)
    plex = sized(under("/mnt/films/")) + sized(under("/mnt/series/", EPISODES), *OTHERS)

    result = proposed_by_size(stash, plex)

    assert (result.setting, result.matched_after) == ("/data/films=/mnt/films", 18)


def test_two_rules_are_better_than_one_that_takes_a_folder_for_another() -> None:
    stash = sized(under("/data/films/")) + sized(under("/data/clips/", EPISODES[:10]))
    plex = sized(under("/mnt/films/")) + sized(under("/mnt/clips/", EPISODES[:10]))
    stash += sized(under("/data/series/", EPISODES[10:]), *OURS)
    plex += sized(under("/mnt/series/", EPISODES[10:]), *OTHERS)

    result = proposed_by_size(stash, plex)

    assert result.setting == "/data/clips=/mnt/clips; /data/films=/mnt/films"
    assert result.matched_after == 28


def test_a_folder_with_a_rule_of_its_own_has_nothing_against_one_for_all() -> None:
    films = ("a.mp4", "b.mp4", "c.mp4")
    plex = sized(under("/mnt/films/", films)) + sized(under("/fast/", EPISODES[:19]))

    result = proposed_by_size(
        sized(under("/data/films/", films)) + sized(SERIES), [*plex, ("/mnt/series/20.mp4", 1)]
    )

    assert (result.setting, result.matched_after) == ("/data=/mnt; /data/series=/fast", 22)


def test_where_most_names_are_alike_by_chance_so_may_the_others_be() -> None:
    names = tuple(f"{number}.mp4" for number in range(100))
    plex = [(f"/mnt/x{number}/{number}.mp4", 1) for number in range(96)]

    result = proposed_by_size(
        sized(under("/data/x/", names)), plex + sized(under("/mnt/few/x/", names[96:]))
    )

    assert not result.helps


def test_copies_of_another_size_are_none() -> None:
    plex = [file for place in range(1, 7) for file in sized(under(f"/mnt/{place}/"), place)]

    result = proposed_by_size(sized(under("/data/"), 5), plex)

    assert result.setting == "/data=/mnt/5"
    assert meets_all(result)


def test_a_path_that_has_several_sizes_contradicts_none() -> None:
    plex = [file for size in (1, 2, 1) for file in sized(under("/mnt/"), size)]

    assert meets_all(proposed_by_size(sized(under("/data/"), 3), plex))


# A replaced file keeps its place


@pytest.mark.parametrize("present", ["/a=D:\\x", "/a=d:/X/"])
def test_what_meets_now_counts_whatever_its_size(present: str) -> None:
    stash = sized(under("/a/", LIBRARY[:9]), 1000, 1001) + sized(under("/b/", LIBRARY[9:]))
    plex = sized(under("D:\\x\\", LIBRARY[:9])) + sized(under("D:\\y\\", LIBRARY[9:]))

    result = proposed_by_size(stash, plex, present)

    assert result.matched_before == 9
    assert meets_all(result)


def test_where_all_files_meet_nothing_is_proposed_whatever_their_sizes() -> None:
    result = proposed_by_size(sized(under("/data/"), 1), sized(under("/mnt/"), 2), "/data=/mnt")

    assert result == Proposal((), "", 18, 18, 18)


def test_a_file_that_would_change_its_place_for_one_of_another_size_is_lost() -> None:
    stash = sized([*under("/data/"), "/data/odd.mp4"])
    plex = [*sized([*under("/mnt/"), "/mnt/other.mp4"]), ("/mnt/odd.mp4", 1)]

    result = proposed_by_size(stash, plex, "/data/odd.mp4=/mnt/other.mp4")

    assert result == Proposal((), "", 1, 1, 19)


def test_a_file_that_meets_now_is_not_drawn_to_one_of_another_size() -> None:
    only = "Bloom/2019/only.mp4"
    stash = sized([*under("/data/"), f"/data/{only}"])
    plex = [*sized([*under("/mnt/"), "/old/2019/only.mp4"]), (f"/mnt/{only}", 1)]

    result = proposed_by_size(stash, plex, "/data/Bloom=/old")

    assert (result.matched_before, result.matched_after) == (1, 16)
    assert PathMap.parse(result.setting).apply(f"/data/{only}") == "/old/2019/only.mp4"


places = st.tuples(st.sampled_from(["/a/", "/b/", "/a/c/", "/b/c/"]), st.sampled_from("wxyz"))
libraries = st.dictionaries(places.map("".join), st.sampled_from([1, 2, None]), max_size=12)


@given(stash=libraries, plex=libraries, present=st.sampled_from(["", "/a=/b", "/b=/a/c"]))
def test_a_file_that_meets_now_never_gets_the_place_of_one_of_another_size(
    stash: dict[str, int | None], plex: dict[str, int | None], present: str
) -> None:
    result = proposed_by_size(list(stash.items()), list(plex.items()), present)

    now, then = PathMap.parse(present), PathMap.parse(result.setting if result.helps else present)
    for path, size in stash.items():
        before, after = now.apply(path) or path, then.apply(path) or path
        if before in plex and FilePath.parse(before) != FilePath.parse(after):
            assert size is None or plex[after] in (size, None)

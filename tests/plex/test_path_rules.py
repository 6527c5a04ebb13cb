"""Which rules are proposed for path_map, and when none are."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plex.path_rules import Proposal
from plex.paths import FilePath, PathMap
from tests.plex.libraries import LIBRARY, meets_all, proposed, under

# One place under two names


@pytest.mark.parametrize(
    ("stash", "plex", "setting"),
    [
        ("/data/", "/mnt/user/media/", "/data=/mnt/user/media"),
        ("/data/media/", "/mnt/media/", "/data=/mnt"),
        ("/data/", "/", "/data=/"),
        ("D:\\clips\\", "/clips/", r"D:\clips=/clips"),
        ("D:\\", "/mnt/d/", "D:\\=/mnt/d"),
        ("/clips/", "D:\\clips\\", r"/clips=D:\clips"),
        ("/clips/", "D:\\", "/clips=D:\\"),
        ("/Volumes/Clips/", "D:\\clips\\", "/Volumes=D:\\"),
        ("\\\\nas\\share\\x\\", "/mnt/nas/share/x/", r"\\nas\share=/mnt/nas/share"),
        ("/mnt/nas/share/", "\\\\nas\\share\\", r"/mnt/nas/share=\\nas\share"),
        ("D:\\clips\\", "\\\\nas\\clips\\", r"D:\clips=\\nas\clips"),
        ("/Media/", "/media/", "/Media=/media"),
        ("/Médias/", "/mnt/שלום/", "/Médias=/mnt/שלום"),
        ("/mnt/D:/clips/", "D:\\clips\\", "/mnt/D:/=D:\\"),
        ("/data/./clips//", "//mnt///clips2//", "/data/./clips=//mnt///clips2"),
    ],
)
def test_one_place_under_two_names_is_one_rule(stash: str, plex: str, setting: str) -> None:
    result = proposed(under(stash), under(plex))

    assert result == Proposal(PathMap.parse(setting).rules, setting, 0, 18, 18)


def test_rules_speak_of_the_highest_folder_they_can() -> None:
    library = tuple(f"{folder}/{folder}-{number}.mp4" for folder in range(40) for number in "ab")

    assert proposed(under("/data/", library), under("/mnt/", library)).setting == "/data=/mnt"


def test_where_stash_sees_the_root_one_rule_speaks_of_all_there_is() -> None:
    result = proposed(under("/"), under("/mnt/"))

    assert result.setting == "/=/mnt"
    assert meets_all(result)


def test_all_there_is_is_spared_where_one_folder_will_do() -> None:
    assert proposed(under("/a/"), under("/mnt/a/")).setting == "/a=/mnt/a"


def test_two_spellings_of_a_letter_are_one() -> None:
    stash = [unicodedata.normalize("NFD", path) for path in under("/Vidéos/Été/")]

    result = proposed(stash, under("/mnt/Été/"))

    assert FilePath.parse(result.rules[0][0]) == FilePath.parse("/Vidéos")
    assert meets_all(result)


def test_windows_does_not_care_for_case() -> None:
    stash = [path.upper() if number % 2 else path for number, path in enumerate(under("D:\\v\\"))]

    assert meets_all(proposed(stash, under("\\\\nas\\v\\")))


def test_files_of_one_windows_folder_speak_for_one_rule_however_it_is_written() -> None:
    stash = [*under("/data/"), r"E:\New\x\a.mp4", r"e:\new\x\b.mp4"]

    result = proposed(stash, under("/mnt/") + under("/fast/x/", ("a.mp4", "b.mp4")))

    assert result.setting == r"/data=/mnt; E:\New=/fast"
    assert meets_all(result)


def test_elsewhere_another_case_is_another_file() -> None:
    stash = [path.replace(".mp4", ".MP4") for path in under("/data/")]

    assert not proposed(stash, under("/mnt/")).helps


# Several places


def test_one_place_in_stash_may_be_several_in_plex() -> None:
    plex = under("/vol1/", LIBRARY[:6]) + under("/vol2/", LIBRARY[6:12])
    plex += under("/nas/videos/", LIBRARY[12:])

    result = proposed(under("/data/"), plex)

    assert meets_all(result)
    assert len(result.rules) == 3


def test_several_places_in_stash_may_be_one_in_plex() -> None:
    stash = under("/ssd/", LIBRARY[:9]) + under("E:\\more\\", LIBRARY[9:])

    result = proposed(stash, under("/mnt/"))

    assert meets_all(result)
    assert result.setting == "/ssd=/mnt; E:\\more=/mnt"


def test_a_folder_beneath_may_be_elsewhere() -> None:
    new = tuple(f"new-{number}.mp4" for number in range(4))
    stash = under("/data/") + under("/data/incoming/", new)

    result = proposed(stash, under("/mnt/") + under("/fast/", new))

    assert result.setting == "/data=/mnt; /data/incoming=/fast"
    assert meets_all(result)


def test_a_folder_beneath_that_is_alike_in_both_keeps_its_place() -> None:
    result = proposed([*under("/data/"), "/data/same/a.mp4"], [*under("/mnt/"), "/data/same/a.mp4"])

    assert result.setting == "/data=/mnt; /data/same=/data/same"
    assert (result.matched_before, result.matched_after) == (1, 19)


# What there is now


@pytest.mark.parametrize(
    ("stash", "plex", "present"),
    [
        ("/data/", "/data/", ""),
        ("D:\\clips\\", "d:/Clips/", ""),
        ("/nas/share/", "\\\\nas\\share\\", ""),
        ("/data/", "/mnt/", "/data=/mnt"),
        ("/data/", "/mnt/", "/data/Bloom=/mnt/Bloom; /data=/mnt/"),
        ("D:\\clips\\", "/clips/", r"d:\CLIPS=/clips; /other=/x"),
    ],
)
def test_nothing_is_proposed_where_all_files_meet(stash: str, plex: str, present: str) -> None:
    result = proposed(under(stash), under(plex), present)

    assert result == Proposal((), "", 18, 18, 18)


@pytest.mark.parametrize("present", ["/data=/nowhere", "/data=/mnt/x; /data/Bloom=/y", "/x=/y"])
def test_wrong_rules_are_replaced(present: str) -> None:
    assert proposed(under("/data/"), under("/mnt/"), present).setting == "/data=/mnt"


def test_rules_that_do_harm_where_none_are_needed_are_taken_away() -> None:
    result = proposed(under("/data/"), under("/data/"), "/data=/mnt")

    assert meets_all(result)
    assert result.setting == ""


def test_a_rule_that_lacks_another_gets_it() -> None:
    stash = under("/a/", LIBRARY[:9]) + under("/b/", LIBRARY[9:])
    plex = under("/x/", LIBRARY[:9]) + under("/y/", LIBRARY[9:])

    result = proposed(stash, plex, "/a=/x")

    assert (result.setting, result.matched_before) == ("/a=/x; /b=/y", 9)
    assert meets_all(result)


def test_no_file_that_meets_now_is_lost_for_the_sake_of_more() -> None:
    # Plex has all but one in /mnt, and all names of one folder in /old besides.
    stash = [*under("/data/"), "/data/Bloom/2019/only.mp4"]
    plex = [*under("/mnt/"), "/old/2019/only.mp4"]

    result = proposed(stash, plex, "/data/Bloom=/old")

    assert (result.matched_before, result.matched_after) == (1, 16)
    assert PathMap.parse(result.setting).apply(stash[-1]) == "/old/2019/only.mp4"


def test_a_rule_for_a_single_file_that_would_be_lost_forbids_all_others() -> None:
    stash, plex = [*under("/data/"), "/data/odd.mp4"], [*under("/mnt/"), "/mnt/other.mp4"]

    result = proposed(stash, plex, "/data/odd.mp4=/mnt/other.mp4")

    assert result == Proposal((), "", 1, 1, 19)


# Names that the setting cannot hold


@pytest.mark.parametrize(
    ("stash", "plex", "setting"),
    [
        ("/data/x;y/", "/mnt/x;y/", "/data=/mnt"),
        ("/data/x=y/z/", "/mnt/x=y/z/", "/data=/mnt"),
        ("/data/", "/mnt/x=y/", "/data=/mnt/x=y"),
        ("/data /", "/mnt /", "/data /=/mnt /"),
    ],
)
def test_a_name_with_a_character_of_the_setting_is_gone_around(
    stash: str, plex: str, setting: str
) -> None:
    result = proposed(under(stash), under(plex))

    assert result.setting == setting
    assert meets_all(result)


def test_folders_below_one_that_no_rule_can_name_have_no_rule_but_others_have() -> None:
    stash = under("/a;b/", LIBRARY[:6]) + under("/c=d/", LIBRARY[6:12])
    plex = under("/v/1/", LIBRARY[:6]) + under("/v/2/", LIBRARY[6:12])

    result = proposed(stash + under("/e/", LIBRARY[12:]), plex + under("/v/3/", LIBRARY[12:]))

    assert (result.setting, result.matched_after) == ("/e=/v/3", 6)


@pytest.mark.parametrize("name", ["a;b", "a=b", "a\nb"])
def test_a_folder_that_no_rule_can_name_is_never_lost(name: str) -> None:
    # Beneath a rule for /data it would have to be excepted by one of its own.
    kept = f"/data/{name}/kept.mp4"

    result = proposed([*under("/data/"), kept], [*under("/mnt/"), kept])

    assert result.helps
    assert PathMap.parse(result.setting).apply(kept) is None


@pytest.mark.parametrize("path", ["", "/", ".", "\\", "\\\\srv", "D:", "D:a.mp4", "a.mp4", "//x"])
def test_what_is_hardly_a_path_does_no_harm(path: str) -> None:
    result = proposed([*under("/data/"), path], [*under("/mnt/"), path, path + "/x", "x/" + path])

    assert result.matched_after == 19


# Any library

components = st.lists(st.sampled_from(["a", "b", "Ç", "d d"]), max_size=3).map(tuple)
systems = st.sampled_from(["/", "D:\\", "\\\\srv\\share\\"])


def written(system: str, parts: tuple[str, ...]) -> str:
    return system + system[-1].join(parts)


@given(
    stash=systems,
    plex=systems,
    places=st.dictionaries(components, components, min_size=1, max_size=4),
    depths=st.tuples(*[st.integers(0, 2)] * 3),
)
def test_every_file_of_any_library_meets(
    stash: str,
    plex: str,
    places: dict[tuple[str, ...], tuple[str, ...]],
    depths: tuple[int, ...],
) -> None:
    ours, theirs = [], []
    for number, (source, target) in enumerate(places.items()):
        for file, depth in enumerate(depths * 4):  # enough to be worth a rule for each place
            tail = (*["x", f"y{number}"][:depth], f"{number}-{file}.mp4")
            ours.append(written(stash, source + tail))
            theirs.append(written(plex, target + tail))

    result = proposed(ours, theirs)

    assert result.matched_after == result.total


@given(
    stash=st.lists(st.tuples(systems, components, st.sampled_from("xyz")), max_size=12),
    plex=st.lists(st.tuples(systems, components, st.sampled_from("xyz")), max_size=12),
    rules=st.dictionaries(components, components, max_size=2),
)
def test_no_file_is_ever_lost(
    stash: list[tuple[str, tuple[str, ...], str]],
    plex: list[tuple[str, tuple[str, ...], str]],
    rules: dict[tuple[str, ...], tuple[str, ...]],
) -> None:
    ours, theirs = (
        list(dict.fromkeys(written(system, (*parts, name)) for system, parts, name in side))
        for side in (stash, plex)
    )
    present = "; ".join(f"{written('/', a)}={written('/', b)}" for a, b in rules.items())

    result = proposed(ours, theirs, present)

    if result.helps:
        known = {FilePath.parse(path).identity for path in theirs}
        now, then = PathMap.parse(present), PathMap.parse(result.setting)
        for path in ours:
            if FilePath.parse(now.apply(path) or path).identity in known:
                assert FilePath.parse(then.apply(path) or path).identity in known

"""Which of Plex's files are a scene's, and when none may be taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.plex_item import IndexedFile, PlexItem, RatingKey, SectionKey
from domain.scene import SceneFile
from plex.matcher import Ambiguous, Matched, NotInPlex, confirms, match
from plex.paths import PathMap, base_name

Found = Matched | NotInPlex | Ambiguous


def in_plex(*files: str | tuple[str, int | None]) -> list[IndexedFile]:
    """Items 1, 2, … with one file each; a size of 1000 unless given."""
    pairs = [(file, 1000) if isinstance(file, str) else file for file in files]
    return [
        IndexedFile(RatingKey(key), SectionKey(1), path, size)
        for key, (path, size) in enumerate(pairs, 1)
    ]


class Shelf:
    """Plex's files, as the index hands them out.

    Attributes:
        handed_out: how many files every question was answered with.
    """

    def __init__(self, *files: IndexedFile) -> None:
        self._files = files
        self.handed_out: list[int] = []

    def __call__(self, name: str, /, *, path: str = "") -> list[IndexedFile]:
        of_name = [file for file in self._files if base_name(file.path) == name]
        files = [file for file in of_name if path in ("", file.path)]
        self.handed_out.append(len(files))
        return files


def found(
    *paths: str, plex: list[IndexedFile], size: int | None = 1000, rules: str = ""
) -> tuple[int, ...] | Found:
    """Rating keys of the match, or what else came of it."""
    result = match(
        [SceneFile(path, size) for path in paths],
        Shelf(*plex),
        PathMap.parse(rules),
    )
    return tuple(f.rating_key for f in result.files) if isinstance(result, Matched) else result


def test_the_same_path_is_the_same_file() -> None:
    assert found("/v/a.mp4", plex=in_plex("/x/a.mp4", "/v/a.mp4")) == (2,)


def test_the_same_path_is_the_same_file_even_if_it_was_replaced() -> None:
    assert found("/v/a.mp4", plex=in_plex(("/v/a.mp4", 2000))) == (1,)


def test_the_mapped_path_goes_before_the_path_itself() -> None:
    plex = in_plex("/v/a.mp4", "/media/a.mp4")

    assert found("/v/a.mp4", plex=plex, rules="/v=/media") == (2,)


def test_where_the_mapped_path_is_not_in_plex_the_path_itself_counts() -> None:
    assert found("/v/a.mp4", plex=in_plex("/v/a.mp4"), rules="/v=/media") == (1,)


@pytest.mark.parametrize(
    ("stash", "plex"),
    [
        (r"\\srv\share\x\a.mp4", "//srv/share/x/a.mp4"),
        (r"D:\Clips\A.mp4", "d:/clips/a.mp4"),
        ("/v/Ame\u0301lie.mp4", "/v/Amélie.mp4"),
        ("/v//x///a.mp4", "/v/x/a.mp4"),
        ("/v/100%25;a,b'\".mp4", "/v/100%25;a,b'\".mp4"),
        ("/v/🎬 שלום.mp4", "/v/🎬 שלום.mp4"),
        ("/Volumes/V/Clip.mp4", "/volumes/v/clip.mp4"),
    ],
)
def test_two_spellings_of_a_path_match(stash: str, plex: str) -> None:
    assert found(stash, plex=in_plex(plex)) == (1,)


def test_one_path_in_two_libraries_gives_both_items() -> None:
    assert found("/v/a.mp4", plex=in_plex("/v/a.mp4", "/v/a.mp4")) == (1, 2)


def test_where_case_may_mean_something_the_exact_path_wins() -> None:
    assert found("/v/a.mp4", plex=in_plex("/v/A.mp4", "/v/a.mp4")) == (2,)


def test_where_case_may_mean_something_another_size_is_another_file() -> None:
    assert found("/v/a.mp4", plex=in_plex(("/v/A.mp4", 2000))) == NotInPlex()


def test_the_longest_common_end_wins() -> None:
    plex = in_plex("/plex/other/day/a.mp4", "/plex/some/day/a.mp4")

    assert found("/stash/some/day/a.mp4", plex=plex) == (2,)


def test_one_base_name_in_another_folder_is_not_enough() -> None:
    assert found("/v/x/a.mp4", plex=in_plex(("/p/y/a.mp4", None))) == NotInPlex()


def test_a_base_name_and_the_same_size_are_enough() -> None:
    assert found("/v/x/a.mp4", plex=in_plex("/p/y/a.mp4")) == (1,)


def test_another_size_is_another_file_however_much_the_paths_share() -> None:
    assert found("/v/x/y/a.mp4", plex=in_plex(("/p/x/y/a.mp4", 2000))) == NotInPlex()


def test_a_size_nobody_knows_speaks_against_nothing() -> None:
    assert found("/v/x/a.mp4", plex=in_plex(("/p/x/a.mp4", None))) == (1,)
    assert found("/v/x/a.mp4", plex=in_plex("/p/x/a.mp4"), size=None) == (1,)


def test_paths_that_share_as_much_are_told_apart_by_size() -> None:
    plex = in_plex(("/p/1/x/a.mp4", None), "/p/2/x/a.mp4", ("/p/3/x/a.mp4", 2000))

    assert found("/v/x/a.mp4", plex=plex) == (2,)


def test_what_nothing_tells_apart_is_ambiguous_and_named() -> None:
    plex = in_plex("/p/1/x/a.mp4", "/p/2/x/a.mp4")

    assert found("/v/x/a.mp4", plex=plex) == Ambiguous(("/p/1/x/a.mp4", "/p/2/x/a.mp4"))


def test_a_rule_helps_where_ends_alone_do_not() -> None:
    plex = in_plex("/p/1/x/a.mp4", "/p/2/x/a.mp4")

    assert found("/v/x/a.mp4", plex=plex, rules="/v=/p/2") == (2,)


def test_nothing_in_plex_is_not_in_plex() -> None:
    assert found("/v/a.mp4", plex=[]) == NotInPlex()
    assert found(plex=in_plex("/v/a.mp4")) == NotInPlex()


def test_any_of_a_scenes_files_will_do() -> None:
    plex = in_plex("/v/b.mp4", "/p/1/x/c.mp4", "/p/2/x/c.mp4")

    assert found("/v/a.mp4", "/v/b.mp4", "/v/x/c.mp4", plex=plex) == (1,)


def test_a_scene_whose_files_are_in_two_items_has_both() -> None:
    assert found("/v/a.mp4", "/v/b.mp4", plex=in_plex("/v/a.mp4", "/v/b.mp4")) == (1, 2)


def test_two_files_in_one_item_give_it_once_by_the_primary_file() -> None:
    first, second = (
        IndexedFile(RatingKey(1), SectionKey(1), path, 1000) for path in ("/v/a.mp4", "/v/b.mp4")
    )

    result = match(
        [SceneFile("/v/a.mp4", 1000), SceneFile("/v/b.mp4", 1000)],
        Shelf(first, second),
        PathMap(),
    )

    assert result == Matched((first,))


def test_of_a_thousand_namesakes_only_the_one_with_the_path_is_looked_at() -> None:
    plex = Shelf(*in_plex(*(f"/v/{folder}/video.mp4" for folder in range(1000))))

    result = match([SceneFile("/v/500/video.mp4", 1000)], plex, PathMap())

    assert isinstance(result, Matched)
    assert plex.handed_out == [1]


def test_an_item_that_still_has_the_file_is_confirmed() -> None:
    (matched,) = in_plex("/v/a.mp4")

    assert confirms(PlexItem(matched.rating_key, SectionKey(1), ("/x.mp4", "/v/a.mp4")), matched)
    assert not confirms(PlexItem(matched.rating_key, SectionKey(1), ("/v/b.mp4",)), matched)


folders = st.lists(st.sampled_from(["a", "A", "b", "c"]), min_size=1, max_size=4)
sizes = st.sampled_from([None, 1, 2])
plex_files = st.lists(st.tuples(folders, sizes), max_size=6)


@given(scene=folders, size=sizes, files=plex_files)
def test_a_match_is_one_path_and_never_one_whose_size_contradicts(
    scene: list[str], size: int | None, files: list[tuple[list[str], int | None]]
) -> None:
    plex = in_plex(*(("/" + "/".join([*parts, "x.mp4"]), known) for parts, known in files))
    path = "/" + "/".join([*scene, "x.mp4"])

    result = match([SceneFile(path, size)], Shelf(*plex), PathMap())

    if isinstance(result, Matched):
        paths = {file.path for file in result.files}
        assert len(paths) == 1
        if paths != {path}:
            assert all(None in (size, file.size) or size == file.size for file in result.files)
            assert len(path.split("/")) > 2 or size is not None

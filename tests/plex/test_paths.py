"""When two paths are one, and how the user's rules change them."""

import pytest

from plex.paths import FilePath, PathMap, base_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/media/a.mp4", "//media///a.mp4"),
        ("/media/./a.mp4", "/media/a.mp4"),
        ("/media/Ame\u0301lie.mp4", "/media/Amélie.mp4"),
        (r"\\srv\share\a.mp4", "//srv/share/a.mp4"),
        (r"D:\clips\a.mp4", "D:/clips/a.mp4"),
        (r"D:\Clips\A.MP4", "d:/clips/a.mp4"),
    ],
)
def test_two_spellings_of_one_path_are_one(one: str, other: str) -> None:
    left, right = FilePath.parse(one), FilePath.parse(other)

    assert left.identity == right.identity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/media/a.mp4", "/media/A.mp4"),
        ("/media/a%20b.mp4", "/media/a b.mp4"),
        (r"/media/a\b.mp4", "/media/a/b.mp4"),
        ("/media/a.mp4", "/media2/a.mp4"),
    ],
)
def test_different_paths_are_not(one: str, other: str) -> None:
    assert FilePath.parse(one).identity != FilePath.parse(other).identity


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/media/A Clip.MP4", "a clip.mp4"),
        (r"D:\clips\A.mp4", "a.mp4"),
        (r"\\srv\share\A.mp4", "a.mp4"),
        ("/media/Ame\u0301lie.mp4", "amélie.mp4"),
        ("/media/STRASSE.mp4", "strasse.mp4"),
        ("/media/Straße.mp4", "strasse.mp4"),
        ("/media/100%25 real.mp4", "100%25 real.mp4"),
        (r"/media/back\slash.mp4", r"back\slash.mp4"),
        ("a.mp4", "a.mp4"),
        ("", ""),
    ],
)
def test_the_base_name_is_the_key_of_the_index(path: str, name: str) -> None:
    assert base_name(path) == name


@pytest.mark.parametrize(
    ("rules", "path", "mapped"),
    [
        ("/data=/media", "/data/a.mp4", "/media/a.mp4"),
        ("/data/=/media/", "/data/x/a.mp4", "/media/x/a.mp4"),
        ("/data=/media", "/database/a.mp4", None),
        ("/data=/media", "/DATA/a.mp4", None),
        ("/data=/media;/data/hd=/hd", "/data/hd/a.mp4", "/hd/a.mp4"),
        ("/data/hd=/hd\n/data=/media", "/data/sd/a.mp4", "/media/sd/a.mp4"),
        (r"D:\clips=/media", r"d:\Clips\x\a.mp4", "/media/x/a.mp4"),
        (r"\\srv\share=/media", r"\\SRV\share\a.mp4", "/media/a.mp4"),
        (r"/media=\\srv\share", "/media/x/a.mp4", r"\\srv\share\x\a.mp4"),
        ("/media=M:/", "/media/x/a.mp4", "M:/x/a.mp4"),
        (r"/media=M:\ ", "/media/x/a.mp4", r"M:\x\a.mp4"),
        ("/=/mnt", "/a.mp4", "/mnt/a.mp4"),
        ("/data=/", "/data/x/a.mp4", "/x/a.mp4"),
        ("/Ame\u0301=/a", "/Amé/x.mp4", "/a/x.mp4"),
        ("/data=/media", "/data/Ame\u0301lie.mp4", "/media/Ame\u0301lie.mp4"),
        ("/a=b=/c", "/a/x.mp4", "b=/c/x.mp4"),
        ("", "/data/a.mp4", None),
        (" ; \n ", "/data/a.mp4", None),
    ],
)
def test_the_longest_rule_that_fits_whole_components_is_used(
    rules: str, path: str, mapped: str | None
) -> None:
    assert PathMap.parse(rules).apply(path) == mapped


@pytest.mark.parametrize("rules", ["/data", "/data=", "=/media", "/a=/b;oops"])
def test_a_malformed_rule_is_named(rules: str) -> None:
    wrong = rules.rpartition(";")[2]

    with pytest.raises(ValueError, match="is not a rule like /in/stash=/in/plex") as caught:
        PathMap.parse(rules)

    assert f'"{wrong}"' in str(caught.value)

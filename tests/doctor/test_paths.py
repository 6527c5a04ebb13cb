"""What is said of paths: how many meet, what to enter, and nothing of them if they are hidden."""

import logging
from typing import Any

import pytest

from stash.scrubber import Scrubber, ScrubbingFormatter
from tests.doctor.checkup import Checkup, check
from tests.stash.stumbling import stumble
from tests.world import World

SECRET_WORDS = ("Secret", "Hidden", "mnt", "stash2plex")


def add(world: World, ours: str, theirs: str, **facts: Any) -> int:
    """One file under two paths."""
    world.plex.add_item(theirs, 1000, world.section)
    files = [{"path": ours, "size": 1000}]
    return world.stash.add_scene(files=files, studio="Studio", **facts)


def in_other_places(world: World) -> None:
    """Twelve files that Plex sees elsewhere, with blanks in both paths."""
    for number in range(12):
        file = f"x/{number}.mp4"
        add(world, f"/Secret Clips/{file}", f"/mnt/Hidden Place/{file}", title=f"Title {number}")


def proposal(found: Checkup) -> str:
    """What to enter as path map; "" if there is nothing."""
    lines = [remedy for remedy in found.findings.values() if "Path map" in remedy]
    return lines[0] if lines else ""


def test_a_proposal_keeps_blanks_and_makes_every_file_meet(world: World) -> None:
    in_other_places(world)

    found = check(world)

    assert "Paths: 0 of 12 files are known to Plex under the same path" in found.findings
    assert found.remedy("Paths: 12 of 12 files would meet with another path map") == (
        "enter as Path map: /Secret Clips=/mnt/Hidden Place"
    )
    again = check(world, path_map="/Secret Clips=/mnt/Hidden Place")
    assert "Paths: 12 of 12 files are known to Plex under the same path" in again.findings
    assert again.wrong == []


def test_files_of_another_size_under_the_same_names_are_not_to_be_written_to(world: World) -> None:
    for number in range(1, 21):
        world.plex.add_item(f"/media/course/{number:02}.mp4", 2000 + number, world.section)
        files = [{"path": f"/data/series/{number:02}.mp4", "size": 1000 + number}]
        world.stash.add_scene(files=files, studio="Studio")

    found = check(world)

    assert found.wrong == [
        "Paths: no file of Stash is in Plex; Stash has /data/series/01.mp4, Plex has "
        "/media/course/01.mp4"
    ]


def test_a_path_map_that_only_does_harm_is_to_be_emptied(world: World) -> None:
    for number in range(12):
        world.add(str(number))

    found = check(world, path_map="/data=/nowhere")

    assert proposal(found) == "empty the setting Path map"


def test_a_path_map_that_cannot_be_understood_is_said_and_its_remedy_too(world: World) -> None:
    world.add("a", title="A")

    found = check(world, path_map="/data")

    assert found.remedy('path_map: "/data" is not a rule') == (
        "write each rule like /in/stash=/in/plex, with ; between two"
    )
    assert "Paths: 1 of 1 files are known to Plex under the same path" in found.findings


def test_hidden_paths_are_in_no_line_and_the_user_is_told_why(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    in_other_places(world)
    caplog.handler.setFormatter(ScrubbingFormatter(Scrubber(obfuscate_paths=True)))

    found = check(world, obfuscate_paths=True)

    assert found.remedy("Paths: 12 of 12 files would meet with another path map") == (
        "the line is hidden as all paths are: turn Hide paths in logs off and press Check Setup "
        "again to see it"
    )
    for word in SECRET_WORDS:
        assert word not in str(found)
        assert not any(word in line for line in lines(caplog))


TROUBLES: dict[str, dict[str, object]] = {
    "no rule": {"path_map": "/Secret Clips"},
    "no file in common": {},
    "no settings": {"plex_token": ""},
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_nor_are_they_when_something_is_wrong(
    world: World, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    caplog.handler.setFormatter(ScrubbingFormatter(Scrubber(obfuscate_paths=True)))
    world.stash.add_scene(files=[{"path": "/Secret Clips/a b.mp4"}], studio="S")
    world.plex.add_item("/mnt/Hidden Place/c d.mp4", 1, world.section)

    found = check(world, obfuscate_paths=True, **TROUBLES[trouble])

    assert found.wrong != []
    for word in SECRET_WORDS:
        assert word not in str(found)
        assert not any(word in line for line in lines(caplog))


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What went to Stash's log."""
    formatter = caplog.handler.formatter
    assert formatter is not None
    return [formatter.format(r) for r in caplog.records if r.levelno >= logging.INFO]


def test_files_that_only_stash_has_are_shown_beside_one_of_plex(world: World) -> None:
    world.add("ours", in_plex=False)
    world.plex.add_item("/data/theirs.mp4", 1, world.section)

    found = check(world)

    assert found.wrong == [
        "Paths: no file of Stash is in Plex; Stash has /data/ours.mp4, Plex has /data/theirs.mp4"
    ]
    assert "Example: none of the latest 1 described scenes is in Plex" in found.findings


def test_an_empty_stash_is_no_fault(world: World) -> None:
    world.plex.add_item("/data/a.mp4", 1, world.section)

    found = check(world)

    assert "Paths: Stash has no scene with a file yet" in found.findings
    assert found.summary == "all is well"


def test_an_empty_plex_is_said_once(world: World) -> None:
    world.add("a", in_plex=False)

    found = check(world)

    assert found.wrong == ["Library Scenes: 0 items in /data"]


def test_all_files_of_a_scene_and_all_versions_of_an_item_count(world: World) -> None:
    files = [{"path": f"/data/{name}.mp4", "size": 1000} for name in "abc"]
    world.stash.add_scene(files=files, studio="S")
    key = world.plex.add_item("/data/a.mp4", 1000, world.section)
    world.plex.add_part(key, "/data/b.mp4", 1000)

    found = check(world)

    assert "Paths: 2 of 3 files are known to Plex under the same path" in found.findings
    assert "Library Scenes: 1 items in /data" in found.findings


def test_a_scene_that_stash_cannot_read_is_said_and_the_others_are_compared(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = world.add("good", title="G"), world.add("bad")
    stumble(monkeypatch, world.stash, [bad], "files")

    found = check(world)

    (wrong,) = found.wrong
    assert wrong.startswith(f"Scenes: Stash cannot tell of 1 (scene {bad}: Stash cannot read it")
    assert "Paths: 1 of 1 files are known to Plex under the same path" in found.findings
    assert f'Example: scene {good} "G" is item {world.key(good)} in Plex' in found.findings


def test_the_example_is_told_as_the_proposed_path_map_would_have_it(world: World) -> None:
    in_other_places(world)
    theirs = "/mnt/Hidden Place/x/main.mp4"
    scene = add(world, "/Secret Clips/x/main.mp4", theirs, updated_at="2040-01-01T00:00:00Z")
    world.plex.add_item("/mnt/Copies/x/main.mp4", 1000, world.section)  # as good without a map

    found = check(world)

    key = world.plex.key_of(theirs)
    assert f'Example: scene {scene} "" is item {key} in Plex' in found.findings

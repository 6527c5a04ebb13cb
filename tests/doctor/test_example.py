"""The example: one scene, the latest that Plex has, and what a sync would do to it."""

import pytest

from tests.doctor.checkup import check
from tests.invocation.circumstances import record
from tests.world import World


def examples(world: World) -> list[str]:
    return [line for line in check(world).findings if line.startswith("Example")]


def synced(world: World, scene: int) -> None:
    """Let Plex show the scene."""
    record(world, scene)
    world.worker().drain()


def test_it_is_the_scene_that_was_edited_last_of_those_that_plex_has(world: World) -> None:
    world.add("old", title="Old", updated_at="2024-01-01T00:00:00Z")
    world.add("new", title="New", updated_at="2024-03-01T00:00:00Z")
    world.add("newest", in_plex=False, updated_at="2024-05-01T00:00:00Z")

    assert all(line.startswith('Example: scene 2 "New"') for line in examples(world))


def test_each_item_of_the_scene_is_named(world: World) -> None:
    more = world.plex.add_section("More", locations=("/data",))
    scene = world.add("a", title="A")
    other = world.plex.add_item("/data/a.mp4", 1000, more)

    assert examples(world)[:2] == [
        f'Example: scene {scene} "A" is item {world.plex.items()[0].key} in Plex',
        f'Example: scene {scene} "A" is item {other} in Plex',
    ]


def test_a_scene_that_plex_shows_already_would_not_be_written(world: World) -> None:
    scene = world.add("a", title="A")
    synced(world, scene)

    assert examples(world)[-1] == (
        f'Example: scene {scene} "A": a sync would write nothing, Plex shows it already'
    )


def test_an_item_of_another_scene_is_said_to_be_that_ones(world: World) -> None:
    first = world.add("a", title="A")
    key = world.key(first)
    world.plex.add_part(key, "/data/b.mp4", 1000)
    synced(world, first)
    files = [{"path": "/data/b.mp4", "size": 1000}]
    second = world.stash.add_scene("B", studio="S", files=files, updated_at="2040-01-01T00:00:00Z")

    assert examples(world) == [
        f'Example: scene {second} "B" would not be written: '
        f"its item in Plex belongs to scene {first}"
    ]


def test_an_item_that_plex_cannot_show_is_said(world: World) -> None:
    scene = world.add("a", title="A")
    world.plex.weather(500, path_prefix="/library/metadata")

    (line,) = examples(world)

    assert line.startswith(f'Example: scene {scene} "A" would not be written: ')


def test_of_a_stash_that_nobody_has_described_yet_there_is_none(world: World) -> None:
    world.add("a", title="A", studio=None)

    assert examples(world) == [
        "Example: no scene has tags, performers, a studio, details or a date yet"
    ]


def test_a_title_of_any_kind_stays_on_one_line(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.add("a", title='say "hi"\n\x01e\x02 boo\u2028')

    check(world)

    said = [r.getMessage() for r in caplog.records if r.name.startswith(("doctor", "worker"))]
    assert [line for line in said if len(line.splitlines()) != 1] == []

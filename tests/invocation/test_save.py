"""A save in Stash, told from start to end: the real script, real processes, real sockets."""

from tests.world import World, picture


def test_a_save_shows_in_plex_with_every_field_and_the_poster(world: World) -> None:
    scene = world.add("a", title="Old")

    result = world.save(
        scene,
        title="New title",
        details="First line\nsecond line",
        date="2020-05-17",
        rating100=85,
        studio="The Studio",
        performers=["Ann", "Bob"],
        tags=["outdoor", "blue"],
        cover=picture("poster"),
    )

    assert result.error is None
    world.until(lambda: world.shown(scene)["poster"] is not None)
    shown = world.shown(scene)
    assert shown["title"] == "New title"
    assert shown["summary"] == "First line\nsecond line"
    assert shown["date"] == "2020-05-17"
    assert shown["user_rating"] == 8.5
    assert shown["studio"] == "The Studio"
    assert shown["cast"] == ["Ann", "Bob"]
    assert shown["genres"] == ["outdoor", "blue"]
    assert shown["collections"] == ["The Studio"]
    world.until_drained()


def test_a_second_save_is_picked_up_by_the_process_that_lingers(world: World) -> None:
    scene = world.add("a", title="One")
    world.hook(scene)
    world.until(lambda: world.shown(scene)["title"] == "One")

    result = world.save(scene, title="Two")

    assert result.output == "recorded; background running"
    world.until(lambda: world.shown(scene)["title"] == "Two")

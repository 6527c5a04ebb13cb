"""What happens when the user has mended what only the user could."""

from tests.invocation.witness import answer_of
from tests.world import World


def test_once_the_settings_are_filled_in_the_next_save_shows(world: World) -> None:
    config = world.folder / "config.yml"
    config.write_text("as it was")
    settings, world.stash.settings = world.stash.settings, {}
    scene = world.add("a", title="One")
    world.hook(scene)
    world.until(lambda: (world.data_dir / "background.json").exists())
    world.until(lambda: not list(world.processes()))
    world.stash.settings = settings
    config.write_text("with the settings filled in")

    result = world.save(scene, title="Two")

    assert answer_of(result) == {"output": "recorded; background started"}
    world.until(lambda: world.shown(scene)["title"] == "Two")


def test_until_then_a_save_starts_nothing(world: World) -> None:
    (world.folder / "config.yml").write_text("as it was")
    world.stash.settings = {}
    scene = world.add("a", title="One")
    world.hook(scene)
    world.until(lambda: (world.data_dir / "background.json").exists())
    world.until(lambda: not list(world.processes()))

    result = world.save(scene, title="Two")

    assert answer_of(result) == {"output": "recorded; background held off"}

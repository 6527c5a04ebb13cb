"""Each setting of the page, set as the page sets it, and what that changes for the user."""

from collections.abc import Callable

import pytest
import yaml

from tests.invocation.settings_table import TABLE, Play, Seen, configure, forget
from tests.world import ROOT, World

Unset = Callable[[Play, str], Seen]


@pytest.fixture(scope="module")
def unset(tmp_path_factory: pytest.TempPathFactory) -> Unset:
    """What a play shows while a setting is unset; played once for all that are optional."""
    known: dict[tuple[Play, str], Seen] = {}

    def look(play: Play, setting: str) -> Seen:
        missing = setting if setting in ("plex_url", "plex_token") else ""
        if (play, missing) not in known:
            with World(tmp_path_factory.mktemp("unset") / "config") as world:
                forget(world, missing)
                known[play, missing] = play(world)
        return known[play, missing]

    return look


@pytest.mark.parametrize("setting", TABLE)
def test_a_setting_changes_what_its_row_says(world: World, unset: Unset, setting: str) -> None:
    row = TABLE[setting]
    forget(world, setting)
    configure(world, **{setting: world.plex.url if row.value is None else row.value})

    seen = row.play(world)

    assert seen[row.sees] == row.with_it
    assert unset(row.play, setting)[row.sees] == row.without
    assert row.without != row.with_it


def test_every_setting_has_its_row() -> None:
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))

    assert list(TABLE) == list(manifest["settings"])

"""Fifty saves at once right after the plugin was installed: there is nothing, not even bytecode."""

from pathlib import Path

import pytest

from tests.invocation.circumstances import installed_copy
from tests.invocation.test_fifty_hooks import FIFTY, at_once, fifty_scenes, titles
from tests.invocation.witness import Sampler, answer_of, rows, titles_shown
from tests.proof.oracle import unsettled
from tests.world import World

AGAIN = [pytest.param(number, marks=pytest.mark.proof) for number in range(1, 20)]


@pytest.fixture
def cold(world: World, tmp_path: Path) -> World:
    """Neither the data folder nor what it is to be in has been made yet."""
    world.script = installed_copy(tmp_path / "plugins" / "Stash2Plex")
    world.data_dir = tmp_path / "not" / "yet" / "there"
    return world


@pytest.mark.parametrize("_number", [0, *AGAIN])
def test_fifty_hooks_at_once_where_nothing_is_yet_bring_fifty_scenes_to_plex(
    cold: World, _number: int
) -> None:
    scenes = fifty_scenes(cold)
    env = {"STASH2PLEX_DATA_DIR": str(cold.data_dir), "PYTHONDONTWRITEBYTECODE": ""}

    with Sampler(cold) as sampler:
        answers = [answer_of(result)["output"] for result in at_once(cold, scenes, env)]
        cold.until(lambda: titles_shown(cold, scenes) == titles(scenes), within=60)
        cold.until(lambda: not unsettled(cold))

    done = {answer.partition(";")[0] for answer in answers}
    assert done <= {"recorded", "spooled"}
    assert sum(answer.endswith("; background started") for answer in answers) == 1
    assert sum(answer.endswith("; background running") for answer in answers) == FIFTY - 1
    assert (len(sampler.seen), sampler.most_holders) == (1, 1)
    assert cold.plex.count("PUT") == FIFTY
    assert rows(cold, "dead_letter", "id") == []
    assert not list(cold.data_dir.rglob("*damaged*"))

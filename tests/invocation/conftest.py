"""What the tests of the plugin as a process get beside the world."""

import pytest

from tests.invocation.circumstances import hold_off
from tests.world import World


@pytest.fixture
def quiet(world: World) -> World:
    """A world in which hooks record but start nothing."""
    hold_off(world)
    return world

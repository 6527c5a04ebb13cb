"""One process's connections: rebuilt when the settings change, and only then."""

from collections.abc import Iterator

import pytest

from domain.errors import BadSettings, StashUnavailable
from stash.connection import Connection
from tests.worker.stage import EventfulClock
from tests.world import World
from validation.config import Stash2PlexConfig
from worker.connector import Connector
from worker.services import SyncingPaused


@pytest.fixture
def told() -> list[Stash2PlexConfig]:
    """Every change of the settings that was told."""
    return []


@pytest.fixture
def connector(
    world: World, clock: EventfulClock, told: list[Stash2PlexConfig]
) -> Iterator[Connector]:
    connection = Connection.from_server(world.stash.connection(world.folder))
    connector = Connector(world.data_dir, connection, clock, told.append)
    yield connector
    connector.close()


def change_settings(world: World, **settings: object) -> None:
    world.stash.settings = {**world.stash.settings, **settings}


def test_settings_cost_one_request(world: World, connector: Connector) -> None:
    connector.read_settings()

    assert [r.operation for r in world.stash.requests] == ["version"]


def test_the_same_settings_keep_the_same_connections(connector: Connector) -> None:
    assert connector.services() is connector.services()


def test_other_settings_make_other_connections(world: World, connector: Connector) -> None:
    before = connector.services()

    change_settings(world, max_tags=7)

    assert connector.services() is not before
    assert connector.services().config.max_tags == 7


def test_a_change_of_the_settings_is_told_once(
    world: World, connector: Connector, told: list[Stash2PlexConfig]
) -> None:
    for _ in range(3):
        connector.read_settings()
    change_settings(world, debug_logging=True)
    for _ in range(3):
        connector.read_settings()

    assert [config.debug_logging for config in told] == [False, True]


def test_a_bad_value_is_warned_of_once_and_has_its_default(
    world: World, connector: Connector, caplog: pytest.LogCaptureFixture
) -> None:
    change_settings(world, max_tags=-1)

    for _ in range(3):
        assert connector.read_settings().max_tags == 100

    assert caplog.text.count("setting max_tags") == 1


def test_a_missing_token_stops_the_work_with_one_sentence(
    world: World, connector: Connector
) -> None:
    change_settings(world, plex_token="")

    with pytest.raises(BadSettings, match="plex_token is missing"):
        connector.services()


def test_settings_that_were_bad_and_are_mended_are_used(world: World, connector: Connector) -> None:
    token = world.stash.settings["plex_token"]
    change_settings(world, plex_token="")
    with pytest.raises(BadSettings):
        connector.services()

    change_settings(world, plex_token=token)

    assert connector.services().plex.sections()


def test_settings_that_become_bad_are_not_replaced_by_the_old_ones(
    world: World, connector: Connector
) -> None:
    connector.services()

    change_settings(world, plex_url="nonsense")

    for _ in range(2):
        with pytest.raises(BadSettings, match="plex_url"):
            connector.services()


def test_paused_syncing_connects_nothing(world: World, connector: Connector) -> None:
    change_settings(world, disabled=True)

    with pytest.raises(SyncingPaused):
        connector.services()


def test_a_stash_that_fails_keeps_the_connections_for_later(
    world: World, connector: Connector
) -> None:
    before = connector.services()
    world.stash.weather(503)
    with pytest.raises(StashUnavailable):
        connector.services()

    world.stash.weather("fine")

    assert connector.services() is before


def test_a_queue_that_was_replaced_is_opened_again(world: World, connector: Connector) -> None:
    before = connector.services()
    (world.data_dir / "queue" / "data.db").unlink()

    connector.open_queue()

    assert connector.services() is not before
    assert not connector.services().queue.db.was_replaced()


def test_a_queue_that_is_fine_stays_open(connector: Connector) -> None:
    before = connector.services()

    connector.open_queue()

    assert connector.services() is before


def test_a_damaged_queue_is_set_aside_for_whoever_wants_to_look(
    world: World, connector: Connector
) -> None:
    before = connector.services()

    connector.replace_queue()

    assert connector.services() is not before
    assert list((world.data_dir / "queue").glob("damaged-*.db"))
    assert (world.data_dir / "reconciliation.due").exists()

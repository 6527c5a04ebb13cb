"""The settings: what is taken, what is refused, and what the user is told."""

import pytest
from pydantic import ValidationError

from domain.errors import BadSettings
from validation.config import NEGATIONS, Stash2PlexConfig, load_config

REQUIRED = {"plex_url": "http://localhost:32400", "plex_token": "abcdefghijk"}


def config(**values: object) -> Stash2PlexConfig:
    return Stash2PlexConfig.model_validate(REQUIRED | values)


def loaded(**stored: object) -> Stash2PlexConfig:
    result = load_config(REQUIRED | stored)
    assert result.warnings == ()
    return result.config


def test_url_and_token_suffice() -> None:
    assert load_config(REQUIRED).config == config()


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("  http://plex:32400/ ", "http://plex:32400"),
        ("https://10-0-0-1.abc.plex.direct:32400", "https://10-0-0-1.abc.plex.direct:32400"),
        ("http://[::1]:32400//", "http://[::1]:32400"),
        ("HTTP://plex/sub/", "HTTP://plex/sub"),
    ],
)
def test_the_address_is_trimmed(typed: str, used: str) -> None:
    assert loaded(plex_url=typed).plex_url == used


@pytest.mark.parametrize(
    "typed",
    [
        "plex:32400",
        "192.168.1.10",
        "ftp://plex",
        "http://",
        "http://:32400",
        "http://plex:99999",
        "http://plex:port",
        "http://[::1",
        "http://plex 1:32400",
        "http://plex:32400/web/index.html#!/media",
        "http://plex:32400/?X-Plex-Token=abcdefghijk",
        "http://plex\x07:32400",
    ],
)
def test_what_is_no_address_is_refused_with_the_next_step(typed: str) -> None:
    with pytest.raises(BadSettings, match=r"^plex_url .*: enter the address .*Settings"):
        load_config(REQUIRED | {"plex_url": typed})


def test_a_token_within_the_address_is_not_repeated() -> None:
    with pytest.raises(BadSettings) as told:
        load_config(REQUIRED | {"plex_url": "http://plex:32400/?X-Plex-Token=abcdefghijk"})

    assert "abcdefghijk" not in str(told.value)


@pytest.mark.parametrize("setting", ["plex_url", "plex_token"])
@pytest.mark.parametrize("value", [None, "", "   ", False, 0])
def test_a_missing_address_or_token_is_named(setting: str, value: object) -> None:
    with pytest.raises(BadSettings, match=f"^{setting} is missing: enter .*Settings"):
        load_config(REQUIRED | {setting: value})


def test_the_token_is_trimmed() -> None:
    assert loaded(plex_token=" abcdefghijk\n").plex_token.get_secret_value() == "abcdefghijk"


@pytest.mark.parametrize("typed", ["my token", "tok\x00en", "tok\nen", "tökén"])
def test_a_token_that_no_header_can_hold_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(BadSettings, match=r"^plex_token must not contain") as told:
        load_config(REQUIRED | {"plex_token": typed})

    assert typed not in str(told.value)


def test_the_token_is_never_printed() -> None:
    assert "abcdefghijk" not in f"{config()!r} {config()} {load_config(REQUIRED)}"


def test_an_error_of_the_model_does_not_repeat_what_was_typed() -> None:
    with pytest.raises(ValidationError) as told:
        config(plex_token="secret token", plex_url=" secret")

    assert "secret" not in str(told.value)


@pytest.mark.parametrize("names", ["Films, Home Videos", " Films;Home Videos; ,Films"])
def test_libraries_are_separated_by_commas_or_semicolons(names: str) -> None:
    assert loaded(plex_library=names).plex_library == ("Films", "Home Videos")


def test_no_library_means_every_one_that_holds_movies() -> None:
    assert loaded(plex_library=" , ").plex_library == ()


@pytest.mark.parametrize("key", sorted(NEGATIONS))
@pytest.mark.parametrize("on", [True, 1, "true", "1", "on"])
def test_a_switch_that_says_skip_turns_syncing_off(key: str, on: object) -> None:
    assert getattr(loaded(**{key: on}), NEGATIONS[key]) is False


@pytest.mark.parametrize("key", sorted(NEGATIONS))
@pytest.mark.parametrize("off", [False, 0, "false", "0", "", None])
def test_what_is_not_skipped_is_synced(key: str, off: object) -> None:
    assert getattr(loaded(**{key: off}), NEGATIONS[key]) is True


def test_the_positive_name_of_a_negated_switch_is_no_setting() -> None:
    assert loaded(enabled=False, sync_title="no").sync_title is True


@pytest.mark.parametrize("unset", [None, "", " ", 0, 0.0, "0", False])
def test_numbers_and_texts_that_are_empty_or_zero_have_their_defaults(unset: object) -> None:
    settings = ("max_tags", "max_retries", "read_timeout", "reconcile_interval", "path_map")

    assert loaded(**dict.fromkeys(settings, unset)) == config()


def test_numbers_may_be_stored_as_text() -> None:
    settings = loaded(max_tags="250", max_retries=7.0, connect_timeout="2.5")

    assert (settings.max_tags, settings.max_retries, settings.connect_timeout) == (250, 7, 2.5)


@pytest.mark.parametrize(
    ("key", "value", "default"),
    [
        ("max_tags", 1001, "100"),
        ("max_tags", "many", "100"),
        ("max_retries", -1, "5"),
        ("max_retries", 2.5, "5"),
        ("connect_timeout", 61, "5.0"),
        ("read_timeout", "nan", "30.0"),
        ("reconcile_interval", "yearly", "'never'"),
        ("reconcile_scope", 7, "'24h'"),
        ("debug_logging", "perhaps", "False"),
        ("skip_tags", "perhaps", "False"),
        ("plex_library", 5, "()"),
    ],
)
def test_a_bad_optional_value_costs_a_warning_and_nothing_else(
    key: str, value: object, default: str
) -> None:
    result = load_config(REQUIRED | {key: value, "skip_poster": True})

    assert result.config == config(sync_poster=False)
    (warning,) = result.warnings
    assert warning.startswith(f"setting {key}: '{value}' must be")
    assert warning.endswith(f"its default {default} is used")


def test_two_bad_values_cost_two_warnings() -> None:
    assert len(load_config(REQUIRED | {"max_tags": -1, "read_timeout": "soon"}).warnings) == 2


def test_unknown_settings_are_ignored() -> None:
    assert loaded(strict_mode=True, model_config="x") == config()


@pytest.mark.parametrize("interval", ["never", "hourly", "daily", "Weekly"])
def test_intervals_are_known_in_any_case(interval: str) -> None:
    assert config(reconcile_interval=interval).reconcile_interval == interval.lower()


@pytest.mark.parametrize("scope", ["all", "24H", "7days"])
def test_scopes_are_known_in_any_case(scope: str) -> None:
    assert config(reconcile_scope=scope).reconcile_scope == scope.lower()


@pytest.mark.parametrize(
    "bad",
    [
        {"reconcile_interval": "yearly"},
        {"reconcile_interval": None},
        {"reconcile_scope": "1h"},
        {"max_tags": 0},
        {"max_retries": 51},
        {"connect_timeout": 0.4},
        {"read_timeout": 301},
        {"typo": 1},
    ],
)
def test_the_model_itself_refuses_bad_values(bad: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        config(**bad)


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError):
        config().max_tags = 3

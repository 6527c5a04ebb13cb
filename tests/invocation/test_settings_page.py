"""The page where the user sets everything, and the README that explains it.

Stash shows the settings in the order of their keys, each with its display name and description;
no default, no bounds and no choice but what the description says.
"""

import re
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from annotated_types import Ge, Le

from domain.errors import BadSettings
from tests.world import ROOT
from validation.config import NEGATIONS, REQUIRED, LoadedConfig, Stash2PlexConfig, load_config

MANIFEST: Mapping[str, Any] = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))
SETTINGS: Mapping[str, Mapping[str, str]] = MANIFEST["settings"]
NUMBERS = [key for key, setting in SETTINGS.items() if setting["type"] == "NUMBER"]

NOTHING = {"plex_library": "every library that holds movies", "path_map": "none"}
"""What it means if a text is empty, where that is the default."""

CHOICES = {
    "reconcile_interval": ("never", "hourly", "daily", "weekly"),
    "reconcile_scope": ("all", "24h", "7days"),
}

DEFAULT = re.compile(r"Default: (?P<default>[^(]+?)(?: \([^()]+\))?$")
BOUNDS = re.compile(r"\b(?P<least>[\d.]+) to (?P<most>[\d.]+)\b")


def loaded(**settings: object) -> LoadedConfig:
    return load_config({"plex_url": "http://plex:32400", "plex_token": "abcdefghijk", **settings})


def field_of(key: str) -> str:
    return NEGATIONS.get(key, key)


def default_of(key: str) -> str:
    """What is in force while a setting is unset, as a person says it."""
    if key in REQUIRED:
        return "required"
    value = getattr(loaded().config, field_of(key))
    if isinstance(value, bool):
        return "on" if value is (key == field_of(key)) else "off"
    return f"{value:g}" if isinstance(value, int | float) else value or NOTHING[key]


def bounds_of(key: str) -> tuple[float, float]:
    """The least and the most that the model takes."""
    limits = Stash2PlexConfig.model_fields[field_of(key)].metadata
    (least,) = (limit.ge for limit in limits if isinstance(limit, Ge))
    (most,) = (limit.le for limit in limits if isinstance(limit, Le))
    return float(least), float(most)  # type: ignore[arg-type]


def bounds_in(text: str) -> tuple[float, float]:
    """The least and the most that a description names."""
    found = BOUNDS.search(text)
    assert found, text
    return float(found["least"]), float(found["most"])


class TestThePage:
    @pytest.mark.parametrize("key", SETTINGS)
    def test_a_setting_has_a_name_and_a_description_for_people(self, key: str) -> None:
        name, text = SETTINGS[key]["displayName"], SETTINGS[key]["description"]

        for said in (name, text):
            assert said[0].isupper()
            assert "\n" not in said
            assert not re.search(r"[a-z]_[a-z]", said), "keys are not shown on the page"

    def test_no_two_settings_have_the_same_name(self) -> None:
        names = [setting["displayName"] for setting in SETTINGS.values()]

        assert len(set(names)) == len(names)

    @pytest.mark.parametrize("key", SETTINGS)
    def test_a_description_says_the_default_or_that_the_setting_is_required(self, key: str) -> None:
        text = SETTINGS[key]["description"]
        found = DEFAULT.search(text)

        if default_of(key) == "required":
            assert text.startswith("Required. ")
            assert found is None
        else:
            assert found
            assert found["default"] == default_of(key)

    @pytest.mark.parametrize("key", NUMBERS)
    def test_the_bounds_in_a_description_are_those_that_hold(self, key: str) -> None:
        least, most = bounds_in(SETTINGS[key]["description"])

        assert (least, most) == bounds_of(key)
        assert not loaded(**{key: least}).warnings
        assert not loaded(**{key: most}).warnings
        assert loaded(**{key: least / 2}).warnings
        assert loaded(**{key: most + 1}).warnings

    @pytest.mark.parametrize("key", NUMBERS)
    def test_a_number_says_that_the_zero_that_stash_shows_means_the_default(self, key: str) -> None:
        assert "(also if it shows 0)" in SETTINGS[key]["description"]

    @pytest.mark.parametrize("key", CHOICES)
    def test_a_description_names_every_choice_there_is(self, key: str) -> None:
        choices, text = CHOICES[key], SETTINGS[key]["description"]

        assert f"{', '.join(choices[:-1])} or {choices[-1]}" in text
        assert [str(getattr(loaded(**{key: one}).config, key)) for one in choices] == [*choices]
        (warning,) = loaded(**{key: "sometimes"}).warnings
        assert ", ".join(choices) in warning

    @pytest.mark.parametrize("key", ["reconcile_interval", "reconcile_scope"])
    def test_plan_16_what_and_how_often_to_reconcile_are_texts(self, key: str) -> None:
        assert SETTINGS[key]["type"] == "STRING"

    def test_all_that_leaves_a_field_alone_stands_together(self) -> None:
        order = sorted(SETTINGS)  # as Stash does
        fields = [key for key in NEGATIONS if key != "disabled"]

        places = [order.index(key) for key in fields]
        between = order[min(places) : max(places) + 1]
        assert all(key.startswith("skip_") for key in between)

    def test_what_is_required_stands_together_and_is_named_above_the_list(self) -> None:
        order = sorted(SETTINGS)

        first, second = sorted(order.index(key) for key in REQUIRED)
        assert second == first + 1
        for key in REQUIRED:
            assert SETTINGS[key]["displayName"] in MANIFEST["description"]

    def test_what_to_reconcile_follows_how_often(self) -> None:
        order = sorted(SETTINGS)

        assert order.index("reconcile_scope") == order.index("reconcile_interval") + 1


class TestWhatIsUnset:
    """Stash shows what was never touched as off, 0 or nothing, and can unset nothing."""

    @pytest.mark.parametrize("value", [None, "", "  ", 0, 0.0, "0", False])
    @pytest.mark.parametrize("key", [key for key in SETTINGS if key not in REQUIRED])
    def test_nothing_zero_and_off_are_the_default(self, key: str, value: object) -> None:
        assert loaded(**{key: value}) == loaded()

    @pytest.mark.parametrize("value", [None, "", "  ", 0, 0.0, "0", False])
    @pytest.mark.parametrize("key", REQUIRED)
    def test_nothing_is_missing_where_something_is_required(self, key: str, value: object) -> None:
        with pytest.raises(BadSettings, match=f"^{key} is missing"):
            loaded(**{key: value})


class TestTheReadme:
    @pytest.fixture
    def rows(self) -> list[list[str]]:
        """The cells of each row of its table of settings, the key first."""
        text = (ROOT / "README.md").read_text("utf-8")
        section = text.split("\n## Settings\n")[1].split("\n## ")[0]
        table = [line for line in section.splitlines() if line.startswith("|")]
        head, rule, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table]
        assert head == ["setting", "on the page", "what it does", "default"]
        assert rule == ["---"] * 4
        return [[re.sub(r"^`(\w+)`$", r"\1", key), *cells] for key, *cells in rows]

    @pytest.fixture
    def does(self, rows: list[list[str]]) -> dict[str, str]:
        """What each setting does, by its key."""
        return {key: text for key, _, text, _ in rows}

    def test_its_table_is_that_of_the_page(self, rows: list[list[str]]) -> None:
        assert [(key, name, default) for key, name, _, default in rows] == [
            (key, setting["displayName"], default_of(key)) for key, setting in SETTINGS.items()
        ]

    def test_it_says_of_each_setting_what_it_does(self, does: dict[str, str]) -> None:
        assert all(does.values())

    def test_the_bounds_are_those_that_hold(self, does: dict[str, str]) -> None:
        assert [bounds_in(does[key]) for key in NUMBERS] == [bounds_of(key) for key in NUMBERS]

    @pytest.mark.parametrize("key", CHOICES)
    def test_it_names_every_choice_there_is(self, does: dict[str, str], key: str) -> None:
        assert ", ".join(f"`{choice}`" for choice in CHOICES[key]) in does[key]

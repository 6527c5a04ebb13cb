"""The user's settings: what each may be, and how what Stash stores becomes one.

Stash shows a switch that was never touched as off, and cannot unset one that was (facts of
v0.24 to v0.30, ui/v2.5 SettingsPluginsPanel.tsx). So false, 0 and "" mean "default" here, and
a switch that is on by default is stored as its negation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from domain.errors import BadSettings

NEGATIONS: Mapping[str, str] = MappingProxyType(
    {
        "disabled": "enabled",
        "skip_title": "sync_title",
        "skip_sort_title": "sync_sort_title",
        "skip_studio": "sync_studio",
        "skip_summary": "sync_summary",
        "skip_date": "sync_date",
        "skip_rating": "sync_rating",
        "skip_performers": "sync_performers",
        "skip_tags": "sync_tags",
        "skip_collection": "sync_collection",
        "skip_poster": "sync_poster",
    }
)
"""Keys in Stash2Plex.yml that say the opposite of our field. All other keys are field names."""

REQUIRED: Mapping[str, str] = MappingProxyType(
    {
        "plex_url": "enter the address of your Plex server, such as http://192.168.1.10:32400,",
        "plex_token": "enter your Plex token",
    }
)
"""The settings without which nothing can be done, and what to do about them."""

WHERE = "in Settings > Plugins > Stash2Plex"

_BOOL = TypeAdapter(bool)


class Stash2PlexConfig(BaseModel):
    """What the user wants; every value is usable as it is.

    Attributes:
        plex_url: scheme, host and perhaps port and path; no slash at the end.
        plex_library: names of the libraries to sync; () for every one that holds movies.
        path_map: rules from Stash's paths to Plex's, as typed.
        max_tags: how many tags of a scene are written at most.
        max_retries: how many attempts a job has.
        connect_timeout: seconds.
        read_timeout: seconds.
        reconcile_interval: "never", "hourly", "daily" or "weekly".
        reconcile_scope: "all", "24h" or "7days".
    """

    # An error must not print what was typed: it may be the token.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    plex_url: str
    plex_token: SecretStr
    plex_library: tuple[str, ...] = ()
    path_map: str = ""
    enabled: bool = True
    sync_title: bool = True
    sync_sort_title: bool = True
    sync_studio: bool = True
    sync_summary: bool = True
    sync_date: bool = True
    sync_rating: bool = True
    sync_performers: bool = True
    sync_tags: bool = True
    sync_collection: bool = True
    sync_poster: bool = True
    collect_groups: bool = False
    preserve_plex_edits: bool = False
    trigger_plex_scan: bool = False
    hide_not_found: bool = False
    dry_run: bool = False
    obfuscate_paths: bool = False
    debug_logging: bool = False
    max_tags: Annotated[int, Field(ge=1, le=1000)] = 100
    max_retries: Annotated[int, Field(ge=1, le=50)] = 5
    connect_timeout: Annotated[float, Field(ge=0.5, le=60)] = 5.0
    read_timeout: Annotated[float, Field(ge=1, le=300)] = 30.0
    reconcile_interval: str = "never"
    reconcile_scope: str = "24h"

    @field_validator("plex_url", mode="after")
    @classmethod
    def validate_plex_url(cls, url: str) -> str:
        """An address that paths can be appended to."""
        url = url.strip().rstrip("/")
        try:
            parts = urlsplit(url)
            _ = parts.port  # read to have it checked
        except ValueError:
            raise ValueError("is not an address") from None
        if parts.scheme not in ("http", "https"):
            raise ValueError("must begin with http:// or https://")
        if not parts.hostname or not _is_printable_ascii(url):
            raise ValueError("must contain a host name, and neither blanks nor special characters")
        if parts.query or parts.fragment:
            raise ValueError("must end with the port, without the rest of a web page's address")
        return url

    @field_validator("plex_token", mode="after")
    @classmethod
    def validate_plex_token(cls, token: SecretStr) -> SecretStr:
        """A token that can stand in a header."""
        text = token.get_secret_value().strip()
        if not text:
            raise ValueError("must not be empty")
        if not _is_printable_ascii(text):
            raise ValueError("must not contain blanks or special characters")
        return SecretStr(text)

    @field_validator("plex_library", mode="before")
    @classmethod
    def validate_plex_library(cls, names: object) -> object:
        """Names, as a list or separated by commas or semicolons."""
        if isinstance(names, str):
            stripped = (name.strip() for name in names.replace(";", ",").split(","))
            return tuple(dict.fromkeys(filter(None, stripped)))
        return names

    @field_validator("reconcile_interval", mode="before")
    @classmethod
    def validate_reconcile_interval(cls, interval: object) -> str:
        """One of the known intervals, in any case."""
        return _one_of(("never", "hourly", "daily", "weekly"), interval)

    @field_validator("reconcile_scope", mode="before")
    @classmethod
    def validate_reconcile_scope(cls, scope: object) -> str:
        """One of the known scopes, in any case."""
        return _one_of(("all", "24h", "7days"), scope)


def _one_of(valid: tuple[str, ...], value: object) -> str:
    if isinstance(value, str) and value.strip().lower() in valid:
        return value.strip().lower()
    raise ValueError(f"must be one of {', '.join(valid)}")


def _is_printable_ascii(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


@dataclass(frozen=True, slots=True)
class LoadedConfig:
    """The settings, and what the user should know about them.

    Attributes:
        warnings: one sentence per setting that could not be used and has its default instead.
    """

    config: Stash2PlexConfig
    warnings: tuple[str, ...]


def load_config(raw: Mapping[str, object]) -> LoadedConfig:
    """Read what Stash stores for the plugin; keys that are not settings are ignored.

    Raises:
        BadSettings: plex_url or plex_token is missing or malformed.
    """
    fields = {field: value for key in raw for field, value in _field(key, raw[key])}
    problems = _problems(fields)
    for setting, to_do in REQUIRED.items():
        if problem := problems.get(setting):
            raise BadSettings(f"{setting} {problem}: {to_do} {WHERE}")
    usable = {field: value for field, value in fields.items() if field not in problems}
    config = Stash2PlexConfig.model_validate(usable)
    return LoadedConfig(config, tuple(_warning(field, problems[field], raw) for field in problems))


def _field(key: str, value: object) -> list[tuple[str, Any]]:
    """The field that a stored setting sets, if any, and to what."""
    field = NEGATIONS.get(key, key)
    if field not in Stash2PlexConfig.model_fields or (key == field and key in NEGATIONS.values()):
        return []
    if not value or str(value).strip() in ("", "0", "0.0"):
        return []
    return [(field, value if field == key else _negation(value))]


def _negation(value: object) -> object:
    try:
        return not _BOOL.validate_python(value)
    except ValidationError:
        return value  # the model says what is wrong with it


def _problems(fields: Mapping[str, object]) -> dict[str, str]:
    """What is wrong, by field."""
    try:
        Stash2PlexConfig.model_validate(fields)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return {str(one["loc"][0]): _in_our_words(one["type"], one["msg"]) for one in found}
    return {}


def _in_our_words(kind: str, message: str) -> str:
    if kind == "missing":
        return "is missing"
    return message.removeprefix("Value error, ").replace("Input should", "must")


def _warning(field: str, problem: str, raw: Mapping[str, object]) -> str:
    key = next((key for key, negated in NEGATIONS.items() if negated == field), field)
    default = Stash2PlexConfig.model_fields[field].default
    taken = repr(default if key == field else not default)
    return f"setting {key}: {str(raw[key])[:40]!r} {problem}; its default {taken} is used"

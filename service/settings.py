"""Every setting: name, default, check and help; read once, when the service starts.

A setting comes from `HER2_<NAME>` in the environment, else from the TOML file that `HER2_CONFIG`
names, else it has its default. An empty variable counts as not set.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, validate
from marshmallow import fields as checks

from service.core.errors import SettingsError
from service.settings_sources import read_sources
from service.usecases.exchange.source import Source

PREFIX = "HER2_"
FILE = "HER2_CONFIG"


def _canonical_base(value: str) -> None:
    parts = urlsplit(value)
    plain = not (parts.query or parts.fragment or value.endswith("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain:
        raise ValidationError("Must be an absolute http(s) URL without a slash at its end.")


def _file_or_empty(value: str) -> None:
    if value and not Path(value).is_file():
        raise ValidationError("Must be the path of a file that exists, or empty.")


class _Whole(checks.Integer):
    """A whole number: 80 or "80", never 80.5 cut short."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **more: Any) -> int:
        if isinstance(value, float):
            raise self.make_error("invalid")
        return super()._deserialize(value, attr, data, **more)


def _setting(default: Any, check: checks.Field[Any], help: str, secret: bool = False) -> Any:
    return field(default=default, repr=not secret, metadata={"check": check, "help": help})


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. `Settings()` is the service as it comes."""

    jurisdiction: str = _setting(
        "us",
        checks.String(validate=validate.OneOf(["us", "eu", "cn"])),
        "Label region of the suggestions where the caller names none: us, eu or cn.",
    )
    canonical_base: str = _setting(
        "https://her2.example/fhir",
        checks.String(validate=_canonical_base),
        "Canonical base of the profiles, code systems and identifiers we define.",
    )
    max_body_bytes: int = _setting(
        5_242_880,
        _Whole(validate=validate.Range(min=1024, max=1_073_741_824)),
        "Largest request body, in bytes, also after gzip is undone; larger ones get 413.",
    )
    concept_map: str = _setting(
        "",
        checks.String(validate=_file_or_empty),
        "Path of a ConceptMap from local codes to those we know; empty: none.",
    )
    database_url: str = _setting(
        "sqlite:///her2.db",
        checks.String(validate=validate.Regexp(r"^(sqlite|postgresql)(\+\w+)?://\S*\Z")),
        "SQLAlchemy URL of the store, SQLite or PostgreSQL.",
        secret=True,  # it may hold a password
    )
    api_token: str = _setting(
        "",
        checks.String(validate=validate.Regexp(r"^([\w.~+/-]{32,}=*)?\Z", re.ASCII)),
        "Secret that callers send as `Authorization: Bearer`: 32 or more letters, digits and "
        "-._~+/ (RFC 6750). Empty: no authentication, and only a loopback address is served.",
        secret=True,
    )
    host: str = _setting(
        "127.0.0.1",
        checks.String(validate=validate.Regexp(r"^[\w.:-]+\Z")),
        "Address to listen on. One that is not loopback needs `api_token`.",
    )
    port: int = _setting(
        8080, _Whole(validate=validate.Range(min=1, max=65535)), "Port to listen on."
    )
    workers: int = _setting(2, _Whole(validate=validate.Range(min=1, max=128)), "Worker processes.")
    deliver: bool = _setting(
        True,
        checks.Boolean(),
        "Whether `her2 serve` runs the delivery worker too; without sources it has nothing to do.",
    )
    park_after_hours: int = _setting(
        24,
        _Whole(validate=validate.Range(min=1, max=8760)),
        "Hours after which what a server did not take waits for a person (`her2 status`).",
    )
    sweep_minutes: int = _setting(
        15,
        _Whole(validate=validate.Range(min=1, max=1440)),
        "Minutes between searches of each source for what no notice told.",
    )
    log_level: str = _setting(
        "info",
        checks.String(validate=validate.OneOf(["debug", "info", "warning", "error"])),
        "debug, info, warning or error; requests are logged at info.",
    )
    #: From the file alone: [sources.NAME].
    sources: tuple[Source, ...] = ()


SOURCES = "sources"
NAMES = tuple(f.name for f in fields(Settings) if f.name != SOURCES)
_STATED = tuple(f for f in fields(Settings) if f.name != SOURCES)
_Checked = Schema.from_dict({f.name: f.metadata["check"] for f in _STATED})


def read_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings that the environment and its file state.

    Raises SettingsError for an unknown name (with the nearest known one), a value that does not
    fit (never repeating it: it may be a secret), or a file that cannot be read.
    """
    stated = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    _refuse_unknown(stated, [PREFIX + name.upper() for name in NAMES] + [FILE], "variable")
    given = _from_file(stated[FILE]) if stated.get(FILE) else {}
    given |= {
        name: stated[PREFIX + name.upper()] for name in NAMES if stated.get(PREFIX + name.upper())
    }
    sources = read_sources(given.pop(SOURCES, {}))
    try:
        return Settings(**_Checked().load(given), sources=sources)
    except ValidationError as error:
        raise SettingsError(_sentences(error.messages_dict)) from None


def _from_file(name: str) -> dict[str, Any]:
    try:
        given = tomllib.loads(Path(name).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{FILE}: {name} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{FILE}: {name} is not TOML in UTF-8 ({error}).") from None
    _refuse_unknown(given, [*NAMES, SOURCES], f"key in {name}")
    return given


def _refuse_unknown(given: Mapping[str, object], known: Sequence[str], kind: str) -> None:
    for name in sorted(given.keys() - set(known)):
        near = get_close_matches(name, known, n=1, cutoff=0.0)
        raise SettingsError(f"{name} is not a known setting ({kind}). Did you mean {near[0]}?")


def _sentences(messages: Mapping[str, Any]) -> str:
    """What is wrong with each value, by both its names, without the value."""
    helps = {f.name: f.metadata["help"] for f in _STATED}
    return "\n".join(
        f"{name} ({PREFIX}{name.upper()}): {' '.join(said)} {helps[name]}"
        for name, said in sorted(messages.items())
    )

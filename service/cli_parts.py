"""What the commands share: the settings, and how a wrong one or a missing database is told."""

from __future__ import annotations

import json

import click

from service.adapters.store.schema import upgrade
from service.core.errors import SettingsError, StoreUnavailable
from service.settings import Settings, read_settings


class SettingsRefused(click.ClickException):
    """A setting is wrong: one sentence and exit code 2."""

    exit_code = 2


class StoreRefused(click.ClickException):
    """The database cannot be used: one sentence without its address, and exit code 1."""


def settings_in_force() -> Settings:
    """As the environment and its file state them; SettingsRefused."""
    try:
        return read_settings()
    except SettingsError as error:
        raise SettingsRefused(str(error)) from None


def upgraded(settings: Settings) -> str:
    """The step at which the database stands, once it was brought up to date; StoreRefused."""
    try:
        return upgrade(settings.database_url)
    except StoreUnavailable as unavailable:
        raise StoreRefused(f"{unavailable} HER2_DATABASE_URL says which it is.") from None


def issues_in(outcome: str) -> list[str]:
    """The sentences of a server's OperationOutcome, for who asked; all of it where it is none that
    we know (a long one is kept cut). They may name a patient: they are printed, logged nowhere."""
    try:
        issues = json.loads(outcome)["issue"] if outcome else []
        return [(i.get("details") or {}).get("text") or i.get("diagnostics") or "" for i in issues]
    except (ValueError, TypeError, KeyError, AttributeError):
        return [outcome]

"""The tables brought up to date, and whether they are."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, func, select

from service.adapters.store.engine import engine_of, writing
from service.adapters.store.trouble import plainly
from service.core.errors import StoreUnavailable

_SCRIPTS = files("service.adapters.migrations")
#: The lock under which one process at a time upgrades a PostgreSQL database.
_UPGRADING = 4_832_501
_NEWER = "The database is of a newer version of the service than this one."
_OLDER = "The database is not of this version of the service: run `her2 db upgrade`."


def upgrade(url: str) -> str:
    """Take every step that is still to do, in one transaction; returns the step it stands at.

    Raises StoreUnavailable where the database is not there, or of a newer version.
    """
    with plainly():
        engine = engine_of(url)
        try:
            return _upgraded(engine)
        except CommandError:
            raise StoreUnavailable(_NEWER) from None
        finally:
            engine.dispose()


def _upgraded(engine: Engine) -> str:
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_UPGRADING)))
        command.upgrade(_config(connection), "head")
        return _stands_at(connection) or ""


def trouble(engine: Engine) -> str:
    """Why a database cannot be used, a sentence for who runs the service; empty when it can."""
    try:
        with plainly(), engine.connect() as connection:
            stands = _stands_at(connection)
    except StoreUnavailable as unavailable:
        return str(unavailable)
    steps = _steps()
    if not stands or stands in steps[1:]:
        return _OLDER
    return "" if stands == steps[0] else _NEWER


@cache
def _steps() -> tuple[str, ...]:
    """Every step that this version knows, the newest first."""
    scripts = ScriptDirectory(str(_SCRIPTS))
    return tuple(script.revision for script in scripts.walk_revisions())


def _stands_at(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config

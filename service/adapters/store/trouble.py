"""A database that cannot be used, told without its address, its statements or their values."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    ArgumentError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    TimeoutError,
)

from service.core.errors import StoreUnavailable

#: What PostgreSQL says of a database that was not upgraded; SQLite's is an OperationalError.
_NOT_CURRENT = ("UndefinedTable", "UndefinedColumn")


@contextmanager
def plainly() -> Iterator[None]:
    """Raises StoreUnavailable where the database is not there, not ours, or too busy."""
    try:
        yield
    except ArgumentError:
        text = "HER2_DATABASE_URL names a kind of database or driver that is not known here."
        raise StoreUnavailable(text) from None
    except (OperationalError, InterfaceError, TimeoutError) as error:
        raise StoreUnavailable(f"The database cannot be used ({_name(error)}).") from None
    except ProgrammingError as error:
        if _name(error) not in _NOT_CURRENT:
            raise
        raise StoreUnavailable(f"The database cannot be used ({_name(error)}).") from None


def _name(error: Exception) -> str:
    """The driver's name for it, which names no address."""
    return type(getattr(error, "orig", None) or error).__name__

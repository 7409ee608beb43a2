"""The store that the record is kept in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import Connection, Engine

from service.adapters.store.change import Change, OptimisticChange
from service.adapters.store.desk import SqlDesk
from service.adapters.store.engine import WRITES, engine_of
from service.adapters.store.look import Look
from service.adapters.store.removing import prune
from service.adapters.store.schema import trouble
from service.adapters.store.trouble import plainly
from service.core.audit import Audit
from service.usecases.record.removal import Removed


class SqlStore:
    """The Store of the port over one database."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = engine_of(url)
        self.desk = SqlDesk(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Look]:
        """A consistent look."""
        with plainly(), self._connected("REPEATABLE READ") as connection:
            yield Look(connection)

    @contextmanager
    def changing(self, keys: Collection[str], alone: bool) -> Iterator[Change]:
        """A look for a change; what `apply` keeps is kept when the block ends, or before."""
        with plainly(), self._changing(keys, alone) as change:
            yield change

    @contextmanager
    def _changing(self, keys: Collection[str], alone: bool) -> Iterator[Change]:
        on_sqlite = self.engine.dialect.name == "sqlite"
        if on_sqlite and not alone:
            with self.engine.connect() as connection:
                yield OptimisticChange(connection, keys)
            return
        with self.engine.connect() as connection:
            if on_sqlite:
                connection = connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield Change(connection, keys)

    @contextmanager
    def _connected(self, isolation: str) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if self.engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level=isolation)
            yield connection

    def prune(self, before: datetime, told: Audit) -> Iterator[Removed]:
        """Remove what no longer stood at a time: how much, after each of many transactions."""
        with plainly():
            yield from prune(self.engine, before, told)

    def trouble(self) -> str:
        """Why the record cannot be used, a sentence for who runs the service; empty when it can."""
        return trouble(self.engine)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()

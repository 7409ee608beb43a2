"""The database engine: SQLite with safe settings, or PostgreSQL, by one URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

#: How long a writer waits for another one before it gives up, in seconds.
PATIENCE = 30
#: Seconds in which PostgreSQL must be reached.
REACHED_WITHIN = 5
#: Execution option of a transaction on SQLite that is to write: it has the file to itself.
WRITES = "her2_writes"


def engine_of(url: str) -> Engine:
    """An engine that connects when it is first used.

    SQLite keeps a write-ahead log, so that readers never wait, and forces every commit to disk
    (`synchronous=FULL`): what was acknowledged survives a power failure. Each of our transactions
    begins itself, deferred or immediate: the driver's own habit of beginning late breaks both.
    """
    if url.startswith("sqlite"):
        engine = create_engine(url, connect_args={"timeout": PATIENCE}, hide_parameters=True)
        event.listen(engine, "connect", _settle)
        event.listen(engine, "begin", _begin)
        return engine
    if url.startswith("postgresql://"):
        url = url.replace("postgresql://", "postgresql+psycopg://", 1)
    return create_engine(
        url,
        connect_args={"connect_timeout": REACHED_WITHIN},
        hide_parameters=True,  # an error's text must not repeat what was sent
        pool_pre_ping=True,
        pool_size=8,
        max_overflow=8,
    )


def _settle(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for said in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {said}")
    cursor.close()


def _begin(connection: Any) -> None:
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is to write."""
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection = connection.execution_options(**{WRITES: True})
        with connection.begin():
            yield connection

"""The desk: where the exchange with other servers is kept, beside the record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from service.adapters.store.desk_notices import NoticeDesk
from service.adapters.store.desk_outbox import OutboxDesk
from service.adapters.store.desk_sources import SourceDesk
from service.adapters.store.engine import writing
from service.adapters.store.trouble import plainly


class SqlDesk(NoticeDesk, OutboxDesk, SourceDesk):
    """The Desk of the port over one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._prefixes: dict[str, str] = {}

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with plainly(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with plainly(), writing(self._engine) as connection:
            yield connection

"""What the parts of the desk share: a connection to read with, and one to write with."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, Table, and_, select, update

from service.adapters.store.rows import microseconds


class Connected:
    """To be given its connections."""

    _prefixes: dict[str, str]

    def _reading(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def _writing(self) -> AbstractContextManager[Connection]:
        raise NotImplementedError

    def _claimed(
        self,
        table: Table,
        met: ColumnElement[bool],
        order: ColumnElement[Any],
        now: datetime,
        lease: timedelta,
        limit: int,
    ) -> list[Any]:
        """Rows that are due, for the caller alone until the lease ends, each with its claim.

        Rows that another worker is claiming at this moment are left to it, not waited for.
        """
        claim = str(uuid4())
        at = microseconds(now)
        keys = list(table.primary_key.columns)
        free = and_(met, table.c.due <= at, table.c.claimed_until <= at)
        with self._reading() as connection:  # an idle worker never asks for the write lock
            if connection.execute(select(*keys).where(free).limit(1)).first() is None:
                return []
        with self._writing() as connection:
            wanted = select(*keys).where(free).order_by(order).limit(limit)
            chosen = connection.execute(wanted.with_for_update(skip_locked=True)).all()
            rows = []
            for row in chosen:
                mine = and_(*(k == v for k, v in zip(keys, row, strict=True)))
                until = microseconds(now + lease)
                taken = (
                    update(table)
                    .where(mine)
                    .values(claim=claim, claimed_until=until)
                    .returning(*table.columns)
                )
                rows.append(connection.execute(taken).one())
        return rows
